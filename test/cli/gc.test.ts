// Goal: backups over two months are forgotten by the rules and no others, what stays restores, check calls none of
// them lost, an undo brings all back, and what is held, tagged or young never goes.
// Method: real backups dated by an injected clock; the real program does the rest.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { days, unixMs } from '../../src/base/units.ts';
import { backupAt } from '../vault/dated-backups.ts';
import { Bench } from './run-cli.ts';

const DAY = days(1);
/** Longer than the grace of a second that is given. */
const GRACE_MS = 1100;

interface SaidGc {
  readonly plan?: string;
  readonly doubt: string | null;
  readonly done: boolean;
  readonly verdict: string;
  readonly total: number;
  readonly freedBytes: number;
  readonly moved?: { readonly sources: number; readonly newPacks: number };
  readonly space: { readonly sharedBytes: number; readonly deadBytes: number };
  readonly forget: readonly { readonly id: string }[];
  readonly keep: readonly { readonly id: string; readonly keptBy: readonly string[] }[];
}

interface History {
  readonly bench: Bench;
  /** By how many days ago. */
  readonly ids: ReadonlyMap<number, string>;
}

function begun(t: TestContext): Bench {
  const bench = new Bench();
  t.after(() => bench.remove());
  const ran = bench.run(['init']);
  assert.equal(ran.status, 0, ran.stderr);
  return bench;
}

async function history(
  bench: Bench,
  agesInDays: readonly number[],
  tagged: ReadonlyMap<number, readonly string[]> = new Map(),
): Promise<History> {
  const ids = new Map<number, string>();
  for (const age of agesInDays) {
    bench.write('data/same', 'the same in all of them');
    bench.write('data/own', `of ${age} days ago, ${randomBytes(20_000).toString('hex')}`);
    const tags = tagged.get(age);
    const of = { data: bench.at('data'), dataSet: 'data', ...(tags === undefined ? {} : { tags }) };
    ids.set(age, await backupAt(bench, unixMs(Date.now() - age * DAY), of));
  }
  return { bench, ids };
}

function gc(bench: Bench, ...args: readonly string[]) {
  const { status, said } = bench.json(['vault', 'gc', ...args]);
  return { status, said: said as unknown as SaidGc };
}

const listed = (bench: Bench): readonly string[] =>
  (bench.json(['snapshots']).said.snapshots ?? []).map(({ id }) => id ?? '').sort();

const packBytes = (bench: Bench): number =>
  fs
    .readdirSync(bench.at('vault/packs'))
    .reduce((sum, name) => sum + fs.statSync(bench.at('vault/packs', name)).size, 0);

