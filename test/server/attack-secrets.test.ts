// Goal: a secret that is known lies nowhere but where it belongs, and what one host says ends nothing.
// Method: the real `holdfast server` as a process, used with secrets that are known; then all that it
// printed, wrote and was started with is searched for them. And an agent whose words are made to break
// what they are sent on in, with channels that are really there.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import type { Config } from '../../src/wire/config.ts';
import { until } from './agent-double.ts';
import { plainServer } from './attack-places.ts';
import { ServerBench, Talker } from './server-bench.ts';
import { freePort } from '../run/free-port.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/main/cli/main.ts');

interface Place {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** Of all commands together. */
  readonly printed: string[];
}

async function run(at: Place, ...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: at.env, cwd: at.root });
  let out = '';
  child.stdout.on('data', (part: Buffer) => (out += part.toString()));
  child.stderr.on('data', (part: Buffer) => at.printed.push(part.toString()));
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 0, `${args.join(' ')}: ${out} ${at.printed.join('')}`);
  return out;
}

function filesBelow(directory: string): readonly string[] {
  return fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

function begin(t: TestContext): Place {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-secrets-'));
  t.after(() => fs.rmSync(root, { recursive: true, maxRetries: 5 }));
  const env = { ...process.env, HOLDFAST_STATE: path.join(root, 'state') };
  return { root, env, printed: [] };
}

async function startServer(t: TestContext, at: Place): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, 'server'], { env: at.env, cwd: at.root });
  t.after(() => child.kill('SIGKILL'));
  let isThere = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      at.printed.push(part.toString());
      isThere ||= at.printed.join('').includes('Holdfast listens');
    });
  }
  await until(() => isThere);
  return child;
}

test('after a day of use no secret lies where it does not belong', async (t) => {
  const at = begin(t);
  const port = await freePort();
  const hook = await plainServer(t, () => ({ status: 500, body: 'no' }));
  const signing = Buffer.from('a-webhook-signing-secret').toString('base64');
  const known: Record<string, string> = {
    signing,
    hookPath: 'hidden-path-of-the-hook',
    token: 'bot-token-of-the-team',
  };
  const write = (name: string, text: string): void => {
    fs.writeFileSync(path.join(at.root, name), text, { mode: 0o600 });
  };
  write('signing', `whsec_${signing}\n`);
  write('url', `${hook.url}/${known.hookPath}\n`);
  write('token', `${known.token}\n`);
  write(
    'holdfast.yaml',
    [
      `server: {listen: "127.0.0.1:${port}"}`,
      'tell:',
      '  group: 1s',
      `  channels:`,
      `    hook: {kind: webhook, url-file: url, secret-file: signing, private-nets: 127.0.0.1}`,
      `    chat: {kind: webhook, shape: ntfy, url: "${hook.url}/topic", token-file: token, private-nets: 127.0.0.1}`,
      '',
    ].join('\n'),
  );
  const child = await startServer(t, at);
  const link = /\/sign-in\/(\S+)/.exec(
    await run(at, 'server', 'user', 'add', 'anna', '--role', 'admin'),
  );
  const token = (await run(at, 'server', 'access', 'anna', '--scope', 'read')).trim();
  const line = /#(\S+) (\S+)/.exec(await run(at, 'server', 'token', 'web1'));
  const [, pin = '', enrolment = ''] = line ?? [];
  const bench = { port, pin: Buffer.from(pin, 'base64url') };
  const ask = (where: string, headers: Record<string, string>, method = 'GET') =>
    ServerBench.askAt(port, where, { method, headers, body: undefined });
  const signedIn = await ask(`/sign-in/${link?.[1] ?? ''}`, {}, 'POST');
  assert.equal(signedIn.status, 200);
  const [, session = ''] =
    /^__Host-holdfast=([^;]+)/.exec(String(signedIn.headers['set-cookie'])) ?? [];
  const web1 = new Talker(bench);
  assert.equal((await web1.post('enrol', web1.agent.enrol(enrolment))).status, 200);
  await web1.say([web1.seen('a:one', 'broken', 'it broke')]);
  assert.equal((await ask('/v1/status', { authorization: `Bearer ${token}` })).status, 200);
  assert.equal(
    (await ask('/v1/status', { authorization: 'Bearer a-wrong-token-of-somebody-else-01' })).status,
    401,
  );
  assert.equal(
    (await ask('/sign-in/a-wrong-link-of-somebody-else-0123456789', {}, 'POST')).status,
    403,
  );
  await until(() => hook.calls.length >= 2);
  Object.assign(known, { link: link?.[1] ?? '', token_: token, enrolment, session });
  Object.assign(known, {
    wrong: 'a-wrong-token-of-somebody-else-01',
    wrongLink: 'a-wrong-link-of-somebody',
  });
  assert.ok(
    Object.values(known).every((secret) => secret.length >= 20),
    JSON.stringify(known),
  );
  const proc = ['cmdline', 'environ'].map((name) =>
    fs.readFileSync(`/proc/${child.pid ?? 0}/${name}`),
  );
  child.kill('SIGTERM');
  await once(child, 'close');
  const state = filesBelow(path.join(at.root, 'state'));
  assert.ok(state.some((file) => file.endsWith('server.db')));
  for (const [name, secret] of Object.entries(known)) {
    for (const file of state) {
      assert.ok(!fs.readFileSync(file).includes(secret), `${name} is in ${path.basename(file)}`);
      assert.equal(fs.statSync(file).mode & 0o077, 0, file);
    }
    assert.ok(!at.printed.join('').includes(secret), `${name} was printed`);
    for (const bytes of proc) assert.ok(!bytes.includes(secret), name);
    // What is sent holds what it is sent with, and nothing of the others.
    const sent = hook.calls.map(({ body }) => body).join('\n');
    assert.ok(!sent.includes(secret), `${name} was sent`);
  }
});

