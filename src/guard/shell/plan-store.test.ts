// Goal: a plan is there whole or not at all, whenever the power goes; one that was sealed stays, one
// that was removed stays away; and a file that was changed is never read as a plan.
// Method: plans are drafted, judged and removed on the simulated disk, which crashes at every call in
// many states. Oracle: what was acknowledged, and every listed plan read to its last operation.
// Then the same with each sync left out, which must be seen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimDisk } from '../../../sim/disk.ts';
import type { CrashMode } from '../../../sim/layers.ts';
import { seededRandom } from '../../../sim/seeded.ts';
import { headerExample, PLAN_NOW } from '../../../test/guard/plan-example.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Op, Verdict } from '../../base/plan.ts';
import { days, unixMs } from '../../base/units.ts';
import type { Disk } from '../../host/disk.ts';
import { digestOfHeader } from '../core/plan-digest.ts';
import { opLine } from '../core/plan-lines.ts';
import { PLAN_LIFE_MS, PlanStore } from './plan-store.ts';
import { deleteExample } from '../../../test/guard/plan-example.ts';

const SEED = Number(process.env.HOLDFAST_SEED ?? 20261120);
const STATE = byteString('/var/lib/holdfast');
const PLANS = byteString(`${STATE}/guard/plans`);
const STATES_PER_POINT = 10;
const tools = nodeTools();

type Mutate = (disk: Disk) => Disk;
const intact: Mutate = (disk) => disk;

function storeOn(disk: Disk, seed = SEED): PlanStore {
  return new PlanStore({ disk, tools: { ...tools, random: seededRandom(seed) }, stateDir: STATE });
}

const PATHS = ['a', 'b/c', 'b/d', 'z'];
const EXPIRES = unixMs(PLAN_NOW + PLAN_LIFE_MS);

function make(store: PlanStore, id: string, paths: readonly string[] = PATHS): void {
  const draft = store.draft(headerExample({ id, expires: EXPIRES }));
  for (const path of paths) draft.add(deleteExample(path));
  draft.seal();
}

function verdictOf(plan: string): Verdict {
  const needs = { approvals: 0, namesTarget: false };
  return { plan, decision: 'allow', objections: [], passed: ['complete'], needs };
}

const ONE = 'p-00000001';
const TWO = 'p-00000002';

/** One process, which notes what it was told is done. */
function work(disk: SimDisk, store: PlanStore): void {
  make(store, ONE);
  disk.mark(`made ${ONE}`);
  store.putVerdict(verdictOf(ONE), PLAN_NOW);
  disk.mark(`judged ${ONE}`);
  make(store, TWO, []);
  disk.mark(`made ${TWO}`);
  disk.mark(`removing ${ONE}`);
  store.remove(ONE);
  disk.mark(`removed ${ONE}`);
}

/** What is wrong after a crash; undefined: nothing. */
function wrongOn(disk: SimDisk, marks: readonly string[]): string | undefined {
  const store = storeOn(disk, SEED + 1);
  const plans = store.list();
  for (const plan of plans) {
    if (plan.flaw !== undefined) return `${plan.id} is listed and cannot be read`;
    const count = [...store.ops(plan.id)].length;
    if (count !== plan.header.ops.count) return `${plan.id} is not whole`;
    store.verdict(plan.id);
  }
  const ids = new Set(plans.map(({ id }) => id));
  const isGoing = marks.includes(`removing ${ONE}`);
  if (marks.includes(`made ${ONE}`) && !isGoing && !ids.has(ONE)) return 'a sealed plan is lost';
  if (marks.includes(`made ${TWO}`) && !ids.has(TWO)) return 'a sealed plan is lost';
  if (marks.includes(`removed ${ONE}`) && ids.has(ONE)) return 'a removed plan is back';
  if (marks.includes(`judged ${ONE}`) && ids.has(ONE) && store.verdict(ONE) === undefined) {
    return 'a verdict is lost';
  }
  store.sweep(unixMs(PLAN_NOW + days(2)));
  const left = (disk.list(PLANS) ?? []).filter((name) => !ids.has(name));
  return left.length === 0 ? undefined : `${left.join(', ')} stays`;
}

function crashEverywhere(
  mutate: Mutate,
  mode: CrashMode = 'posix',
): { wrong: string | undefined; states: number } {
  const disk = new SimDisk({ mode });
  work(disk, storeOn(mutate(disk)));
  const states = new Set<string>();
  for (const point of disk.crashPoints()) {
    for (const state of point.disks(SEED + point.calls, STATES_PER_POINT)) {
      states.add(state.fingerprint());
      const wrong = wrongOrThrown(state, point.marks);
      if (wrong !== undefined) return { wrong: `after call ${point.calls}: ${wrong}`, states: 0 };
    }
  }
  return { wrong: undefined, states: states.size };
}

