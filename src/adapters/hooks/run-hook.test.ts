// Goal: a hook is run as its words say, ends within its limit with all it started, and what it said
// last is kept, and cut; what a service that it starts has open goes on working.
// Method: real processes; whatever outlives a hook is looked for by its number.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { durationMs, seconds } from '../../base/units.ts';
import { type HookCommand, runHook, whyHookFailed } from './run-hook.ts';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-hook-'));
after(() => fs.rmSync(scratch, { recursive: true }));

const PLENTY = seconds(60);
const sh = (script: string, more: Partial<HookCommand> = {}): HookCommand => ({
  argv: ['sh', '-c', script],
  env: {},
  limit: PLENTY,
  ...more,
});

function isAlive(pid: number): boolean {
  try {
    // A zombie that nobody has waited for yet is no process that does anything.
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function pidIn(file: string): Promise<number> {
  for (;;) {
    const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    if (text.endsWith('\n')) return Number(text);
    await sleep(5);
  }
}

test('words reach the program as they are written: there is no shell', async () => {
  const argv = ['printf', '%s|', '$HOME', '; false', '*', 'a b'];
  const ended = await runHook({ argv, env: {}, limit: PLENTY });
  assert.deepEqual(ended, {
    isOk: true,
    how: 'ended with 0',
    status: 0,
    said: ['$HOME|; false|*|a b|'],
    stdout: '$HOME|; false|*|a b|',
  });
});

test('the environment is ours and what is said besides', async () => {
  const env = { HOLDFAST_DATA_SET: 'wiki', HOLDFAST_HOOK: 'before' };
  const ended = await runHook(
    sh('echo $HOLDFAST_DATA_SET $HOLDFAST_HOOK; test -n "$PATH" && echo p', { env }),
  );
  assert.deepEqual(ended.said, ['wiki before', 'p']);
});

test('the passphrase of the vault is nobody else’s', async () => {
  process.env.HOLDFAST_PASSPHRASE = 'correct horse';
  try {
    assert.deepEqual((await runHook(sh('env | grep -c HOLDFAST_PASSPHRASE'))).said, ['0']);
  } finally {
    delete process.env.HOLDFAST_PASSPHRASE;
  }
});

test('how it failed is said: by a number, by a signal, not there at all', async () => {
  assert.equal((await runHook(sh('exit 3'))).how, 'ended with 3');
  assert.equal((await runHook(sh('kill -SEGV $$'))).how, 'was ended by SIGSEGV');
  const absent = await runHook({ argv: ['/no/such/program'], env: {}, limit: PLENTY });
  assert.match(absent.how, /^could not be started \(.*ENOENT/);
  assert.equal(absent.isOk, false);
});

test('the last lines are kept as they came, and bounded', async () => {
  const script = `seq 1 5000; printf '\\033[2J\\007red\\n'; head -c 3000 /dev/zero | tr '\\0' x; echo; exit 1`;
  const { said } = await runHook(sh(script));
  assert.equal(said.length, 10);
  assert.equal(said[8], '\u001b[2J\u0007red');
  assert.equal(said[9], `${'x'.repeat(200)}...`);
  assert.equal(whyHookFailed({ how: 'ended with 1', said: ['a', 'b'] }), 'ended with 1: a / b');
});

test('past its limit all of its group is ended, also who does not listen', async () => {
  const pidFile = path.join(scratch, 'deaf');
  const script = `trap '' TERM; (trap '' TERM; sh -c 'echo $PPID' > ${pidFile}; while :; do sleep 1; done) & while :; do sleep 1; done`;
  const hook = runHook(sh(script, { limit: seconds(1) }));
  const pid = await pidIn(pidFile);
  assert.equal(isAlive(pid), true, 'it was there');
  const ended = await hook;
  assert.deepEqual([ended.isOk, ended.how], [false, 'did not end within 1 s']);
  // A signal is sent at once, and takes its moment.
  for (let tries = 0; isAlive(pid) && tries < 400; tries++) await sleep(25);
  assert.equal(isAlive(pid), false, 'its child was ended with it');
});

test('a hook is run also where what it says has no room', async () => {
  const { TMPDIR } = process.env;
  process.env.TMPDIR = path.join(scratch, 'absent');
  try {
    const file = path.join(scratch, 'ran');
    const ended = await runHook(sh(`echo said; echo >&2 said; touch ${file}; exit 3`));
    assert.deepEqual(ended, { isOk: false, how: 'ended with 3', status: 3, said: [], stdout: '' });
    assert.equal(fs.existsSync(file), true);
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
});

test('one that became another account’s is waited for no longer than its limit', async (t) => {
  const pids: number[] = [];
  const kill = t.mock.method(process, 'kill', (pid: number) => {
    pids.push(-pid);
    throw Object.assign(new Error('kill EPERM'), { code: 'EPERM', errno: -1 }); // As for what sudo has started.
  });
  const ended = await runHook(sh('exec sleep 60', { limit: durationMs(50) }));
  kill.mock.restore();
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  assert.deepEqual(pids.length, 1);
  assert.match(ended.how, /^did not end within .*, and may not be ended by this account$/);
});

test('a stop ends it early', async () => {
  const stop = new AbortController();
  const hook = runHook(sh('sleep 60', { stop: stop.signal }));
  stop.abort();
  assert.equal((await hook).how, 'was ended because the backup was stopped');
  const late = await runHook(sh('sleep 60', { stop: AbortSignal.abort() }));
  assert.equal(late.isOk, false);
});

test('a service that it starts lives on and can go on saying things', async () => {
  const pidFile = path.join(scratch, 'service');
  const file = path.join(scratch, 'said');
  const service = `sh -c 'echo $$ > ${pidFile}; sleep 0.3; echo still here && echo yes > ${file}; sleep 60'`;
  const ended = await runHook(sh(`setsid ${service} & exit 0`, { limit: durationMs(20_000) }));
  assert.equal(ended.isOk, true);
  const pid = await pidIn(pidFile);
  try {
    const written = (): string => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');
    for (let tries = 0; written() === '' && tries < 400; tries++) await sleep(25);
    assert.equal(written(), 'yes\n', 'writing did not end it');
    assert.equal(isAlive(pid), true);
  } finally {
    process.kill(pid, 'SIGKILL');
  }
});