test('words of one host that are made to break messages end nothing and forge nothing', async (t) => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-hostile-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  fs.writeFileSync(path.join(root, 'password'), 'x\n', { mode: 0o600 });
  const other = await plainServer(t, () => ({ status: 200, body: '{}' }));
  const away = { location: `${other.url}/stolen` };
  const alerts = await plainServer(t, () => ({ status: 200, body: '{}' }));
  const icinga = await plainServer(t, () => ({ status: 200, body: '{"results":[{"code":200}]}' }));
  const leads = await plainServer(t, () => ({ status: 302, body: '', headers: away }));
  const config: Config = {
    tell: {
      group: 1000,
      channels: {
        am: { kind: 'alertmanager', url: alerts.url, interval: 5000 },
        ic: {
          kind: 'icinga',
          url: icinga.url,
          login: 'x',
          host: 'h',
          interval: 5000,
          'password-file': path.join(root, 'password'),
        },
        leads: { kind: 'webhook', shape: 'slack', url: leads.url, 'private-nets': ['127.0.0.1'] },
        inside: { kind: 'webhook', shape: 'slack', url: other.url },
        metadata: {
          kind: 'webhook',
          shape: 'slack',
          url: 'http://169.254.169.254/latest',
          'private-nets': ['10.0.0.0/8'],
        },
      },
    },
  };
  // What a channel could not send is said to whoever runs the server, each time anew, and is no bug.
  const saysOften = /^(leads|inside|metadata): message /;
  const bench = await ServerBench.open(t, { config, saysOften });
  const web1 = await bench.enrol('web1');
  const why =
    'full\ud800\udfff\u0000 \u001b[2J\r\nResolved: all is well\r\nBcc: x@example.org\u202e | a=1';
  await web1.say([web1.seen('a:one', 'broken', why)]);
  await until(() => alerts.calls.length > 0 && icinga.calls.length > 0 && leads.calls.length > 0);
  // The standing of all that is open is told again: that is made from what was kept.
  await until(() => icinga.calls.length > 1);
  for (const { body } of [...alerts.calls, ...icinga.calls, ...leads.calls]) {
    const texts = JSON.stringify(JSON.parse(body), (_, value: unknown) =>
      typeof value === 'string'
        ? value.split('\n').filter((line) => /^(Resolved|Bcc)/.test(line))
        : value,
    );
    assert.doesNotMatch(texts, /Resolved|Bcc/, 'no line of its own');
    assert.doesNotMatch(body, /\u001b|\u202e|\\u001b|\\u0000|\\r/);
  }
  assert.deepEqual(other.calls, [], 'neither by a redirect nor because it listens here');
  assert.equal((await bench.ask('/healthz')).status, 200);
});