test('what no rule keeps is forgotten, the rest restores, and an undo brings all back', async (t) => {
  const bench = begun(t);
  const tagged = new Map([[55, ['release']]]);
  const { ids } = await history(bench, [60, 55, 50, 40, 30, 20, 12, 10, 9, 8, 2, 1], tagged);
  const id = (age: number): string => ids.get(age) ?? '';
  assert.equal(bench.run(['vault', 'hold', id(50).slice(0, 8), '--reason', 'an audit']).status, 0);
  const before = listed(bench);

  const dry = gc(bench, '--keep', 'last=2,tag=release', '--dry-run');
  const wanted = [60, 40, 30, 20, 12, 10].map(id).sort();
  assert.deepEqual([dry.status, dry.said.done, dry.said.doubt], [0, false, null]);
  assert.deepEqual(dry.said.forget.map((each) => each.id).sort(), wanted);
  const keptBy = new Map(dry.said.keep.map((each) => [each.id, each.keptBy.join()]));
  assert.equal(keptBy.get(id(50)), 'held');
  assert.equal(keptBy.get(id(55)), 'tag');
  assert.equal(keptBy.get(id(1)), 'younger than min-age,floor');
  assert.deepEqual(listed(bench), before, 'a dry run changes nothing');

  const unasked = bench.run(['vault', 'gc', '--keep', 'last=2,tag=release']);
  assert.equal(unasked.status, 2);
  assert.match(unasked.stdout, /6 of 12 snapshots would be forgotten/);
  assert.match(unasked.stdout, /--yes does it/);
  assert.deepEqual(listed(bench), before, 'nobody was there to be asked');

  const done = gc(bench, '--keep', 'last=2,tag=release', '--yes');
  assert.equal(done.status, 0);
  assert.ok(done.said.plan !== undefined);
  const left = before.filter((each) => !wanted.includes(each));
  assert.deepEqual(listed(bench), left);
  const check = bench.json(['vault', 'check', '--read-data']);
  assert.equal(check.status, 0, JSON.stringify(check.said.findings));
  assert.deepEqual(check.said.findings, []);
  for (const each of [id(55), id(9), id(1)]) {
    const target = bench.at(`restored-${each.slice(0, 8)}`);
    assert.equal(bench.run(['restore', each.slice(0, 12), target]).status, 0);
    assert.equal(fs.readFileSync(`${target}/same`, 'utf8'), 'the same in all of them');
  }

  const other = bench.run(['undo', done.said.plan]);
  assert.match(other.stderr, /holdfast vault gc\s+--undo/);

  const again = gc(bench, '--keep', 'last=2,tag=release', '--yes');
  assert.deepEqual([again.status, again.said.forget, again.said.freedBytes], [0, [], 0]);

  const undone = bench.json(['vault', 'gc', '--undo', done.said.plan]);
  assert.equal(undone.status, 0);
  assert.deepEqual((undone.said.putBack as string[]).toSorted(), wanted);
  assert.deepEqual(listed(bench), before);
  const target = bench.at('restored-60');
  assert.equal(bench.run(['restore', id(60).slice(0, 12), target]).status, 0);
  assert.match(fs.readFileSync(`${target}/own`, 'utf8'), /^of 60 days ago/);
  assert.equal(bench.run(['vault', 'check']).status, 0);

  // Forgotten again, and when its time is over the space is free and an undo comes too late.
  const second = gc(bench, '--keep', 'last=2,tag=release', '--yes');
  const size = packBytes(bench);
  await sleep(GRACE_MS);
  const swept = gc(bench, '--keep', 'last=2,tag=release', '--grace', '1s', '--yes');
  assert.equal(swept.status, 0);
  // Each of the six brought 20 000 bytes of its own; those of the first lie beside what all others need.
  assert.ok(swept.said.freedBytes > 5 * 20_000, String(swept.said.freedBytes));
  assert.equal(swept.said.space.deadBytes, 0);
  assert.equal(packBytes(bench), size - swept.said.freedBytes);
  const late = bench.json(['vault', 'gc', '--undo', second.said.plan ?? '']);
  assert.deepEqual([late.status, (late.said.tooLate as string[]).toSorted()], [6, wanted]);
  assert.deepEqual(listed(bench), left);
  const whole = bench.json(['vault', 'check', '--read-data']);
  assert.deepEqual([whole.status, whole.said.findings], [0, []]);
  const kept = bench.at('restored-after');
  assert.equal(bench.run(['restore', id(55).slice(0, 12), kept]).status, 0);
  assert.match(fs.readFileSync(`${kept}/own`, 'utf8'), /^of 55 days ago/);

  // What stayed is excused by nothing: were it lost now, that is damage.
  const [gone] = fs
    .readdirSync(bench.at('vault/snapshots'))
    .filter((name) => name.endsWith(id(55).slice(0, 32)));
  fs.unlinkSync(bench.at('vault/snapshots', gone ?? ''));
  const lost = bench.json(['vault', 'check']);
  assert.equal(lost.status, 1);
  assert.match(JSON.stringify(lost.said.findings), /missing: lost, or removed by somebody/);
});

test('what came back from an undo and is missing afterwards comes back with the next run', async (t) => {
  const bench = begun(t);
  const { ids } = await history(bench, [60, 30, 1]);
  const done = gc(bench, '--keep', 'last=1', '--yes');
  assert.equal(bench.run(['vault', 'gc', '--undo', done.said.plan ?? '']).status, 0);
  const before = listed(bench);
  const id = ids.get(60) ?? '';
  const found = fs.readdirSync(bench.at('vault/snapshots'));
  const name = found.find((each) => each.endsWith(id.slice(0, 32))) ?? '';
  fs.unlinkSync(bench.at('vault/snapshots', name));
  assert.equal(bench.run(['vault', 'check']).status, 1);
  const next = bench.run(['vault', 'gc', '--keep', 'last=5', '--yes']);
  assert.equal(next.status, 0, next.stderr);
  assert.match(next.stdout, new RegExp(`back\\s+${id.slice(0, 8)}.*there again`, 's'));
  assert.deepEqual(listed(bench), before);
  assert.equal(bench.run(['vault', 'check', '--read-data']).status, 0);
});

test('what is needed of many small packs moves into few, and all of it restores', async (t) => {
  const bench = begun(t);
  const { ids } = await history(bench, [40, 39, 38, 37, 36, 35, 34, 33, 32, 31]);
  const folder = (name: string): readonly string[] => fs.readdirSync(bench.at('vault', name));
  const keep = ['--keep', 'last=8,min-age=1d'];
  const dry = bench.run(['vault', 'gc', ...keep, '--dry-run']);
  assert.match(dry.stdout, /would move +[0-9.]+ KiB that is needed out of 1[0-9]\s+packs/);
  assert.equal(folder('packs').length, 20, 'a dry run moves nothing');
  const still = gc(bench, ...keep, '--move-bytes', '0', '--yes');
  assert.equal(still.said.moved?.newPacks, 0);
  bench.write('holdfast.yaml', 'min-free: 100%\n');
  const full = gc(bench, ...keep, '--yes');
  assert.equal(full.said.moved?.newPacks, 0, 'the floor of holdfast.yaml stays free');
  fs.unlinkSync(bench.at('holdfast.yaml'));
  const { status, said } = gc(bench, ...keep, '--yes');
  assert.equal(status, 0);
  assert.ok((said.moved?.sources ?? 0) >= 16, JSON.stringify(said.moved));
  assert.equal(folder('index').length, 2, 'all that there were, and that of what was moved');
  await sleep(GRACE_MS);
  const swept = gc(bench, ...keep, '--grace', '1s', '--yes');
  assert.ok(swept.said.freedBytes > 8 * 20_000);
  assert.equal(folder('packs').length, 2, 'one of content and one of pages');
  const check = bench.json(['vault', 'check', '--read-data']);
  assert.deepEqual([check.status, check.said.findings], [0, []]);
  const target = bench.at('restored');
  assert.equal(bench.run(['restore', (ids.get(37) ?? '').slice(0, 12), target]).status, 0);
  assert.match(fs.readFileSync(`${target}/own`, 'utf8'), /^of 37 days ago/);
  for (const wrong of [
    ['--sparse', '8GiB'],
    ['--sparse', '120%'],
    ['--move-bytes', '10%'],
  ]) {
    assert.equal(bench.run(['vault', 'gc', ...keep, ...wrong]).status, 64, wrong.join(' '));
  }
});

