// Goal: what is in a vault is seen without restoring it: listed, compared, exported, checked,
// drilled; damage is found, named and ends with 1, and what was proven shows in exposure.
// Method: the real program; a pack is damaged by hand where damage is wanted.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Bench, treeOf } from './run-cli.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  assert.equal(bench.run(['init']).status, 0);
  bench.write('data/a.txt', 'first');
  bench.write('data/sub/b.bin', randomBytes(200_000));
  bench.write('data/sub/deep/c', 'c');
  assert.equal(bench.run(['backup', 'data']).status, 0);
});
afterEach(() => bench.remove());

/** Without the sentence and the empty line below it. */
function rows(stdout: string): readonly string[] {
  return stdout
    .split('\n')
    .slice(2)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

test('ls lists a directory, by its path here or there, and all below it', () => {
  assert.deepEqual(rows(bench.run(['ls', 'latest']).stdout), ['a.txt', 'sub/']);
  assert.deepEqual(rows(bench.run(['ls', 'latest', 'sub']).stdout), ['sub/b.bin', 'sub/deep/']);
  const there = bench.run(['ls', 'latest', bench.at('data/sub/deep')]).stdout;
  assert.deepEqual(rows(there), ['sub/deep/c']);
  const all = rows(bench.run(['ls', 'latest', '-r']).stdout);
  assert.deepEqual(all, ['a.txt', 'sub/', 'sub/b.bin', 'sub/deep/', 'sub/deep/c']);
  const long = rows(bench.run(['ls', 'latest', '-l']).stdout);
  assert.match(long[1] ?? '', /^drwx\S+ +\S+:\S+ +195 KiB +\d{4}-\d\d-\d\d \d\d:\d\d +sub\/$/);
  const absent = bench.json(['ls', 'latest', 'none']);
  assert.equal(absent.said.error?.code, 'HF_PATH_ABSENT');
  assert.equal(bench.json(['ls', 'abcdef01']).said.error?.code, 'HF_SNAPSHOT_ABSENT');
});

test('diff names what differs between two snapshots, and ends with 5 when it is asked to', () => {
  const first = bench.json(['snapshots']).said.snapshots?.[0]?.id ?? '';
  bench.write('data/new', 'new');
  bench.write('data/sub/b.bin', 'other');
  fs.rmSync(bench.at('data/a.txt'));
  assert.equal(bench.run(['backup', 'data']).status, 0);
  const ran = bench.run(['diff', first, 'latest', '--exit-code']);
  assert.equal(ran.status, 5, ran.stderr);
  const said = rows(ran.stdout);
  for (const line of [/^- a\.txt$/, /^\+ new$/, /^M sub\/b\.bin {3}size, content/]) {
    assert.ok(
      said.some((row) => line.test(row)),
      `${line}: ${said.join(' | ')}`,
    );
  }
  const same = bench.run(['diff', 'latest', 'latest', '--exit-code']);
  assert.equal(same.status, 0);
  assert.match(same.stdout, /do not differ/);
  assert.equal(bench.run(['diff', first, 'latest']).status, 0);
});

test('diff compares a snapshot with a directory', () => {
  const equal = bench.run(['diff', 'latest', 'data', '--exit-code', '--read-all']);
  assert.equal(equal.status, 0, equal.stdout + equal.stderr);
  fs.appendFileSync(bench.at('data/a.txt'), 'more');
  bench.write('data/extra', 'x');
  const ran = bench.run(['diff', 'latest', './data', '--exit-code']);
  assert.equal(ran.status, 5, ran.stderr);
  const said = rows(ran.stdout);
  assert.ok(
    said.some((row) => /^M a\.txt/.test(row)),
    said.join(' | '),
  );
  assert.ok(said.includes('+ extra'), said.join(' | '));
  assert.equal(bench.run(['diff', 'latest', './nowhere']).status, 64);
});

test('export gives a tar that tar reads, in a pipe or a file, and a plain directory', () => {
  const before = treeOf(bench.at('data'));
  fs.mkdirSync(bench.at('piped'));
  const script = `"$1" export latest | tar -x -C piped`;
  const piped = bench.run(['-c', script, 'sh', holdfast], { program: 'sh' });
  assert.equal(piped.status, 0, piped.stderr);
  assert.deepEqual(treeOf(bench.at('piped')), before);
  assert.equal(bench.run(['export', 'latest', 'sub/deep', '--tar', 'part.tar']).status, 0);
  const names = spawnSync('tar', ['-tf', bench.at('part.tar')], { encoding: 'utf8' }).stdout;
  assert.deepEqual(names.trim().split('\n'), ['sub/deep/', 'sub/deep/c']);
  const again = bench.run(['export', 'latest', '--tar', 'part.tar']);
  assert.equal(again.status, 64);
  assert.equal(bench.run(['export', 'latest', '--directory', 'plain']).status, 0);
  assert.deepEqual(treeOf(bench.at('plain')), before);
  assert.equal(bench.run(['export', 'latest', '--json']).status, 64);
});

const holdfast = path.join(import.meta.dirname, '../../bin/holdfast');

test('a sound vault is sound, and one flipped byte is found, named, and ends with 1', () => {
  for (const args of [[], ['--read-data'], ['--sample', '100%']]) {
    const ran = bench.run(['vault', 'check', ...args]);
    assert.equal(ran.status, 0, ran.stdout + ran.stderr);
    assert.match(ran.stdout, /^● \S+ is sound: 1 snapshot, /);
  }
  flipContent();
  const ran = bench.run(['vault', 'check', '--read-data']);
  assert.equal(ran.status, 1, ran.stdout);
  assert.match(ran.stdout, /^■ \S+ is damaged: 1 of 1 snapshot would not\s+come\s+back\s+whole\./);
  const { status, said } = bench.json(['vault', 'check', '--read-data']);
  assert.equal(status, 1);
  assert.equal(said.isSound, false);
  assert.ok((said.affectedCount as number) > 0);
  assert.equal(bench.run(['vault', 'check', '--sample', 'some']).status, 64);
});

/** In the middle of the largest pack, which holds content. */
function flipContent(): void {
  const [largest = ''] = fs
    .readdirSync(bench.at('vault/packs'))
    .map((name) => bench.at('vault/packs', name))
    .sort((one, other) => fs.statSync(other).size - fs.statSync(one).size);
  const bytes = fs.readFileSync(largest);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  fs.chmodSync(largest, 0o600);
  fs.writeFileSync(largest, bytes);
}

test('a drill proves a restore, leaves nothing behind, and fails on a flipped byte', () => {
  const ran = bench.run(['drill']);
  assert.equal(ran.status, 0, ran.stdout + ran.stderr);
  assert.match(
    ran.stdout,
    /^● Snapshot [0-9a-f]{8} was restored to scratch in .*, and is right\.\n/,
  );
  assert.deepEqual(fs.readdirSync(bench.at('state/scratch')), []);
  assert.match(bench.run(['exposure']).stdout, /drilled \d+ s ago/);
  flipContent();
  const failed = bench.run(['restore-test', '--no-source']);
  assert.equal(failed.status, 1, failed.stdout);
  assert.match(failed.stdout, /^■ The drill of snapshot [0-9a-f]{8} failed: do not rely on it\./);
  assert.deepEqual(fs.readdirSync(bench.at('state/scratch')), []);
});

test('a drill fails where the source changed without a trace', () => {
  const file = bench.at('data/sub/deep/c');
  const { atime, mtime } = fs.statSync(file);
  fs.writeFileSync(file, 'd');
  fs.utimesSync(file, atime, mtime);
  // Its change time says that somebody touched it: that is what time does, and no failure.
  assert.equal(bench.run(['drill']).status, 0);
});

test('exposure says what is told straight: a vault on the disk, and a key on one machine', () => {
  assert.equal(bench.run(['vault', 'check', '--read-data']).status, 0);
  const { status, said } = bench.json(['exposure', '--exit-code']);
  assert.equal(status, 5);
  const kinds = (said.exposure as readonly { domain: { kind: string } }[]).map(
    ({ domain }) => domain.kind,
  );
  for (const kind of ['host', 'directory', 'key']) assert.ok(kinds.includes(kind), kind);
  assert.match(bench.run(['exposure']).stdout, /re-read \d+ s ago/);
});

test('coverage counts what lies here, without writing anything', () => {
  const { status, said } = bench.json(['coverage']);
  assert.equal(status, 0);
  for (const name of [
    'host',
    'seenAt',
    'none',
    'unknown',
    'covered',
    'rows',
    'looked',
    'notSeen',
  ]) {
    assert.ok(name in said, name);
  }
  const { none, unknown, covered } = said as Record<string, { count: number }>;
  const rowCount = (said.rows as readonly unknown[]).length;
  assert.equal((none?.count ?? 0) + (unknown?.count ?? 0) + (covered?.count ?? 0), rowCount);
});
