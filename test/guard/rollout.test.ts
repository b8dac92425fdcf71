// Goal: several targets are done canary first, then in batches, with hooks around each and a check of
// health between; after a failure nothing new begins; `after` runs whatever happened; it is paused,
// resumed and stopped from elsewhere; a killed one is named by the next.
// Method: the real program over local targets, with hooks that write down when they ran, and that
// wait for a file where the test has to be in between.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Bench, PROGRAM } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { onTerminal } from './terminal.ts';

const benches: Bench[] = [];
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const bench of benches) bench.remove();
});

const HOOK = `#!/bin/sh
echo "$1 \${HOLDFAST_TARGET##*/} $HOLDFAST_OUTCOME" >>LOG
while [ -e "WAIT/$1-\${HOLDFAST_TARGET##*/}" ]; do sleep 0.05; done
[ ! -e "FAIL/$1-\${HOLDFAST_TARGET##*/}" ]
`;

interface Fleet {
  readonly bench: Bench;
  readonly targets: readonly string[];
  readonly log: () => readonly string[];
  /** `before-t3`, `after-t1`, `health-`: fails, or waits. */
  readonly let: (what: 'fail' | 'wait', name: string) => void;
  readonly go: (name: string) => void;
}

function newFleet(count: number, more = ''): Fleet {
  const bench = new Bench();
  benches.push(bench);
  assert.equal(bench.run(['init'], { env: { HOLDFAST_PASSPHRASE: 'x' } }).status, 0);
  bench.write('src/index.php');
  const log = bench.at('log');
  const text = HOOK.replace('LOG', log)
    .replace('WAIT', bench.at('wait'))
    .replace('FAIL', bench.at('fail'));
  const hook = bench.write('hook.sh', text);
  fs.chmodSync(hook, 0o755);
  bench.write(
    'holdfast.yaml',
    `guard:\n  rollout:\n    before: [${hook}, before]\n    after: [${hook}, after]\n    health: [${hook}, health]\n${more}`,
  );
  const targets = Array.from({ length: count }, (_, at) => bench.at(`t${at + 1}`));
  for (const target of targets) fs.mkdirSync(target);
  for (const name of ['wait', 'fail']) fs.mkdirSync(bench.at(name));
  return {
    bench,
    targets,
    log: () =>
      fs.existsSync(log)
        ? fs
            .readFileSync(log, 'utf8')
            .trim()
            .split('\n')
            .map((line) => line.trim())
        : [],
    let: (what, name) => fs.writeFileSync(bench.at(what, name), ''),
    go: (name) => fs.unlinkSync(bench.at('wait', name)),
  };
}

const ENV = { env: { HOLDFAST_PASSPHRASE: 'x' } };

function rollout({ bench, targets }: Fleet, ...options: readonly string[]) {
  return bench.json(['sync', bench.at('src'), ...targets, ...options], ENV);
}

