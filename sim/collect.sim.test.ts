// Goal: space is freed, and whatever happens meanwhile (the machine stops, calls fail, others back up,
// collect and undo at once, and stand still for however long, or for good), every acknowledged
// snapshot restores, opening never fails, nothing is repaired by hand, and in the end the space is free.
// Method: forgetSnapshots(), markGarbage(), sweepTrash(), putBack() and backup() as they are shipped, on
// a simulated disk: a crash at every writing call, a failure at the n-th; and orders of requests that
// follow from a seed. Oracle: sim/collect-oracle.ts. docs/design/044-collection.md
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onceMoreIfOvertaken } from '../src/vault/shell/overtaken.ts';
import { directoryStore } from '../src/vault/shell/store-directory.ts';
import type { CheckReport } from '../src/vault/shell/check-request.ts';
import type { CollectorStore } from '../src/vault/shell/store.ts';
import type { Littered, LitterKind } from './collect-host.ts';
import { CollectorHost, makeLitter } from './collect-host.ts';
import { wrongAfterCollecting } from './collect-oracle.ts';
import type { SimDisk } from './disk.ts';
import { forked } from './each-crash.ts';
import { failEach, faultOf } from './fail-each.ts';
import { interrupted } from './interrupted.ts';
import type { FrozenTree } from './living-tree.ts';
import { SimClock } from './sim-clock.ts';
import { Seeded } from './seeded.ts';
import { simSeeds } from './sim-seeds.ts';
import { Turns } from './turns.ts';
import { VaultHost } from './vault-host.ts';
import { StatesSeen } from './coverage.ts';

const SEEDS = simSeeds();
const STATES_PER_POINT = 3;
/** Orders that are tried for each seed. */
const ORDERS = 16;
const UNDONE = 'undone';

async function collected(litter: Littered, disk: SimDisk, isUndone: boolean): Promise<void> {
  const { seed, first, endMs } = litter;
  const collector = new CollectorHost({ disk, clock: new SimClock(endMs), seed: seed + 1 });
  await collector.forget(first);
  await collector.mark();
  if (isUndone) {
    await collector.undo(first);
    disk.mark(UNDONE);
    await collector.mark();
  }
  await collector.sweep();
}

const KINDS: readonly LitterKind[] = ['apart', 'shared'];

for (const [isUndone, kind] of [false, true].flatMap((each) =>
  KINDS.map((k) => [each, k] as const),
)) {
  const what = isUndone ? 'forgetting, marking, undo and sweep' : 'forgetting, marking and sweep';
  test(`the machine stops at any writing call of ${what} of what is ${kind}`, async (t) => {
    for (const seed of SEEDS) {
      const litter = await makeLitter(seed, { mode: 'posix', kind });
      const disk = forked(litter.disk);
      await collected(litter, disk, isUndone);
      const states = new StatesSeen();
      for (const point of disk.crashPoints()) {
        const hasUndone = point.marks.includes(UNDONE);
        for (const state of point.disks(seed + point.calls, STATES_PER_POINT)) {
          const known = state.fingerprint() + String(hasUndone);
          if (states.has(known)) continue;
          states.add(known);
          const wrong = await wrongAfterCollecting(aftermath(litter, state, hasUndone));
          assert.equal(wrong, undefined, `SEED=${seed} crash after call ${point.calls}`);
        }
      }
      t.diagnostic(`SEED=${seed}: ${disk.calls} calls, ${states.size} distinct states survived`);
      assert.ok(states.size > 20, 'liveness: many states were seen');
    }
  });
}

function aftermath(litter: Littered, disk: SimDisk, hasUndone: boolean) {
  const { others, first, trees, seed } = litter;
  const acknowledged = hasUndone ? [...others, first] : others;
  return { litter, disk, acknowledged, trees, seed: seed + 500_000, isForgotten: !hasUndone };
}

for (const [errno, kind] of KINDS.flatMap((k) => [['EIO', k] as const, ['ENOSPC', k] as const])) {
  test(`${errno} at the n-th writing call, for n = 1, 2, ..., of what is ${kind}`, async (t) => {
    const [seed = 0] = SEEDS;
    const litter = await makeLitter(seed, { kind });
    let failures = 0;
    // With an undo nothing is swept.
    for (const isUndone of errno === 'ENOSPC' ? [true, false] : [true]) {
      failures += await failEach({
        ...{ base: litter.disk, errno, where: `SEED=${seed}` },
        act: (disk) => collected(litter, disk, isUndone),
        after: (disk) => {
          const marks = [...disk.crashPoints()].at(-1)?.marks ?? [];
          return wrongAfterCollecting(aftermath(litter, disk, marks.includes(UNDONE)));
        },
      });
    }
    t.diagnostic(`SEED=${seed}: ${failures} failures said`);
    assert.ok(failures > 15, 'liveness: calls failed');
  });
}

/** What came of one order of requests. */
class Story {
  readonly acknowledged: string[];
  readonly trees: Map<string, FrozenTree>;
  readonly happened = new Set<string>();

