// Goal: a key for less than all does what it is for, refuses the rest before anything is done by halves,
// and whose snapshots are believed is said by who has a key for all, and by nobody else.
// Method: the real program, two machines (two states) and one vault.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Bench, type RunOptions } from './run-cli.ts';

const bench = new Bench();
after(() => bench.remove());
const full = bench.at('full.key');
const keyOf = (scope: string): string => bench.at(`${scope}.key`);
const by = (key: string, state = 'state'): RunOptions => ({
  env: { HOLDFAST_KEY_FILE: key, HOLDFAST_STATE: bench.at(state) },
});
/** The host that only writes. */
const web1 = by(keyOf('write'), 'web1');

function ok(args: readonly string[], of: RunOptions): string {
  const { status, stdout, stderr } = bench.run(args, of);
  assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

function refused(args: readonly string[], of: RunOptions, code: string): void {
  const { status, stdout, stderr } = bench.run(args, of);
  assert.equal(status, 1, `${args.join(' ')}: ${stdout}`);
  assert.match(stderr, new RegExp(code), args.join(' '));
}

const snapshots = (of: RunOptions) =>
  bench.json(['snapshots'], of).said.snapshots as readonly {
    readonly trust: string;
    readonly unreadable?: string;
    readonly dataSet?: string;
  }[];

const backUp = (content: string): string => {
  bench.write('data/f', content);
  const { said } = bench.json(['backup', bench.at('data')], web1);
  const [{ writer }] = said.backups as readonly [{ writer: { fingerprint: string } }];
  return writer.fingerprint;
};

test('a key for writing writes, and every other verb says what it wants', () => {
  ok(['init', '--new-key-file', full], {});
  for (const scope of ['write', 'names', 'content']) {
    ok(['key', 'add', '--scope', scope, '--new-key-file', keyOf(scope)], by(full));
  }
  assert.match(ok(['key', 'list'], by(full)), /1 key opens this vault.*3 are for less/);
  bench.write('data/f', 'one');
  const said = ok(['backup', bench.at('data')], web1);
  assert.match(said, /nobody vouches/);
  assert.match(said, /holdfast key trust [0-9a-f]{16}/);
  const target = bench.at('out');
  for (const args of [
    ['ls', 'latest'],
    ['diff', 'latest', 'latest'],
    ['restore', 'latest', target],
    ['drill', 'latest'],
    ['export', 'latest'],
    ['vault', 'check'],
    ['coverage'],
    ['exposure'],
    ['cost'],
    ['key', 'sheet'],
    ['key', 'trust', '0'.repeat(16)],
    ['key', 'retire', '0000'],
    ['key', 'add', '--scope', 'content', '--new-key-file', bench.at('more.key')],
  ]) {
    refused(args, web1, 'HF_KEY_SCOPE');
  }
  assert.ok(!fs.existsSync(target) && !fs.existsSync(bench.at('more.key')));
  assert.deepEqual(
    snapshots(web1).map(({ unreadable }) => unreadable),
    ['this key only writes'],
  );
  for (const args of [
    ['restore', 'latest', target],
    ['vault', 'check', '--read-data'],
    ['drill', 'latest'],
  ]) {
    refused(args, by(keyOf('names'), 'names'), 'HF_KEY_SCOPE');
  }
});

test('what is believed of a writer: nothing, all, what was there; and no word is taken back', () => {
  const fingerprint = backUp('two');
  refused(['restore', 'latest', bench.at('no')], by(keyOf('content'), 'c'), 'HF_');
  ok(['key', 'trust', fingerprint], by(full));
  assert.doesNotMatch(ok(['backup', bench.at('data')], web1), /nobody vouches/);
  assert.match(ok(['ls', 'latest'], by(keyOf('names'), 'names')), /\bf\b/);
  assert.match(ok(['vault', 'check'], by(keyOf('names'), 'names')), /is sound/);
  ok(['restore', 'latest', bench.at('two')], by(keyOf('content'), 'c'));
  assert.equal(fs.readFileSync(bench.at('two', 'f'), 'utf8'), 'two');
  const before = snapshots(by(full)).length;

  ok(['key', 'distrust', fingerprint.slice(0, 16)], by(full));
  assert.match(ok(['backup', bench.at('data')], web1), /nobody vouches/);
  const trusts = snapshots(by(full)).map(({ trust }) => trust);
  assert.deepEqual(trusts, ['untrusted writer', ...Array<string>(before).fill('trusted')]);
  const { said } = bench.json(['key', 'writers'], by(keyOf('write'), 'web1'));
  const writers = said.writers as readonly {
    writer: string;
    isTrusted: boolean;
    believed: number;
  }[];
  const own = writers.find(({ writer }) => writer === fingerprint);
  assert.deepEqual([own?.isTrusted, own?.believed], [false, before]);

  // Whoever has the directory takes the last word away: who has heard it goes by it all the same.
  for (const folder of ['vouches', 'copy/vouches']) {
    fs.rmSync(path.join(bench.vault, folder, `${fingerprint}-000002`));
  }
  assert.equal(snapshots(by(full))[0]?.trust, 'untrusted writer');
  const { stdout, status } = bench.run(['vault', 'check'], by(full));
  assert.match(stdout, /somebody took it away/);
  assert.equal(status, 1);
  assert.equal(snapshots(by(full, 'new'))[0]?.trust, 'trusted', 'who has not heard it cannot know');
  ok(['key', 'distrust', fingerprint.slice(0, 16)], by(full));
  assert.equal(snapshots(by(full, 'new2'))[0]?.trust, 'untrusted writer');
});

test('a key of another vault, put in the place of one of ours, opens nothing', () => {
  const other = bench.at('other');
  ok(['init', '--vault', other, '--new-key-file', bench.at('other.key')], {});
  const [mine = ''] = fs.readdirSync(path.join(bench.vault, 'keys'));
  const [theirs = ''] = fs.readdirSync(path.join(other, 'keys'));
  const kept = fs.readFileSync(path.join(bench.vault, 'keys', mine));
  for (const folder of ['keys', 'copy/keys']) {
    fs.copyFileSync(path.join(other, 'keys', theirs), path.join(bench.vault, folder, mine));
  }
  const { status, stderr } = bench.run(
    ['backup', bench.at('data')],
    by(bench.at('other.key'), 'x'),
  );
  assert.equal(status, 1);
  assert.match(stderr, /HF_KEY_REFUSED/, 'nobody seals to keys that the store swapped in');
  for (const folder of ['keys', 'copy/keys']) {
    fs.writeFileSync(path.join(bench.vault, folder, mine), kept);
  }
});
