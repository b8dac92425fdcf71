// Goal: a peer outside the estate tells people by its own mail that a server is silent, that another one
// answers in its place, or that it answers and tells nobody, and says "ok" only when it was seen well;
// where it pings, its silence and its own trouble show at the server.
// Method: the real server over TLS, the real peer, a real SMTP server and a listener for pings, all on
// this machine and on ports of their own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import type net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { type RunningPeer, startPeer } from '../../src/main/peer/start-peer.ts';
import { startServer, type RunningServer } from '../../src/main/server/server.ts';
import { judgeServer, ServerWatch } from '../../src/watch/core/peer/judge-server.ts';
import { tellSchema } from '../../src/wire/tell-config.ts';
import { until } from './agent-double.ts';

interface Mailbox {
  readonly port: number;
  readonly subjects: string[];
  isTaking: boolean;
  tries: number;
}

async function mailbox(t: TestContext): Promise<Mailbox> {
  const box = { port: 0, subjects: [] as string[], isTaking: true, tries: 0 };
  const server = new SMTPServer({
    ...{ authOptional: true, disableReverseLookup: true, disabledCommands: ['STARTTLS'] },
    onMailFrom(_from, _session, done) {
      box.tries += 1;
      done(box.isTaking ? null : Object.assign(new Error('not now'), { responseCode: 451 }));
    },
    onData(stream, _session, done) {
      let text = '';
      stream.on('data', (part: Buffer) => (text += part.toString('utf8')));
      stream.on('end', () => {
        box.subjects.push(/^Subject: (.*)$/m.exec(text)?.[1] ?? '');
        done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())));
  box.port = (server.server.address() as net.AddressInfo).port;
  return box;
}

async function pingsTaken(t: TestContext): Promise<{ url: string; taken: string[] }> {
  const taken: string[] = [];
  const server = http.createServer((request, response) => {
    taken.push(request.url ?? '');
    response.end('OK');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as net.AddressInfo;
  return { url: `http://127.0.0.1:${port}/ping/holdfast-server`, taken };
}

/** Removed when all has ended: `after` of a test runs in order, and what is closed later writes into it. */
const directories: string[] = [];
after(() => {
  for (const directory of directories) fs.rmSync(directory, { recursive: true });
});

function scratch(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-peer-'));
  directories.push(directory);
  return directory;
}

const nothing = (): void => undefined;

function serverIn(stateDirectory: string, port = 0): Promise<RunningServer> {
  return startServer({
    ...{ stateDirectory, config: {}, configFile: undefined, url: undefined, log: nothing },
    ...{ listen: { host: '127.0.0.1', port }, clock: nodeClock() },
    onBug: (error) => assert.fail(String(error)),
  });
}

async function peerOf(
  t: TestContext,
  of: {
    readonly watches: string;
    readonly mail: Mailbox;
    readonly says?: string;
    readonly state?: string;
  },
): Promise<RunningPeer> {
  const { watches, mail, says, state = scratch() } = of;
  const peer = await startPeer({
    ...{ peer: { watches, says }, clock: nodeClock(), log: nothing, everyMs: 50 },
    tell: tellSchema.parse({
      delay: { unknown: '1min' },
      channels: {
        mail: {
          ...{ kind: 'smtp', server: `127.0.0.1:${mail.port}`, tls: 'none' },
          ...{ sender: 'peer@example.org', to: 'ann@example.org' },
        },
      },
    }),
    ...{ configDirectory: os.tmpdir(), stateDirectory: state },
    onBug: (error) => assert.fail(String(error)),
  });
  t.after(() => peer.close());
  return peer;
}

const addressOf = ({ at, pin }: RunningServer): string => `https://127.0.0.1:${at.port}#${pin}`;

test('a server that ends is told of by mail of the peer, and its return too; pings stop meanwhile', async (t) => {
  const mail = await mailbox(t);
  const { url, taken } = await pingsTaken(t);
  const state = scratch();
  let server = await serverIn(state);
  const watches = addressOf(server);
  const { port } = server.at;
  await peerOf(t, { watches, mail, says: url });
  await until(() => taken.length >= 3);
  assert.deepEqual([...new Set(taken)], ['/ping/holdfast-server']);
  assert.deepEqual(mail.subjects, [], 'nothing to say of a server that is up');
  await server.close();
  await until(() => mail.subjects.length === 1);
  const pinged = taken.length;
  assert.match(mail.subjects.join('; '), new RegExp(`^failed: server 127.0.0.1:${port}`));
  server = await serverIn(state, port);
  t.after(() => server.close());
  await until(() => mail.subjects.length === 2);
  assert.match(mail.subjects.join('; '), /; ok: server 127\.0\.0\.1/);
  await until(() => taken.length > pinged);
});

test('one that answers with another key is not the server', async (t) => {
  const mail = await mailbox(t);
  const { url, taken } = await pingsTaken(t);
  const server = await serverIn(scratch());
  t.after(() => server.close());
  const other = Buffer.alloc(32, 7).toString('base64url');
  await peerOf(t, { watches: `https://127.0.0.1:${server.at.port}#${other}`, mail, says: url });
  await until(() => mail.subjects.length === 1);
  assert.match(mail.subjects[0] ?? '', /^failed: server/);
  assert.deepEqual(taken, [], 'what was not seen well is not said to be');
});

test('a peer that watches another server now ends what it told of the one before, and not as well', async (t) => {
  const mail = await mailbox(t);
  const state = scratch();
  const server = await serverIn(scratch());
  const watches = addressOf(server);
  await server.close();
  const before = await peerOf(t, { watches, mail, state });
  await until(() => mail.subjects.length === 1);
  await before.close();
  const other = await serverIn(scratch());
  t.after(() => other.close());
  const after = await peerOf(t, { watches: addressOf(other), mail, state });
  // Ended before it had kept the answer, the first mail comes again: what counts is how it ends.
  const ends = (): readonly string[] =>
    mail.subjects.filter((subject) =>
      subject.startsWith(`no longer watched: server 127.0.0.1:${server.at.port}`),
    );
  await until(() => ends().length > 0);
  await after.close();
  assert.ok(!mail.subjects.some((subject) => subject.startsWith('ok:')));
});

test('a server that answers and tells nobody is not up', async (t) => {
  const mail = await mailbox(t);
  const server = await serverIn(scratch());
  t.after(() => server.close());
  await peerOf(t, { watches: addressOf(server), mail });
  const set = nothing;
  Object.defineProperty(server.served.noted, 'toldAtMs', { get: () => -1e9, set });
  await until(() => mail.subjects.length === 1);
  assert.match(mail.subjects[0] ?? '', /^failed: server/);
});

test('a peer whose own mail is not taken says so where it pings, until it is taken', async (t) => {
  const mail = await mailbox(t);
  const { url, taken } = await pingsTaken(t);
  mail.isTaking = false;
  const state = scratch();
  const server = await serverIn(state);
  const watches = addressOf(server);
  await server.close();
  await peerOf(t, { watches, mail, says: url });
  await until(() => mail.tries > 0);
  const again = await serverIn(state, server.at.port);
  t.after(() => again.close());
  await until(() => taken.length > 0);
  assert.deepEqual([...new Set(taken)], ['/ping/holdfast-server/fail']);
  mail.isTaking = true;
  await until(() => taken.includes('/ping/holdfast-server'));
  await until(() => mail.subjects.length === 2);
  assert.deepEqual(
    mail.subjects.map((subject) => subject.split(':')[0]),
    ['failed', 'ok'],
  );
});

test('one look alone moves nothing, two do; since is of the first', () => {
  const watch = new ServerWatch();
  assert.deepEqual(watch.note({ is: 'up' }, 1).mark, 'ok');
  assert.equal(watch.note({ is: 'refused' }, 2).mark, 'ok');
  assert.equal(watch.note({ is: 'up' }, 3).mark, 'ok');
  assert.equal(watch.note({ is: 'refused' }, 4).mark, 'ok');
  assert.deepEqual(
    [watch.note({ is: 'refused' }, 5)].map(({ mark, since }) => [mark, since]),
    [['failed', 5]],
  );
  assert.equal(watch.note({ is: 'silent', why: 'late' }, 6).mark, 'unknown');
  assert.equal(new ServerWatch().note({ is: 'refused' }, 1).mark, 'unknown', 'the first of all');
  const looks = ['troubled', 'another', 'refused'] as const;
  for (const is of looks) {
    const look = is === 'troubled' ? { is, status: 503, said: 'full' } : { is };
    assert.equal(judgeServer(look).mark, 'failed');
  }
});