  constructor({ others, trees }: Littered) {
    this.acknowledged = [...others];
    this.trees = new Map(trees);
  }

  async tell(what: string, expected: string, act: () => Promise<unknown>): Promise<void> {
    const fault = await faultOf(act().then(() => undefined));
    if (fault !== undefined && fault.code !== expected) throw fault;
    this.happened.add(fault === undefined ? what : `${what}: ${fault.code}`);
  }
}

interface Interrupted {
  readonly litter: Littered;
  readonly disk: SimDisk;
  readonly before: (nth: number) => Promise<void>;
}

/** @returns the snapshot and its tree; throws what a backup or an undo throws */
type Act = (of: Interrupted) => Promise<readonly [string, FrozenTree]>;

const ACTS: Readonly<Record<string, { readonly act: Act; readonly code: string }>> = {
  backup: {
    // It begins again by itself, and one collector overtakes it once.
    code: 'never',
    act: async ({ litter, disk, before }) => {
      const [, tree] = litter.again;
      assert.ok(tree !== undefined);
      const clock = new SimClock(litter.endMs);
      const makeStore = (options: Parameters<typeof directoryStore>[0]) =>
        interrupted(directoryStore(options), before);
      const host = new VaultHost({ disk, clock, seed: litter.seed + 2, makeStore });
      const made = await onceMoreIfOvertaken(() => host.backup(tree.volume));
      return [made.snapshot, tree];
    },
  },
  undo: {
    code: 'HF_SNAPSHOT_SWEPT',
    act: async ({ litter, disk, before }) => {
      const { first, trees, endMs, seed } = litter;
      const wrap = (store: CollectorStore) => interrupted(store, before);
      const clock = new SimClock(endMs);
      await new CollectorHost({ disk, clock, seed: seed + 3, wrap }).undo(first);
      const tree = trees.get(first);
      assert.ok(tree !== undefined);
      return [first, tree];
    },
  },
};

async function littered(
  seed: number,
  kind: LitterKind,
): Promise<{ litter: Littered; ready: SimDisk }> {
  const litter = await makeLitter(seed, { kind });
  const disk = forked(litter.disk);
  await new CollectorHost({ disk, clock: new SimClock(litter.endMs), seed }).forget(litter.first);
  return { litter, ready: forked(disk) };
}

/** A collector marks before request `mark`, and sweeps before request `sweep`. */
async function collectedAt(
  of: { readonly litter: Littered; readonly ready: SimDisk; readonly name: string },
  at: { readonly mark: number; readonly sweep: number },
): Promise<{ readonly wrong: string | undefined; readonly requests: number; what: string }> {
  const { litter, ready, name } = of;
  const { seed, endMs, others } = litter;
  const disk = forked(ready);
  const collector = new CollectorHost({ disk, clock: new SimClock(endMs), seed: seed + 4 });
  let requests = 0;
  const before = async (nth: number): Promise<void> => {
    requests = nth;
    if (nth === at.mark) await collector.mark();
    if (nth === at.sweep) await collector.sweep();
  };
  const chosen = ACTS[name];
  assert.ok(chosen !== undefined);
  const acknowledged = [...others];
  const trees = new Map(litter.trees);
  const failed = await faultOf(
    chosen.act({ litter, disk, before }).then(([id, tree]) => {
      acknowledged.push(id);
      trees.set(id, tree);
    }),
  );
  if (failed !== undefined && failed.code !== chosen.code) throw failed;
  const isForgotten = !acknowledged.includes(litter.first);
  const after = { litter, disk, acknowledged, trees, seed: seed + 900_000, isForgotten };
  const wrong = await wrongAfterCollecting(after);
  return { wrong, requests, what: failed === undefined ? 'acknowledged' : failed.code };
}

for (const [name, kind] of Object.keys(ACTS).flatMap((each) =>
  KINDS.map((k) => [each, k] as const),
)) {
  test(`a collector does all its work between two requests of one ${name} of what is ${kind}`, async (t) => {
    for (const seed of SEEDS) {
      const { litter, ready } = await littered(seed, kind);
      const of = { litter, ready, name };
      const never = Number.POSITIVE_INFINITY;
      const { requests } = await collectedAt(of, { mark: never, sweep: never });
      const seeded = new Seeded(seed);
      const happened = new Map<string, number>();
      for (let mark = 1; mark <= requests; mark++) {
        const later = Math.min(requests, mark + 1 + seeded.below(requests));
        for (const sweep of new Set([mark, later])) {
          const { wrong, what } = await collectedAt(of, { mark, sweep });
          const where = `SEED=${seed}, marks before ${mark}, sweep before ${sweep}`;
          assert.equal(wrong, undefined, where);
          count(happened, what);
        }
      }
      const told = [...happened].map(([what, times]) => `${what} ${times}`).join(', ');
      t.diagnostic(`SEED=${seed}: ${requests} requests, ${told}`);
      assert.ok((happened.get('acknowledged') ?? 0) > 0, 'liveness');
    }
  });
}

