// Goal: `holdfast message test` shows, before it must work, which channel does: by its exit code, its
// words and its JSON; secrets lie in files, are refused where others can read them, and are never said.
// Method: the real program with a configuration of a mail server and a webhook of this process.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import type net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { PROGRAM } from '../cli/run-cli.ts';
import { type HttpDouble, httpDouble, status } from './http-double.ts';

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Place {
  readonly folder: string;
  run(...args: string[]): Promise<Ran>;
}

function place(t: TestContext): Place {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-message-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.writeFileSync(path.join(folder, 'hook.key'), `${SECRET}\n`, { mode: 0o600 });
  const run = async (...args: string[]): Promise<Ran> => {
    // Not spawnSync: the servers it speaks to live in this process.
    const env = { PATH: process.env.PATH ?? '', HOME: folder, HOLDFAST_STATE: folder };
    const child = spawn(PROGRAM, ['message', 'test', ...args], { cwd: folder, env });
    let out = '';
    let err = '';
    child.stdout.on('data', (part: Buffer) => (out += part.toString('utf8')));
    child.stderr.on('data', (part: Buffer) => (err += part.toString('utf8')));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, out, err };
  };
  return { folder, run };
}

async function mailServer(t: TestContext, mails: string[]): Promise<number> {
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      let text = '';
      stream.on('data', (part: Buffer) => (text += part.toString('utf8')));
      stream.on('end', () => {
        mails.push(text);
        done(null, 'queued as 7');
      });
    },
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return (server.server.address() as net.AddressInfo).port;
}

function configure(folder: string, port: number, double: HttpDouble): void {
  const text = `tell:
  url: https://holdfast.example.org
  channels:
    ann-mail: {kind: smtp, person: ann, server: '127.0.0.1:${port}', sender: h@example.org, to: ann@example.org}
    hook: {kind: webhook, url: '${double.url}/x', secret-file: hook.key, private-nets: 127.0.0.1}
`;
  fs.writeFileSync(path.join(folder, 'holdfast.yaml'), text);
}

test('each channel is sent a test, and what it answered is said', async (t) => {
  const { folder, run } = place(t);
  const mails: string[] = [];
  const double = await httpDouble(t);
  configure(folder, await mailServer(t, mails), double);
  const good = await run();
  assert.equal(good.code, 0, good.err);
  assert.match(good.out, /^2 channels took a test message; whether it is read is not known/);
  assert.match(good.out, /ann-mail, read by ann\n {4}250 queued as 7/);
  assert.match(mails[0] ?? '', /This is a test: nothing has failed\./);
  assert.doesNotMatch(mails[0] ?? '', /holdfast\.example\.org/, 'no key of a server, no link');
  double.answer = status(500);
  const bad = await run();
  assert.equal(bad.code, 1);
  assert.match(
    bad.out,
    /^1 channel did not take a test message, 1 channel did\.\n\n {2}\S+ hook\n {4}it answered 500/,
  );
  const one = await run('ann-mail', '--json');
  assert.equal(one.code, 0);
  const json = JSON.parse(one.out) as { channels: { channel: string; outcome: string }[] };
  assert.deepEqual(
    json.channels.map(({ channel, outcome }) => [channel, outcome]),
    [['ann-mail', 'sent']],
  );
  assert.ok(![good, bad, one].some(({ out, err }) => `${out}${err}`.includes(SECRET.slice(6))));
});

test('where the server has its key the message asks to be confirmed', async (t) => {
  const { folder, run } = place(t);
  const mails: string[] = [];
  fs.mkdirSync(path.join(folder, 'server'));
  const key = path.join(folder, 'server', 'tell-link-key');
  fs.writeFileSync(key, Buffer.alloc(32, 3), { mode: 0o600 });
  configure(folder, await mailServer(t, mails), await httpDouble(t));
  const ran = await run('ann-mail');
  assert.match(ran.out, /The link in it says that it came/);
  const text = (mails[0] ?? '').replaceAll(/=\r\n/g, '');
  assert.match(text, /https:\/\/holdfast\.example\.org\/confirm\/[0-9a-f.]{100,}/);
});

test('what is wrong is said with its code', async (t) => {
  const { folder, run } = place(t);
  const double = await httpDouble(t);
  const none = await run();
  assert.equal(none.code, 64);
  assert.match(none.err, /HF_TELL_WANTED/);
  configure(folder, 9, double);
  const other = await run('hok');
  assert.equal(other.code, 64);
  assert.match(other.err, /HF_TELL_CHANNEL_UNKNOWN/);
  assert.match(other.err, /did you mean hook/);
  fs.chmodSync(path.join(folder, 'hook.key'), 0o644);
  const open = await run();
  assert.equal(open.code, 1);
  assert.match(open.err, /HF_TELL_SECRET/);
  assert.match(open.err, /chmod 600/);
  assert.equal(double.asked.length, 0);
});
