// Goal: a job is the command that agent.yaml names and no other; however it ends, ends late, floods,
// or does not want to end, the agent gets one bounded answer. Method:
// children that misbehave, in place of holdfast.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobAct, JobWord } from '../../watch/core/agent/messages.ts';
import type { JobEnd } from '../../watch/shell/agent/agent-ports.ts';
import type { AgentConfig } from '../../wire/agent/agent-config.ts';
import { ChildJobs, type ChildJobsPlace } from './child-jobs.ts';

const CONFIG: AgentConfig = {
  config: '/etc/holdfast/holdfast.yaml',
  jobs: { nightly: { backup: 'www' }, back: { restore: 'www', to: '/srv/back' } },
  plans: true,
};
const NEVER = new AbortController().signal;

function wordOf(act: JobAct, name: string): JobWord {
  return { word: 'job', n: 1, job: 'a'.repeat(32), act, name, leaseMs: 1000 };
}

function jobsOf(script: string, of: Partial<ChildJobsPlace> = {}, config = CONFIG): ChildJobs {
  const command = ['/bin/sh', '-c', script, 'sh'] as const;
  return new ChildJobs(config, { command, env: { PATH: '/usr/bin:/bin' }, ...of });
}

async function end(jobs: ChildJobs, word: JobWord, signal = NEVER): Promise<JobEnd> {
  const found = jobs.find(word);
  assert.ok(!('refused' in found), JSON.stringify(found));
  return await found.run(signal, () => undefined);
}

test('a job runs what agent.yaml says, and its environment is not the agent’s', async () => {
  const jobs = jobsOf(
    `printf '{"args":"%s","env":"%s"}' "$*" "$(env | cut -d= -f1 | sort | tr '\\n' ' ')"`,
  );
  const { state, answer = '' } = await end(jobs, wordOf('backup', 'nightly'));
  assert.equal(state, 'done');
  const { args, env } = JSON.parse(answer);
  assert.equal(args, 'backup --name www --json --config /etc/holdfast/holdfast.yaml');
  assert.deepEqual(env.trim().split(' '), ['HOLDFAST_LEASH', 'PATH', 'PWD']);
});

test('a drill and a restore are of what this host wrote itself, unless another is named', async () => {
  const argsOf = async (act: JobAct, line: object): Promise<string> => {
    const config = { jobs: { it: line } } as AgentConfig;
    const { answer = '' } = await end(
      jobsOf(`printf '{"args":"%s"}' "$*"`, {}, config),
      wordOf(act, 'it'),
    );
    return String(JSON.parse(answer).args);
  };
  assert.equal(await argsOf('drill', { drill: 'www' }), 'drill latest --data-set www --own --json');
  assert.equal(
    await argsOf('restore', { restore: 'www', to: '/srv/back', host: 'web1' }),
    'restore latest /srv/back --data-set www --host web1 --json',
  );
  assert.equal(await argsOf('scrub', { scrub: '10m' }), 'vault check --budget 10m --json');
  assert.equal(await argsOf('scrub', { scrub: '5%' }), 'vault check --rotate 5% --json');
});

test('a name that is not there, or stands for something else, is refused', () => {
  const jobs = jobsOf('exit 0');
  for (const [act, name] of [
    ['backup', 'other'],
    ['backup', 'constructor'],
    ['drill', 'nightly'],
    ['restore', 'nightly'],
    ['scrub', 'back'],
    ['apply', 'nightly'],
  ] as const) {
    assert.ok('refused' in jobs.find(wordOf(act, name)), `${act} ${name}`);
  }
  const noPlans = jobsOf('exit 0', {}, { jobs: {} });
  assert.ok('refused' in noPlans.find(wordOf('apply', 'p-0a1b2c3d')));
});

const ENDS: readonly (readonly [string, string, JobEnd['state'], RegExp])[] = [
  ['nothing', 'exit 0', 'done', /^$/],
  ['gaps', 'echo one file >&2; exit 6', 'gaps', /one file/],
  [
    'an error',
    "printf 'it is \\033[2J full\\n' >&2; exit 1",
    'failed',
    /exit code 1: it is .*full/,
  ],
  [
    'its own words',
    `echo '{"error":{"message":"no vault"}}'; exit 1`,
    'failed',
    /code 1: no vault/,
  ],
  ['held', 'exit 2', 'failed', /exit code 2/],
  ['killed', 'kill -9 $$', 'failed', /SIGKILL/],
];

for (const [what, script, state, why] of ENDS) {
  test(`it ends with ${what}`, async () => {
    const ended = await end(jobsOf(script), wordOf('backup', 'nightly'));
    assert.equal(ended.state, state);
    assert.match(ended.why, why);
    assert.ok(!ended.why.includes('\u001b'));
  });
}

test('a program that is not there is an end as well', async () => {
  const jobs = new ChildJobs(CONFIG, { command: ['/nowhere/holdfast'], env: {} });
  const ended = await end(jobs, wordOf('backup', 'nightly'));
  assert.equal(ended.state, 'failed');
  assert.match(ended.why, /could not be started/);
});

test('a flood is bounded, and half a JSON is no answer', async () => {
  const ended = await end(
    jobsOf('yes | head -c 3000000; yes | head -c 3000000 >&2'),
    wordOf('backup', 'nightly'),
  );
  assert.equal(ended.answer, undefined);
  assert.ok(ended.why.length < 5000);
});

test('cancelled: told to end, and killed with all it started where it does not', async () => {
  for (const script of ['sleep 1000', "trap '' TERM; sleep 1000 & wait; sleep 1000"]) {
    const cancel = new AbortController();
    const ended = end(jobsOf(script, { graceMs: 200 }), wordOf('backup', 'nightly'), cancel.signal);
    setTimeout(() => cancel.abort(), 100);
    assert.equal((await ended).state, 'cancelled');
  }
});

test('a job that takes too long is ended', async () => {
  const config = { jobs: { nightly: { backup: 'www', limit: 100 } } };
  const ended = await end(jobsOf('sleep 1000', {}, config), wordOf('backup', 'nightly'));
  assert.equal(ended.state, 'failed');
  assert.match(ended.why, /did not end within/);
});

test('one that left a program behind which holds its pipes has ended all the same', async () => {
  const left = `setsid sh -c 'echo $$ >&2; exec sleep 300' & sleep 0.3; echo '{"a":1}'; exit 6`;
  const ended = await end(jobsOf(left, { graceMs: 200 }), wordOf('backup', 'nightly'));
  try {
    assert.deepEqual([ended.state, ended.answer], ['gaps', '{"a":1}']);
  } finally {
    process.kill(Number(ended.why));
  }
});