function wrongOrThrown(disk: SimDisk, marks: readonly string[]): string | undefined {
  try {
    return wrongOn(disk, marks);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.message;
  }
}

for (const mode of ['posix', 'ext4'] satisfies CrashMode[]) {
  test(`a crash at any call (${mode}) leaves whole plans, and all that were acknowledged`, (t) => {
    const { wrong, states } = crashEverywhere(intact, mode);
    t.diagnostic(`seed ${SEED}, ${states} distinct states of the disk`);
    assert.equal(wrong, undefined);
    assert.ok(states > 20, `only ${states} states were seen`);
  });
}

function changed(disk: Disk, changes: Partial<Disk>): Disk {
  const same: Disk = {
    read: (path, range) => disk.read(path, range),
    openRead: (path) => disk.openRead(path),
    size: (path) => disk.size(path),
    list: (path) => disk.list(path),
    makeDir: (path) => disk.makeDir(path),
    create: (path) => disk.create(path),
    publish: (from, to) => disk.publish(from, to),
    link: (from, to) => disk.link(from, to),
    move: (from, to) => disk.move(from, to),
    unlink: (path) => disk.unlink(path),
    removeDir: (path) => disk.removeDir(path),
    syncDir: (path) => disk.syncDir(path),
    space: (path) => disk.space(path),
  };
  return { ...same, ...changes };
}

function withoutFileSync(name: string): Mutate {
  return (disk) =>
    changed(disk, {
      create: (path) => {
        const file = disk.create(path);
        return path.includes(name) ? { ...file, sync: () => undefined } : file;
      },
    });
}

const MUTANTS: Readonly<Record<string, Mutate>> = {
  'the operations are not synced': withoutFileSync('ops.ndjson'),
  'the header is not synced': withoutFileSync('header.json'),
  'the verdict is not synced': withoutFileSync('verdict.json'),
  'no directory is synced': (disk) => changed(disk, { syncDir: () => undefined }),
};
for (const [what, mutate] of Object.entries(MUTANTS)) {
  test(`a store in which ${what} is caught`, () => {
    assert.notEqual(crashEverywhere(mutate).wrong, undefined);
  });
}

test('a disk that is full at any call is said; the draft is dropped, and nothing stays of it', () => {
  let failures = 0;
  for (let failedAt = 1; ; failedAt++) {
    const disk = new SimDisk();
    disk.failAt(failedAt, 'ENOSPC');
    const store = storeOn(disk);
    const draft = tried(() => store.draft(headerExample({ id: ONE })));
    const sealed = tried(() => {
      draft?.add(deleteExample('x'));
      return draft?.seal();
    });
    if (sealed !== undefined) {
      if (disk.calls < failedAt) break;
      store.check(ONE);
      continue;
    }
    failures += 1;
    // A move that was made and not synced: the plan may be there, and is whole then.
    if (store.list().length === 0) draft?.drop();
    store.sweep(unixMs(PLAN_NOW + days(2)));
    for (const { id } of store.list()) store.check(id);
    assert.deepEqual(
      disk.list(PLANS) ?? [],
      store.list().map(({ id }) => id),
    );
  }
  assert.ok(failures > 8, `only ${failures} calls failed`);
});

function tried<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    return undefined;
  }
}

function stored(paths: readonly string[] = PATHS): { disk: SimDisk; store: PlanStore } {
  const disk = new SimDisk();
  const store = storeOn(disk);
  make(store, ONE, paths);
  return { disk, store };
}

function rewrite(disk: SimDisk, name: string, change: (text: string) => string): void {
  const path = byteString(`${PLANS}/${ONE}/${name}`);
  const text = Buffer.from(disk.read(path)).toString('latin1');
  disk.unlink(path);
  disk.create(path).write(Buffer.from(change(text), 'latin1'));
}

