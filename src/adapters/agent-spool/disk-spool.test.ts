// Goal: what the spool said it keeps is there after a crash at any call, in order, until the server
// has it; a full or dead disk costs no record that memory can hold; what is let go of is counted.
// Method: random programs over a simulated disk, opened again in states after a crash at each call;
// planned failures of the disk; the documented segment as a golden file.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SimDisk } from '../../../sim/disk.ts';
import { Seeded, seededRandom } from '../../../sim/seeded.ts';
import { byteString } from '../../base/bytes.ts';
import { unixMs } from '../../base/units.ts';
import type { KeptRecord, Unnumbered } from '../../watch/shell/agent/agent-ports.ts';
import { nodeTools } from '../node/tools.ts';
import { DiskSpool } from './disk-spool.ts';
import { FileHeardBook } from './heard-book.ts';
import { openNumbers } from './numbers.ts';
import { readSegment, segmentLine } from './segment.ts';

const SEED = Number(process.env.HOLDFAST_SEED ?? 20261121);
const DIR = byteString('/state');
const NOW = unixMs(1_800_000_000_000);
const JOB = 'a'.repeat(32);
const MOST = { count: 1e6, bytes: 1e9 };
const tools = { ...nodeTools(), random: seededRandom(1) };

function open(disk: SimDisk, bytesMax?: number): DiskSpool {
  const numbers = openNumbers({ disk, tools }, DIR, NOW);
  return new DiskSpool({ disk, tools, numbers }, DIR, bytesMax);
}

function made(disk: SimDisk): SimDisk {
  disk.makeDir(DIR);
  return disk;
}

function was(item: string, saw: 'healthy' | 'broken', why = 'it is so'): Unnumbered<KeptRecord> {
  const rest = { boot: 'b', upMs: 5, wallMs: 6, why, detail: { a: 1 } };
  return { t: 'was', item: `disk:${item}`, kind: 'disk', saw, ...rest };
}

function anyRecord(seeded: Seeded): Unnumbered<KeptRecord> {
  const job = seeded.pick([JOB, 'b'.repeat(32)]);
  return seeded.pick<Unnumbered<KeptRecord>>([
    was(`d${seeded.below(4)}`, seeded.pick(['healthy', 'broken']), 'x'.repeat(seeded.below(500))),
    { t: 'line', from: 'kernel', upMs: 1, priority: 3, text: `ä ${seeded.below(1e6)}` },
    { t: 'job', job, state: 'done', why: '', answer: '{"a":1}' },
    { t: 'gone', item: 'disk:x', why: 'no more' },
  ]);
}

for (const mode of ['posix', 'ext4'] as const) {
  test(`SEED=${SEED} ${mode}: killed at every call, what was kept is there`, (t) => {
    const seeded = new Seeded(SEED);
    const disk = made(new SimDisk({ mode }));
    let spool = open(disk);
    let last = 0;
    for (let round = 0; round < 60; round++) {
      const before = last;
      const records = Array.from({ length: 1 + seeded.below(3) }, () => anyRecord(seeded));
      spool.keep(records);
      const all = spool.oldest(MOST);
      last = all.at(-1)?.n ?? last;
      for (const record of all.filter(({ n }) => n > before)) disk.mark(JSON.stringify(record));
      if (seeded.isTrue(0.2)) {
        const upTo = all[seeded.below(all.length)]?.n ?? 0;
        disk.mark(`forget ${upTo}`);
        spool.forget(upTo);
      }
      if (seeded.isTrue(0.1)) spool = open(disk);
    }
    let states = 0;
    for (const point of disk.crashPoints()) {
      const wanted = wantedOf(point.marks);
      for (const state of point.disks(SEED + point.calls, 3)) {
        states += 1;
        const found = open(state).oldest(MOST);
        const numbers = found.map(({ n }) => n);
        assert.deepEqual(
          numbers,
          [...numbers].sort((a, b) => a - b),
          'in their order',
        );
        assert.equal(new Set(numbers).size, numbers.length, 'each once');
        const byNumber = new Map<number, KeptRecord>(found.map((record) => [record.n, record]));
        for (const record of wanted) {
          assert.deepEqual(byNumber.get(record.n), record, `SEED=${SEED} call ${point.calls}`);
        }
      }
    }
    t.diagnostic(`SEED=${SEED}: ${disk.calls} calls, ${states} states`);
    assert.ok(states > 300, 'liveness: many states were seen');
  });
}

