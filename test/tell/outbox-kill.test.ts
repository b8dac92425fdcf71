// Goal: a sender that is killed by `kill -9` while mail goes out loses nothing and doubles nothing but
// what was under way, which then has the same Message-ID and says that it may be a repeat.
// Method: a child process with the real sender, the real state (SQLite) and the real SMTP channel; the
// SMTP server of this process kills it in the middle of messages, before and after it has taken them.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import type net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { openServerState } from '../../src/adapters/sqlite/open-server-state.ts';
import { unixMs } from '../../src/base/units.ts';
import { CLAIM_MS } from '../../src/tell/shell/outbox-sender.ts';
import { row } from './example-row.ts';

const CHILD = path.join(import.meta.dirname, 'outbox-child.ts');
const MAILS = 24;
const ROUNDS_MAX = 60;

interface Arrived {
  readonly id: string;
  readonly isRepeat: boolean;
}

test('killed in the middle of mail, again and again: nothing is lost, nothing else is doubled', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-outbox-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'server.db');
  const store = await openServerState(file);
  t.after(() => store.close());
  const now = Date.now();
  const ids = Array.from({ length: MAILS }, (_, at) => at.toString(16).padStart(32, 'a'));
  await store.commit(
    ids.map((id, at) => {
      const times = { createdAt: unixMs(now + at), dueAt: unixMs(now - 1000) };
      const one = row({}, { id, channel: 'mail', state: 'waiting', attempts: 0, ...times });
      return { do: 'outbox', row: one } as const;
    }),
  );
  const arrived: Arrived[] = [];
  let child: ChildProcess | undefined;
  let kills = 0;
  let mails = 0;
  const kill = (): void => {
    kills += 1;
    child?.kill('SIGKILL');
  };
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    disabledCommands: ['STARTTLS'],
    onMailFrom(_address, _session, done) {
      mails += 1;
      if (mails % 7 === 0) kill(); // Claimed, and nothing of it has arrived.
      done();
    },
    onData(stream, _session, done) {
      let text = '';
      stream.on('data', (part: Buffer) => (text += part.toString('utf8')));
      stream.on('end', () => {
        const id = /^Message-ID: <([0-9a-f]{32})@/m.exec(text)?.[1] ?? '';
        arrived.push({ id, isRepeat: text.includes('may have reached you before') });
        if (mails % 3 === 0) kill(); // Taken, and never answered.
        done(null, 'ok');
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.server.address() as net.AddressInfo;
  const open = async (): Promise<number> =>
    (await store.rows(MAILS)).filter(({ state }) => state !== 'sent').length;
  for (let round = 0; (await open()) > 0; round++) {
    assert.ok(round < ROUNDS_MAX, 'it does not come to an end');
    const args = [CHILD, file, String(port), String(round * (CLAIM_MS + 1000))];
    const started = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child = started;
    const ended = new Promise((resolve) => started.on('exit', resolve));
    while (started.exitCode === null && started.signalCode === null && (await open()) > 0) {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 100))]);
    }
    started.kill('SIGKILL');
    await ended;
  }
  assert.ok(kills >= 5, `${kills} kills`);
  const byId = Map.groupBy(arrived, ({ id }) => id);
  for (const id of ids) {
    const [first, ...others] = byId.get(id) ?? [];
    assert.ok(first !== undefined, `${id} is lost`);
    assert.ok(
      others.every(({ isRepeat }) => isRepeat),
      `${id} came again and does not say so`,
    );
  }
  assert.equal(byId.size, MAILS);
  const doubled = arrived.length - MAILS;
  assert.ok(doubled <= kills, `${doubled} came twice, after ${kills} kills`);
  t.diagnostic(`${kills} kills, ${doubled} of ${MAILS} mails came twice, each marked`);
});