test('a vault that is freed while it is checked is not called damaged', async (t) => {
  for (const seed of SEEDS) {
    const litter = await makeLitter(seed, {});
    const never = Number.POSITIVE_INFINITY;
    const { requests } = await checkedBeside(litter, never);
    for (let at = 1; at <= requests; at++) {
      const { report } = await checkedBeside(litter, at);
      const where = `SEED=${seed}, all is forgotten and swept before request ${at}`;
      assert.deepEqual(report.findings, [], where);
      assert.equal(report.affectedCount, 0, where);
    }
    t.diagnostic(`SEED=${seed}: ${requests} requests`);
    assert.ok(requests > 10, 'liveness');
  }
});

async function checkedBeside(
  litter: Littered,
  at: number,
): Promise<{ readonly report: CheckReport; readonly requests: number }> {
  const disk = forked(litter.disk);
  const clock = new SimClock(litter.endMs);
  const collector = new CollectorHost({ disk, clock, seed: litter.seed + 4 });
  let requests = 0;
  const before = async (nth: number): Promise<void> => {
    requests = nth;
    if (nth !== at) return;
    await collector.forget(litter.first);
    await collector.mark();
    await collector.sweep();
  };
  const makeStore = (options: Parameters<typeof directoryStore>[0]) =>
    interrupted(directoryStore(options), before);
  const host = new VaultHost({ disk, clock, seed: litter.seed + 2, makeStore });
  const session = await host.open();
  requests = 0;
  return { report: await host.check(session), requests };
}

test('others back up, collect and undo at once, in any order, and stand still for long', async (t) => {
  const happened = new Map<string, number>();
  for (const [seed, kind] of SEEDS.flatMap((each) => KINDS.map((k) => [each, k] as const))) {
    const { litter, ready } = await littered(seed, kind);
    for (let order = 0; order < ORDERS; order++) {
      const disk = forked(ready);
      const story = new Story(litter);
      const turns = new Turns(seed * ORDERS + order);
      await turns.run(processesOf(litter, { disk, turns, story, order }));
      for (const each of story.happened) happened.set(each, (happened.get(each) ?? 0) + 1);
      if (turns.asked.has('writer put packs/')) count(happened, 'writer stores again');
      if (turns.asked.has('collector delete packs/')) count(happened, 'packs are deleted');
      if (turns.asked.has('collector put packs/')) count(happened, 'groups are moved');
      const { acknowledged, trees } = story;
      const isForgotten = !acknowledged.includes(litter.first);
      const after = { litter, disk, acknowledged, trees, seed: seed + 900_000, isForgotten };
      const wrong = await wrongAfterCollecting(after);
      assert.equal(wrong, undefined, `SEED=${seed}, ${kind}, order ${order}`);
    }
  }
  const told = [...happened].map(([what, times]) => `${what} ${times}`).sort();
  t.diagnostic(told.join(', '));
  // Some orders delete packs, and not those of every seed: the tests above see to that.
  for (const what of ['backup', 'undo', 'groups are moved'])
    assert.ok(happened.has(what), `liveness: ${what}`);
});

function count(happened: Map<string, number>, what: string): void {
  happened.set(what, (happened.get(what) ?? 0) + 1);
}

interface Scene {
  readonly disk: SimDisk;
  readonly turns: Turns;
  readonly story: Story;
  readonly order: number;
}

/** A writer of what was forgotten, a collector, another one, and in some orders an undo. */
function processesOf(litter: Littered, scene: Scene): Record<string, () => Promise<void>> {
  const { disk, turns, story, order } = scene;
  const { first, again, endMs } = litter;
  const clock = new SimClock(endMs);
  const seed = litter.seed * 100 + order * 10;
  const hostOf = (who: string, nth: number): CollectorHost =>
    new CollectorHost({
      ...{ disk, clock, seed: seed + nth },
      wrap: (store) => turns.ofCollector(who, store),
      makeStore: (options) => turns.of(who, directoryStore(options)),
    });
  const writer = async (): Promise<void> => {
    const makeStore = (options: Parameters<typeof directoryStore>[0]) =>
      turns.of('writer', directoryStore(options));
    const host = new VaultHost({ disk, clock, seed, makeStore });
    const tree = again[order % 2];
    if (tree === undefined) return;
    await story.tell('backup', 'HF_BACKUP_OVERTAKEN', async () => {
      const { snapshot } = await host.backup(tree.volume);
      story.acknowledged.push(snapshot);
      story.trees.set(snapshot, tree);
    });
  };
  const collector = async (): Promise<void> => {
    const host = hostOf('collector', 1);
    await host.mark();
    await host.sweep();
  };
  const rival = async (): Promise<void> => {
    const host = hostOf('rival', 2);
    await host.sweep();
    if (order % 3 === 0) await host.mark();
    await host.sweep();
  };
  const undo = async (): Promise<void> => {
    await story.tell('undo', 'HF_SNAPSHOT_SWEPT', async () => {
      await hostOf('undo', 3).undo(first);
      story.acknowledged.push(first);
    });
  };
  return order % 2 === 0 ? { writer, collector, rival } : { writer, collector, rival, undo };
}
