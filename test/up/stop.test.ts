// Goal: `up` ends when it is told to, at rest with 0, at work with the signal's code; it leaves no
// scratch, not even killed once the next one ran; and two never share a state.
// Method: signals to the real program, when its scratch shows that it restores.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Bench } from '../cli/run-cli.ts';

const FILES = 3000;
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

function start(): Running {
  const child = bench.start(['up', bench.at('data')], { env });
  children.push(child);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const running: Running = { child, ended, said: '' };
  const hear = (bytes: unknown): void => {
    running.said += String(bytes);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  return running;
}

/** Until something is so, or it ended by itself. */
async function until(running: Running, isSo: () => boolean): Promise<void> {
  while (!isSo() && running.child.exitCode === null) await setTimeout(2);
}

/** One that has begun to restore. */
async function startedDrill(): Promise<Running> {
  const running = start();
  await until(running, () => scratch().some((name) => fs.readdirSync(at(name)).length > 0));
  return running;
}

const at = (name: string): string => path.join(bench.state, 'scratch', name);

const scratch = (): readonly string[] => {
  const dir = path.join(bench.state, 'scratch');
  return fs.existsSync(dir) ? fs.readdirSync(dir) : [];
};

test('stopped, killed, doubled and stopped at rest, it leaves no scratch and ends as it should', async () => {
  const stopped = await startedDrill();
  stopped.child.kill('SIGINT');
  assert.equal(await stopped.ended, 130, stopped.said);
  assert.match(stopped.said, /Stopped by Ctrl-C\. What was kept before is as it was/);
  assert.deepEqual(scratch(), []);

  const killed = await startedDrill();
  killed.child.kill('SIGKILL');
  assert.equal(await killed.ended, null);
  assert.notDeepEqual(scratch(), [], 'else nothing is shown');

  const running = start();
  await until(running, () => running.said.includes('Next round'));
  assert.deepEqual(scratch(), []);
  const second = bench.run(['up', '--once', bench.at('data')], { env });
  assert.equal(second.status, 1);
  assert.match(second.stderr, /HF_UP_RUNNING[\s\S]*process [0-9]+/);
  running.child.kill('SIGTERM');
  assert.equal(await running.ended, 0, running.said);
  assert.match(running.said, /Stopped\. What was kept lies in /);
  assert.match(running.said, /● drill/);
});