function wantedOf(marks: readonly string[]): readonly KeptRecord[] {
  const upTo = Math.max(0, ...marks.map((mark) => Number(/^forget (\d+)$/.exec(mark)?.[1] ?? 0)));
  const records = marks.filter((mark) => !mark.startsWith('forget'));
  return records.map((mark): KeptRecord => JSON.parse(mark)).filter(({ n }) => n > upTo);
}

test('numbers never come again, whatever the disk forgot', () => {
  const disk = made(new SimDisk({}));
  const first = openNumbers({ disk, tools }, DIR, NOW);
  const used = [first.next(), first.next()];
  const second = openNumbers({ disk, tools }, DIR, NOW);
  assert.ok(second.run > first.run);
  assert.ok(second.next() > Math.max(...used));
  disk.unlink(byteString('/state/numbers.json'));
  const third = openNumbers({ disk, tools }, DIR, unixMs(NOW + 5_000_000));
  assert.ok(third.run > second.run, 'the wall clock stands in for what was lost');
  assert.ok(third.next() > Math.max(...used));
  // A wall clock that went back does no harm while the file is there.
  assert.ok(openNumbers({ disk, tools }, DIR, unixMs(1)).run > third.run);
});

test('a run of numbers is durable before it is used', () => {
  const disk = made(new SimDisk({}));
  const first = openNumbers({ disk, tools }, DIR, NOW);
  const n = first.next();
  for (const state of disk.statesAfterCrash(SEED, 20)) {
    const next = openNumbers({ disk: state, tools }, DIR, unixMs(1));
    assert.ok(next.run > first.run && next.next() > n);
  }
});

test('a disk that takes nothing: it goes on in memory, says so, and writes it when it can', () => {
  const disk = made(new SimDisk({ capacityBytes: 6000 }));
  const spool = open(disk);
  assert.equal(spool.state().inMemory, undefined);
  for (let at = 0; at < 40; at++) spool.keep([was(`d${at}`, 'broken', 'y'.repeat(400))]);
  assert.match(spool.state().inMemory ?? '', /./);
  const before = spool.oldest(MOST);
  assert.equal(before.length, 40, 'none is lost while it runs');
  assert.ok(open(made(forkOf(disk))).oldest(MOST).length < 40, 'liveness: the disk was full');
  spool.forget(before[29]?.n ?? 0);
  assert.equal(spool.oldest(MOST).length, 10);
  assert.equal(spool.state().inMemory, undefined, 'there is room again');
  assert.equal(open(disk).oldest(MOST).length, 10);
});

test('each failing call of the disk costs no record', () => {
  for (let call = 1; call < 60; call++) {
    const disk = made(new SimDisk({}));
    disk.failAt(disk.calls + call, call % 2 === 0 ? 'EIO' : 'ENOSPC');
    const spool = open(disk);
    for (let at = 0; at < 12; at++) spool.keep([was(`d${at}`, 'broken')]);
    assert.equal(spool.oldest(MOST).length, 12);
    assert.equal(spool.state().inMemory, undefined, 'it has written since');
    assert.equal(
      open(disk)
        .oldest(MOST)
        .filter(({ t }) => t === 'was').length,
      12,
      `call ${call}`,
    );
  }
});

