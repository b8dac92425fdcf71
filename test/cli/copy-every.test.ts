// Goal: `vault copy --every` brings what comes to the other place without anybody asking, outlives a
// place that is away for a while, and ends by itself when it is stopped.
// Method: the real program beside real backups; the copy is moved away and put back under it.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bench } from './run-cli.ts';

const LONG_MS = 60_000;

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + LONG_MS; !isSo(); ) {
    assert.ok(Date.now() < end, what);
    await sleep(100);
  }
}

const lines = (child: ChildProcess): string[] => {
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => said.push(...chunk.toString().split('\n')));
  }
  return said;
};

test('what comes is copied, a place that is away is waited for, and Ctrl-C ends it', async (t) => {
  const bench = new Bench();
  t.after(() => bench.remove());
  bench.write('data/a', 'a');
  assert.equal(bench.run(['init']).status, 0);
  const copy = bench.at('copy');
  const snapshots = () => {
    const folder = path.join(copy, 'snapshots');
    return fs.existsSync(folder) ? fs.readdirSync(folder).length : 0;
  };
  const backup = (content: string) => {
    bench.write('data/a', content);
    assert.equal(bench.run(['backup', '--name', 'data', bench.at('data')]).status, 0);
  };
  backup('first');
  const copying = bench.start(['vault', 'copy', bench.vault, copy, '--every', '1s', '--json']);
  t.after(() => copying.kill('SIGKILL'));
  const said = lines(copying);
  await until('the first is copied', () => snapshots() === 1);
  backup('second');
  await until('so is the second', () => snapshots() === 2);
  // Something else lies there for a while: that is said, and it goes on.
  fs.renameSync(copy, `${copy}.away`);
  fs.mkdirSync(copy);
  fs.writeFileSync(path.join(copy, 'strange'), '');
  await until('it is said', () => said.some((line) => line.includes('HF_COPY_TARGET')));
  fs.rmSync(copy, { recursive: true });
  fs.renameSync(`${copy}.away`, copy);
  backup('third');
  await until('the third comes too', () => snapshots() === 3);
  const count = said.length;
  await until('it rests', () => said.length > count);
  await sleep(300);
  const ended = once(copying, 'exit');
  copying.kill('SIGINT');
  assert.deepEqual(await ended, [0, null], said.slice(-5).join('\n'));
  assert.equal(bench.run(['restore', '--vault', copy, 'latest', bench.at('back')]).status, 0);
  assert.equal(fs.readFileSync(bench.at('back/a'), 'utf8'), 'third');
});
