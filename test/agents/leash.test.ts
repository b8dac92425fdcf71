// Goal: a job does not outlive the agent that runs it: killed with SIGKILL, the job is told to end and
// all that it started is gone, a program that does not want to end as well; and how far it is comes
// through, whatever else is written there. Method: an agent's runner of jobs as a process of its own,
// killed; its job takes the leash as `holdfast` does and starts a program that ignores signals.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { ChildJobs } from '../../src/adapters/agent-jobs/child-jobs.ts';
import type { JobWord } from '../../src/watch/core/agent/messages.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const LIMIT_MS = 30_000;
const CONFIG = { jobs: { nightly: { backup: 'www' } } };
const WORD: JobWord = {
  ...{ word: 'job', n: 1, job: 'a'.repeat(32), act: 'backup', name: 'nightly', leaseMs: 1000 },
};

/** As `holdfast` does: takes the leash, says how far it is, and starts a program that stays. */
const JOB = `
  const { takeLeash } = await import(process.argv[1] + '/src/adapters/node/leash.ts');
  const { spawn } = await import('node:child_process');
  const { writeFileSync } = await import('node:fs');
  const tell = takeLeash(process.env);
  const stays = spawn('/bin/sh', ['-c', 'trap "" TERM; while :; do sleep 1; done'], { stdio: 'ignore' });
  const dir = process.argv[2];
  process.on('SIGTERM', () => { writeFileSync(dir + '/told', ''); process.exit(143); });
  writeFileSync(dir + '/pids.new', process.pid + ' ' + stays.pid + ' ' + (process.env.HOLDFAST_LEASH ?? 'none'));
  (await import('node:fs')).renameSync(dir + '/pids.new', dir + '/pids');
  tell({ share: 250, bytes: 1048576, bytesTotal: 4194304, bytesPerS: undefined });
  setInterval(() => {}, 1000);
`;

/** The agent: it runs one job and is killed. */
const AGENT = `
  const { ChildJobs } = await import(process.argv[1] + '/src/adapters/agent-jobs/child-jobs.ts');
  const command = [process.execPath, '--input-type=module', '-e', ${JSON.stringify(JOB)}, process.argv[1], process.argv[2]];
  const jobs = new ChildJobs(${JSON.stringify(CONFIG)}, { command, env: { PATH: process.env.PATH } });
  await jobs.find(${JSON.stringify(WORD)}).run(new AbortController().signal, (share, why) => process.stdout.write(share + ' ' + why));
`;

function scratch(t: TestContext): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-leash-'));
  t.after(() => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function until(what: string, look: () => boolean): Promise<void> {
  for (let spentMs = 0; spentMs < LIMIT_MS; spentMs += 50) {
    if (look()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`not within ${LIMIT_MS / 1000} s: ${what}`);
}

/** A process that has ended and was not waited for is gone as well. */
function runs(pid: number): boolean {
  try {
    return !/^State:\t[ZX]/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false; // There is no such process.
  }
}

test('killed with its agent: told to end, and nothing of it is left', async (t) => {
  const dir = scratch(t);
  const args = ['--input-type=module', '-e', AGENT, ROOT, dir];
  const agent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => agent.kill('SIGKILL'));
  let said = '';
  agent.stdout.on('data', (some) => (said += String(some)));
  await until('the job runs', () => fs.existsSync(path.join(dir, 'pids')));
  const [job = '', stays = '', leash] = fs.readFileSync(path.join(dir, 'pids'), 'utf8').split(' ');
  t.after(() => {
    for (const pid of [Number(job), Number(stays)]) if (runs(pid)) process.kill(pid, 'SIGKILL');
  });
  assert.equal(leash, 'none', 'what a job starts is not told of its leash');
  await until('progress comes through', () => said === '250 1 of 4 MiB');
  assert.ok(runs(Number(job)) && runs(Number(stays)));
  agent.kill('SIGKILL');
  await until('the job has ended', () => !runs(Number(job)));
  assert.ok(fs.existsSync(path.join(dir, 'told')), 'it was killed and not told');
  await until('and what it started', () => !runs(Number(stays)));
});

test('whatever a job writes there, only how far it is comes through', async () => {
  const lines = [
    '{"share":10,"bytes":5}',
    'nonsense',
    '{"share":-1,"bytes":5}',
    '{"share":5000,"bytes":5}',
    '{"bytes":"5"}',
    `{"share":20,"bytes":5,"more":"${'x'.repeat(3000)}"}`,
    '{"share":30,"bytes":5}',
    'no end',
  ];
  const command = ['/bin/sh', '-c', `printf '%s\\n' "$LINES_OF_JOB" >&3`, 'sh'] as const;
  const env = { PATH: '/usr/bin:/bin', LINES_OF_JOB: lines.join('\n') };
  const found = new ChildJobs(CONFIG, { command, env }).find(WORD);
  assert.ok('run' in found);
  const shares: unknown[] = [];
  const end = await found.run(new AbortController().signal, (share) => shares.push(share));
  assert.equal(end.state, 'done');
  assert.deepEqual(shares, [10, 30]);
});