test('full: repeats go first, then what is oldest; how many is said, and it stays bounded', () => {
  const disk = made(new SimDisk({}));
  const bytesMax = 400_000;
  const spool = open(disk, bytesMax);
  spool.keep([{ t: 'job', job: JOB, state: 'done', why: 'the first of all' }]);
  let put = 1;
  for (let at = 0; at < 3000; at++) {
    const saw = Math.floor(at / 2) % 2 === 0 ? 'healthy' : 'broken';
    spool.keep([was(`flaps${at % 3}`, saw, 'z'.repeat(200))]);
    put += 1;
    assert.ok(spool.state().bytes <= bytesMax);
    assert.ok(bytesOn(disk) <= bytesMax + 1024, `${bytesOn(disk)} on the disk`);
  }
  const left = spool.oldest(MOST);
  const lost = left.flatMap((record) => (record.t === 'lost' ? [record.count] : []));
  const count = lost.reduce((sum, each) => sum + each, 0);
  assert.ok(count > 0, 'liveness: it was full');
  assert.equal(count + left.length - lost.length, put, 'every record is there or counted');
  assert.ok(
    left.some(({ t }) => t === 'job'),
    'how a job ended outlives what flaps',
  );
  assert.deepEqual(open(disk, bytesMax).oldest(MOST), left);
});

test('a flipped bit costs one record, is counted once, and the rest is read', () => {
  const disk = made(new SimDisk({}));
  open(disk).keep([was('a', 'broken'), was('b', 'broken'), was('c', 'broken')]);
  const [name] = disk.list(byteString('/state/spool')) ?? [];
  const path = byteString(`/state/spool/${name}`);
  const bytes = disk.read(path).slice();
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  disk.unlink(path);
  disk.create(path).write(bytes);
  for (const round of [1, 2]) {
    const kinds = open(disk)
      .oldest(MOST)
      .map((record) => record.t);
    assert.deepEqual(kinds, ['was', 'was', 'lost'], `round ${round}`);
  }
});

test('the documented segment is read, and written the same', () => {
  const golden = readFileSync(
    new URL('../../../test/golden/agent-spool/0000019a00000000.spool', import.meta.url),
  );
  const { records, damagedCount } = readSegment(tools, golden);
  assert.equal(damagedCount, 0);
  assert.deepEqual(
    records.map(({ record }) => record.t),
    ['was', 'gone', 'line', 'job', 'lost'],
  );
  const written = Buffer.concat(records.map(({ record }) => segmentLine(tools, record)));
  assert.ok(written.equals(golden));
});

test('a job that began is known after a crash, and is not begun again', () => {
  const disk = made(new SimDisk({}));
  const book = new FileHeardBook({ disk, tools }, DIR);
  assert.equal(book.begin(JOB), true);
  assert.equal(book.begin(JOB), false);
  for (const state of disk.statesAfterCrash(SEED, 20)) {
    const after = new FileHeardBook({ disk: state, tools }, DIR);
    assert.deepEqual(after.begun(), [JOB]);
    assert.equal(after.begin(JOB), false);
  }
  book.end(JOB);
  const later = new FileHeardBook({ disk, tools }, DIR);
  assert.deepEqual([later.begun(), later.has(JOB)], [[], true]);
  for (let at = 0; at < 3000; at++) later.hear(`id-${at}`);
  assert.ok(disk.read(byteString('/state/heard.json')).length < 40_000, 'it is bounded');
});

test('a job is not begun where that cannot be kept', () => {
  const disk = made(new SimDisk({}));
  const book = new FileHeardBook({ disk, tools }, DIR);
  disk.failAt(disk.calls + 1, 'ENOSPC');
  assert.throws(() => book.begin(JOB), /ENOSPC/);
  assert.equal(book.has(JOB), false);
});

function forkOf(disk: SimDisk): SimDisk {
  const seen = disk.fingerprint();
  for (const state of disk.statesAfterCrash(0, 3)) if (state.fingerprint() === seen) return state;
  throw new Error('all that is seen may be durable');
}

function bytesOn(disk: SimDisk): number {
  const dir = byteString('/state/spool');
  const sizes = (disk.list(dir) ?? []).map((name) => disk.size(byteString(`${dir}/${name}`)) ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}