const lineOf = (path: string, n: number): ByteString => opLine({ ...deleteExample(path), n } as Op);
const DAMAGE: Readonly<Record<string, (text: string) => string>> = {
  'an operation less': (text) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1),
  'an operation more': (text) => text + lineOf('zz', 4),
  'two operations changed about': (text) =>
    text
      .split(/(?<=\n)/)
      .toReversed()
      .join(''),
  'a number that jumps': (text) => text.replace('"n":2', '"n":7'),
  'a last line that is cut': (text) => text.slice(0, -1),
  'other bytes': (text) => text.replace('"bytes":100', '"bytes":101'),
  'nothing at all': () => '',
  'no line at all': () => 'x'.repeat(2 ** 21),
};
for (const [what, change] of Object.entries(DAMAGE)) {
  test(`a plan with ${what} is never read to its end`, () => {
    const { disk, store } = stored();
    rewrite(disk, 'ops.ndjson', change);
    assert.throws(
      () => store.check(ONE),
      (error) =>
        error instanceof Fault &&
        error.code === 'HF_PLAN_INVALID' &&
        String(error.facts.path).includes(ONE),
    );
  });
}

test('a header or a verdict that was changed is refused, and the list goes on without it', () => {
  const { disk, store } = stored();
  store.putVerdict(verdictOf(ONE), PLAN_NOW);
  rewrite(disk, 'verdict.json', (text) => text.replace(ONE, TWO));
  assert.throws(() => store.verdict(ONE), { code: 'HF_PLAN_INVALID' });
  make(store, TWO);
  rewrite(disk, 'header.json', (text) => text.replace(ONE, TWO));
  assert.throws(() => store.read(ONE), { code: 'HF_PLAN_INVALID' });
  assert.deepEqual(
    store.list().map(({ id, flaw }) => [id, flaw?.code]),
    [
      [TWO, undefined],
      [ONE, 'HF_PLAN_INVALID'],
    ],
  );
});

test('what is sealed is read as it was drafted, and its digest is that of its header', () => {
  const { store } = stored();
  const { header, digest } = store.check(ONE);
  assert.equal(digest, digestOfHeader(tools.hash, header));
  assert.deepEqual(
    [...store.ops(ONE)].map(({ n, path }) => [n, path]),
    PATHS.map((path, n) => [n, path]),
  );
  assert.equal(header.summary.delete.bytes, 100 * PATHS.length);
  assert.equal(store.find('0000').header.id, ONE);
  assert.throws(() => store.find('ffff'), { code: 'HF_PLAN_ABSENT' });
  assert.throws(() => store.read('../../x'), { code: 'HF_PLAN_ABSENT' });
  make(store, TWO);
  assert.throws(() => store.find('p-0000'), /more than one/);
});

test('operations out of order, or below what goes as a whole, are a bug of who drafts', () => {
  const { store } = stored();
  const draft = store.draft(headerExample({ id: TWO }));
  draft.add(deleteExample('dir', { kind: 'dir', entries: 3 }));
  assert.throws(() => draft.add(deleteExample('dir/in')), /below what goes as a whole/);
  assert.throws(() => draft.add(deleteExample('a')), /not in the order/);
  draft.drop();
  assert.throws(() => store.read(TWO), { code: 'HF_PLAN_ABSENT' });
});

test('a plan that waits is kept a week after it expired; one that was begun, longer', () => {
  const { disk, store } = stored();
  make(store, TWO);
  disk.create(byteString(`${PLANS}/${TWO}/journal-1.ndjson`));
  store.sweep(unixMs(EXPIRES + days(7)));
  assert.equal(store.list().length, 2);
  store.sweep(unixMs(EXPIRES + days(8)));
  assert.deepEqual(
    store.list().map(({ id }) => id),
    [TWO],
  );
});

test('a plan that a newer one of its pipeline replaces is kept a day, a signed one longer', () => {
  const { disk, store } = stored();
  const later = unixMs(PLAN_NOW + days(2));
  const header = headerExample({ id: TWO, created: later, expires: unixMs(later + PLAN_LIFE_MS) });
  store.draft(header).seal();
  assert.deepEqual(disk.list(PLANS), [ONE, TWO], 'it goes when the next is drafted');
  const approvals = byteString(`${PLANS}/${ONE}/approvals`);
  disk.makeDir(approvals);
  store.sweep(later);
  assert.deepEqual(disk.list(PLANS), [ONE, TWO]);
  disk.removeDir(approvals);
  store.sweep(later);
  assert.deepEqual(disk.list(PLANS), [TWO]);
});

test('approvals beside a plan go with it, and a directory of the same name elsewhere stays', () => {
  const { disk, store } = stored();
  const approvals = byteString(`${PLANS}/${ONE}/approvals`);
  disk.makeDir(approvals);
  disk.create(byteString(`${approvals}/nonce.approval`));
  store.remove(ONE);
  assert.deepEqual(disk.list(PLANS), []);
});
