// Goal: `up` ends when it is told to, at rest with 0, at work with the signal's code; it leaves no
// scratch, not even killed once the next one ran; and two never share a state.
// Method: signals to the real program, timed by what it says; the trees are small, so that what
// takes longest is its look at this machine.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Bench } from '../cli/run-cli.ts';

const FILES = 4000;
/** No vault is named: it makes its own. */
const env = { HOLDFAST_VAULT: '' };
let bench: Bench;
let children: ChildProcess[];
beforeEach(() => {
  children = [];
  bench = new Bench();
  for (let at = 0; at < FILES; at++) bench.write(`data/${at % 40}/${at}`, `file ${at}\n`);
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  bench.remove();
});

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  said: string;
}

/** @param at words on either stream after which `then` is called, once */
function start(at: RegExp, then: (child: ChildProcess) => void): Running {
  const child = bench.start(['up', bench.at('data')], { env });
  children.push(child);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const running: Running = { child, ended, said: '' };
  let isSaid = false;
  const hear = (bytes: unknown): void => {
    running.said += String(bytes);
    if (isSaid || !at.test(running.said)) return;
    isSaid = true;
    then(child);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  return running;
}

const scratch = (): readonly string[] => {
  const dir = path.join(bench.state, 'scratch');
  return fs.existsSync(dir) ? fs.readdirSync(dir) : [];
};

test('stopped in the middle of a drill it leaves no scratch, and the next one ends well', async () => {
  const running = start(/restoring/, (child) => setTimeout(() => child.kill('SIGINT'), 50));
  assert.equal(await running.ended, 130, running.said);
  assert.match(running.said, /Stopped by Ctrl-C\. What was kept before is as it was/);
  assert.deepEqual(scratch(), []);
  const next = bench.run(['up', '--once', bench.at('data')], { env });
  assert.equal(next.status, 0, next.stderr);
});

test('killed in a drill, the next takes its scratch away; a second is refused; SIGTERM ends it', async () => {
  const killed = start(/restoring/, (child) => setTimeout(() => child.kill('SIGKILL'), 50));
  assert.equal(await killed.ended, null);
  fs.mkdirSync(path.join(bench.state, 'scratch/drill-left/below'), { recursive: true });
  const rests = Promise.withResolvers<undefined>();
  const running = start(/Next round/, () => rests.resolve(undefined));
  await Promise.race([rests.promise, running.ended]);
  assert.deepEqual(scratch(), []);
  const second = bench.run(['up', '--once', bench.at('data')], { env });
  assert.equal(second.status, 1);
  assert.match(second.stderr, /HF_UP_RUNNING[\s\S]*process [0-9]+/);
  running.child.kill('SIGTERM');
  assert.equal(await running.ended, 0, running.said);
  assert.match(running.said, /Stopped\. What was kept lies in /);
});