test('a hold stands until it is released, and says why', async (t) => {
  const bench = begun(t);
  const { ids } = await history(bench, [40, 35, 30, 20]);
  const first = (ids.get(40) ?? '').slice(0, 8);
  assert.equal(bench.run(['vault', 'hold', first]).status, 64, 'without a reason');
  assert.equal(bench.run(['vault', 'hold', first, '--reason', 'for the court']).status, 0);
  assert.match(bench.run(['vault', 'hold']).stdout, new RegExp(`${first} .*for the court`));
  assert.deepEqual(gc(bench, '--keep', 'last=1,min-age=1d').said.forget.length, 1);
  const raw = fs.readdirSync(bench.at('vault/holds')).map((name) => bench.at('vault/holds', name));
  assert.doesNotMatch(fs.readFileSync(raw[0] ?? '', 'utf8'), /court/, 'its reason is sealed');
  const release = ['vault', 'hold', first, '--release', '--reason', 'it is over'];
  assert.equal(bench.run(release).status, 0);
  assert.equal(bench.run(release).status, 64, 'nothing holds it any more');
  assert.deepEqual(gc(bench, '--keep', 'last=1,min-age=1d').said.forget.length, 2);
  assert.equal(gc(bench, '--keep', 'last=1,min-age=1d', '--yes').status, 0);
  // What cannot be read may hold any: nothing goes, and nothing that waited is freed.
  const torn = bench.at('vault/holds', 'a'.repeat(32));
  fs.writeFileSync(torn, 'torn');
  await sleep(GRACE_MS);
  const now = ['--keep', 'last=1,min-age=1d', '--grace', '1s', '--yes'];
  const stopped = gc(bench, ...now);
  assert.deepEqual([stopped.status, stopped.said.forget, stopped.said.freedBytes], [2, [], 0]);
  assert.match(stopped.said.doubt ?? '', /may hold any snapshot/);
  fs.unlinkSync(torn);
  assert.ok(gc(bench, ...now).said.freedBytes > 20_000);
});

test('frozen changes hold it, and the retention of holdfast.yaml is the one it goes by', async (t) => {
  const bench = begun(t);
  await history(bench, [40, 35, 30, 20]);
  bench.write('holdfast.yaml', 'keep: {last: 1, min-age: 1d, floor: 2}\n');
  const shown = bench.run(['vault', 'gc', '--dry-run']);
  assert.equal(shown.status, 0, shown.stderr);
  assert.match(shown.stdout, /retention +last=1,min-age=1d,floor=2/);
  assert.equal(bench.run(['freeze', '--reason', 'a move', '--for', '1h']).status, 0);
  const frozen = gc(bench, '--yes');
  assert.deepEqual([frozen.status, frozen.said.done, frozen.said.verdict], [2, false, 'hold']);
  assert.equal(bench.run(['unfreeze']).status, 0);
  const { status, said } = gc(bench, '--yes');
  assert.deepEqual([status, said.forget.length], [0, 1]);
  assert.equal(listed(bench).length, 3);
});

test('without a retention nothing is forgotten; what is typed wrong is said', async (t) => {
  const bench = begun(t);
  await history(bench, [400, 390]);
  const none = bench.run(['vault', 'gc', '--yes']);
  assert.equal(none.status, 0);
  assert.match(none.stdout, /no retention is set, so all 2 snapshots\s+stay/);
  assert.equal(listed(bench).length, 2);
  assert.equal(bench.run(['vault', 'gc', '--keep', 'newest=1']).status, 64);
  assert.equal(bench.run(['vault', 'gc', '--undo', 'p-00000000']).status, 64);
  const far = bench.json(['vault', 'gc', '--vault', 'ssh://backup@far/srv/vault']);
  assert.deepEqual([far.status, far.said.error?.code], [1, 'HF_VAULT_KEEPER']);
  assert.match(far.said.error?.remedy ?? '', /on far.*holdfast vault gc --vault \/srv\/vault/);
});
