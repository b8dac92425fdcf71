// Goal: `coverage` says of a backup that nobody tried, and of rules that leave out much; and no more once it was tried.
// Method: the real program, a data set with a large part that is excluded, a drill.
import assert from 'node:assert/strict';
import os from 'node:os';
import { afterEach, beforeEach, test } from 'node:test';
import { Bench } from './run-cli.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  assert.equal(bench.run(['init']).status, 0);
});
afterEach(() => bench.remove());

interface Coverage {
  readonly findings?: readonly { readonly code: string; readonly sentence: string }[];
}

const codes = (): readonly string[] =>
  ((bench.json(['coverage']).said as Coverage).findings ?? []).map(({ code }) => code).toSorted();

test('never tried, and without much of it', () => {
  bench.write('data/a.txt', 'first');
  bench.write('data/cache/big', Buffer.alloc(70 * 1024 * 1024, 7));
  assert.equal(bench.run(['backup', 'data', '--exclude', 'cache/']).status, 0);
  assert.deepEqual(codes(), ['backup-never-drilled', 'excludes-much']);
  const shown = bench.run(['coverage']).stdout.replaceAll(/\s+/g, ' ');
  assert.match(shown, /Worth a change .*1 backup in .* never restored for a trial/);
  assert.match(shown, /exclude rules leave out at least 70 MiB, 99 % of it \(cache\/\)/);
  assert.match(shown, /holdfast drill --data-set /);
  // The line that it gives is one that works.
  const line = /holdfast (drill --data-set (\S+))/.exec(shown);
  assert.equal(bench.run(['drill', '--data-set', line?.[2] ?? '']).status, 0);
  assert.deepEqual(codes(), ['excludes-much']);
  bench.write('data/cache/big', 'small');
  assert.equal(bench.run(['backup', 'data', '--exclude', 'cache/']).status, 0);
  assert.deepEqual(codes(), []);
});

test('what people say is no data is left out, and said with its reason', () => {
  bench.write('data/a.txt', 'first');
  assert.equal(bench.run(['backup', 'data']).status, 0);
  const rows = (): readonly string[] =>
    (bench.json(['coverage']).said as { rows: { path: string }[] }).rows.map(({ path }) => path);
  const path = bench.at('data');
  assert.ok(rows().includes(path), rows().join());
  const ignore = `{${path}: made again by the build}`;
  bench.write('holdfast.yaml', `hosts:\n  ${os.hostname()}: {ignore: ${ignore}}\n`);
  assert.ok(!rows().includes(path));
  const { stdout } = bench.run(['coverage']);
  assert.match(
    stdout.replaceAll(/\s+/g, ' '),
    /Left out by holdfast.yaml: .*: made again by the build/,
  );
});