function outcomes(said: Readonly<Record<string, unknown>>): readonly string[] {
  return (said.targets as readonly { outcome: string }[]).map(({ outcome }) => outcome);
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never: ${what}`);
}

function started({ bench, targets }: Fleet, ...options: readonly string[]): ChildProcess {
  const child = bench.start(['sync', bench.at('src'), ...targets, ...options, '--json'], ENV);
  children.push(child);
  return child;
}

test('canary, check, batches, check: each target between its hooks', () => {
  const fleet = newFleet(5);
  const { status, said } = rollout(fleet, '--canary', '1', '--batch', '2');
  assert.equal(status, 0, JSON.stringify(said));
  assert.deepEqual(outcomes(said), ['done', 'done', 'done', 'done', 'done']);
  const log = fleet.log();
  assert.deepEqual(log.slice(0, 3), ['before t1', 'after t1 done', 'health']);
  assert.deepEqual(
    new Set(log.slice(3, 7)),
    new Set(['before t2', 'before t3', 'after t2 done', 'after t3 done']),
  );
  assert.equal(log[7], 'health');
  assert.equal(log.at(-1), 'health');
  for (const target of fleet.targets) assert.ok(fs.existsSync(path.join(target, 'index.php')));
});

test('a canary that cannot be taken out: not touched, put back, and nothing else begins', () => {
  const fleet = newFleet(3);
  fleet.let('fail', 'before-t1');
  const { status, said } = rollout(fleet, '--max-failures', '2');
  assert.equal(status, 1);
  assert.equal(said.end, 'canary');
  assert.deepEqual(outcomes(said), ['held', 'not-begun', 'not-begun']);
  assert.deepEqual(fleet.log(), ['before t1', 'after t1 held']);
  assert.deepEqual(fs.readdirSync(fleet.targets[0] ?? ''), []);
});

test('one of many that fails: as many as allowed, and it is said which', () => {
  const fleet = newFleet(4);
  fleet.let('fail', 'before-t3');
  const { status, said } = rollout(fleet, '--batch', '1', '--max-failures', '1');
  assert.equal(status, 1);
  assert.equal(said.end, 'done');
  assert.deepEqual(outcomes(said), ['done', 'done', 'held', 'done']);
  const none = newFleet(4);
  none.let('fail', 'before-t3');
  const strict = rollout(none, '--batch', '1');
  assert.equal(strict.said.end, 'failures');
  assert.deepEqual(outcomes(strict.said), ['done', 'done', 'held', 'not-begun']);
});

test('a target that could not be put back is a failure, and is named as out of service', () => {
  const fleet = newFleet(2);
  fleet.let('fail', 'after-t1');
  const { said } = rollout(fleet);
  assert.equal(said.end, 'canary');
  const [first] = said.targets as readonly { outcome: string; pooled: boolean; sentence: string }[];
  assert.deepEqual([first?.outcome, first?.pooled], ['failed', false]);
  assert.match(first?.sentence ?? '', /put it back by hand/);
});

test('a check of health that fails ends it after the batch', () => {
  const fleet = newFleet(4);
  fleet.let('fail', 'health-');
  const { status, said } = rollout(fleet);
  assert.equal(status, 1);
  assert.equal(said.end, 'check');
  assert.deepEqual(outcomes(said), ['done', 'not-begun', 'not-begun', 'not-begun']);
});

test('paused from elsewhere nothing new begins; resumed it goes on; stopped the rest stays', async () => {
  const fleet = newFleet(4);
  fleet.let('wait', 'before-t1');
  fleet.let('wait', 'before-t3');
  const child = started(fleet, '--canary', '0', '--batch', '1');
  const exit = once(child, 'exit');
  let stdout = '';
  child.stdout?.on('data', (part: Buffer) => {
    stdout += part.toString();
  });
  await until('the first is under way', () => fleet.log().includes('before t1'));
  const paused = fleet.bench.run(['sync', '--pause']);
  assert.equal(paused.status, 0, paused.stderr);
  fleet.go('before-t1');
  await until('the first has ended', () => fleet.log().includes('health'));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.ok(!fleet.log().includes('before t2'), 'it is paused');
  assert.equal(fleet.bench.run(['sync', '--resume']).status, 0);
  await until('the third is under way', () => fleet.log().includes('before t3'));
  assert.equal(fleet.bench.run(['sync', '--stop']).status, 0);
  fleet.go('before-t3');
  const [code] = (await exit) as [number | null];
  assert.equal(code, 1);
  const said = JSON.parse(stdout) as { end: string };
  assert.equal(said.end, 'stopped');
  assert.deepEqual(outcomes(said), ['done', 'done', 'done', 'not-begun']);
  assert.equal(fleet.bench.run(['sync', '--pause']).status, 64, 'none runs any more');
});

test('Ctrl-C lets end what was begun, with its hook; the rest is not begun', async () => {
  const fleet = newFleet(3);
  fleet.let('wait', 'before-t1');
  const child = started(fleet);
  const exit = once(child, 'exit');
  await until('the first is under way', () => fleet.log().includes('before t1'));
  child.kill('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 3000));
  fleet.go('before-t1');
  const [code] = (await exit) as [number | null];
  assert.equal(code, 1);
  assert.deepEqual(fleet.log().slice(0, 2), ['before t1', 'after t1 done']);
  assert.ok(!fleet.log().includes('before t2'));
});

test('Ctrl-C twice ends it where it is, and names what was left in the middle', async () => {
  const fleet = newFleet(3);
  fleet.let('wait', 'before-t1');
  const { bench, targets } = fleet;
  const child = bench.start(['sync', bench.at('src'), ...targets], ENV);
  children.push(child);
  let stderr = '';
  child.stderr?.on('data', (part: Buffer) => {
    stderr += part.toString();
  });
  const exit = once(child, 'close');
  await until('the first is under way', () => fleet.log().includes('before t1'));
  child.kill('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(child.exitCode, null, 'the first one waits for what was begun');
  child.kill('SIGINT');
  const [code] = (await exit) as [number | null];
  assert.equal(code, 130);
  const words = stderr.replaceAll(/\s+/g, ' ');
  assert.match(words, /Stopped by Ctrl-C\. Left in the middle: \S*t1, without its after hook\./);
  assert.doesNotMatch(words, /t2, without/);
});

test('a dry run of several shows the others where one cannot be looked at', () => {
  const { bench, targets } = newFleet(3);
  fs.rmdirSync(targets[1] ?? '');
  fs.writeFileSync(targets[1] ?? '', 'no directory');
  const args = ['sync', bench.at('src'), ...targets, '--dry-run'];
  const { status, stdout } = bench.run(args, ENV);
  assert.equal(status, 1);
  const words = stdout.replaceAll(/\s+/g, ' ');
  assert.match(words, /adds 1,? .*t1 .*t2 was not looked at: .*HF_SYNC_SOURCE.* adds 1,? .*t3/);
});

test('killed in between: the next one names the target that was left out of service, once', async () => {
  const fleet = newFleet(2);
  fleet.let('wait', 'before-t1');
  const child = started(fleet);
  const exit = once(child, 'exit');
  await until('the first is under way', () => fleet.log().includes('before t1'));
  child.kill('SIGKILL');
  await exit;
  fleet.go('before-t1');
  const args = ['sync', fleet.bench.at('src'), ...fleet.targets];
  assert.match(
    fleet.bench.run(args, ENV).stderr,
    /was killed, and left .*t1 without its after hook/,
  );
  assert.doesNotMatch(fleet.bench.run(args, ENV).stderr, /was killed/);
});

test('a target that is named twice is a mistake, and --all-or-nothing looks at all before the first', () => {
  const fleet = newFleet(2);
  const { bench, targets } = fleet;
  const [first = '', second = ''] = targets;
  assert.equal(bench.run(['sync', bench.at('src'), first, first], ENV).status, 64);
  fs.writeFileSync(path.join(second, 'extra'), 'x');
  const ran = rollout(fleet, '--all-or-nothing');
  assert.notEqual(ran.status, 0);
  assert.deepEqual(fs.readdirSync(first), []);
  assert.deepEqual(fleet.log(), []);
});

test('on a terminal it is asked once, for the first target; without the right word nothing goes', async (t) => {
  if (!needs(t, 'bsdutils')) return;
  const fleet = newFleet(3);
  const { bench, targets } = fleet;
  assert.equal(rollout(fleet).status, 0);
  // Owned since, old enough, and gone at the source: each target would delete it.
  bench.write('src/kept');
  assert.equal(rollout(fleet).status, 0);
  fs.unlinkSync(bench.at('src/kept'));
  const command = `${PROGRAM} sync ${bench.at('src')} ${targets.join(' ')}`;
  const options = (answer: string) => ({
    env: {
      HOLDFAST_STATE: bench.state,
      HOLDFAST_VAULT: bench.vault,
      HOLDFAST_PASSPHRASE: 'x',
      TERM: 'xterm',
      LANG: 'C.UTF-8',
    },
    cwd: bench.scratch,
    answers: [[/Type t1 to do it/, answer]] as const,
  });
  const kept = (): readonly boolean[] =>
    targets.map((target) => fs.existsSync(path.join(target, 'kept')));
  const no = await onTerminal(command, options('no'));
  assert.notEqual(no.status, 0);
  assert.deepEqual(kept(), [true, true, true], no.shown);
  const yes = await onTerminal(command, options('t1'));
  assert.equal(yes.status, 0, yes.shown);
  assert.deepEqual(kept(), [false, false, false]);
  assert.match(
    yes.shown.replaceAll(/\s+/g, ' '),
    /Ctrl-C stops; elsewhere: holdfast sync --pause r-/,
    'all hosts on one screen',
  );
  assert.match(yes.shown, /3 of 3 targets done/);
});
