// Goal: where nothing can be set aside and persons approved it, exactly what was judged goes, whatever
// crash in between; all else stays, no run is stuck, and an undo says what went for good.
// Method: applyPlan over a simulated file system that is killed or loses power at every writing call,
// with the names of the quarantine taken by something else. Oracle: what lies outside of the deleted
// paths, by path and content.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../src/base/bytes.ts';
import type { PlanHeader } from '../src/base/plan.ts';
import { demandEachState, forked } from './each-crash.ts';
import { GUARD_STATE, GUARD_TREE, GuardHost } from './guard-host.ts';
import { planFor, type Wish } from './guard-plan.ts';
import { growTree, randomWishes } from './guard-tree.ts';
import { seconds } from '../src/base/units.ts';
import { SimClock } from './sim-clock.ts';
import { simSeeds } from './sim-seeds.ts';
import { Crash, SimVolume } from './volume.ts';

const SEEDS = simSeeds();
const START_MS = 1_800_000_000_000;
const PLANS = 4;
const STATES_PER_POINT = 3;

interface Planned {
  readonly volume: SimVolume;
  readonly clock: SimClock;
  readonly header: PlanHeader;
  readonly wishes: readonly Wish[];
  readonly kept: readonly string[];
  readonly gone: readonly string[];
}

function plannedBy(seed: number): Planned {
  for (let at = seed; ; at++) {
    const clock = new SimClock(START_MS);
    const volume = new SimVolume({ mode: 'ext4' });
    const host = new GuardHost(volume, clock, at);
    const wishes = randomWishes(growTree(host.ports, GUARD_TREE, at), at + 1).filter(
      (wish) => wish.do === 'delete',
    );
    if (wishes.length === 0) continue;
    host.takeQuarantineNames();
    const { header } = planFor(host.ports, { target: GUARD_TREE, state: GUARD_STATE, wishes });
    host.ports.tree.syncAll(host.ports.source.openRoot(GUARD_TREE));
    const lines = linesOf(host);
    const isGone = (line: string): boolean =>
      wishes.some(
        ({ path }) => line === path || line.startsWith(`${path}/`) || line.startsWith(`${path} `),
      );
    return {
      ...{ volume: forked(volume), clock, header, wishes },
      kept: lines.filter((line) => !isGone(line)),
      gone: lines.filter(isGone),
    };
  }
}

/** Path and content of each entry; times of directories are those of what went. */
function linesOf(host: GuardHost): readonly string[] {
  const lines: string[] = [];
  const visit = (number: number, path: string): void => {
    const { kind, content, entries } = host.volume.inode(number);
    const text = kind === 'file' ? Buffer.from(content.snapshot()).toString('latin1') : kind;
    if (path !== '') lines.push(`${path} ${text}`);
    for (const [name, child] of entries) {
      if (path === '' && name.startsWith('.holdfast-undo')) continue;
      visit(child, path === '' ? name : `${path}/${name}`);
    }
  };
  visit(host.volume.find(GUARD_TREE), '');
  return lines.sort();
}

/** All else is there, and what goes on ends: run again, then taken back, which puts nothing back. */
async function demandEnds(planned: Planned, volume: SimVolume, where: string): Promise<void> {
  const { kept, header, wishes } = planned;
  const host = new GuardHost(volume, planned.clock, volume.calls + 7);
  const isKept = (): void => {
    const lines = new Set(linesOf(host));
    assert.deepEqual(
      kept.filter((line) => !lines.has(line)),
      [],
      `${where}: all else stays`,
    );
  };
  isKept();
  const report = await host.applyWishes(header, wishes, { withoutUndo: true });
  assert.equal(report.outcome, 'applied', `${where}: ${JSON.stringify(report.stop)}`);
  assert.equal(report.waiting, 0, where);
  isKept();
  const after = linesOf(host);
  const undo = host.planUndo(header);
  assert.ok(undo !== undefined);
  assert.equal(undo.ops.count, 0, `${where}: nothing can be put back`);
  assert.equal((await host.applyUndo(undo)).outcome, 'applied', where);
  assert.deepEqual(linesOf(host), after, where);
  assert.equal(host.handles.openCount, 0, 'every handle is closed');
}

for (const seed of SEEDS) {
  test(`SEED=${seed}: unasked nothing goes; asked, all of it and nothing else`, async () => {
    for (let nth = 0; nth < 20; nth++) {
      const planned = plannedBy(seed + nth * 10);
      const { clock, header, wishes, kept, gone } = planned;
      const host = new GuardHost(planned.volume, clock, seed);
      const before = linesOf(host);
      const unasked = await host.applyWishes(header, wishes);
      assert.equal(unasked.outcome, 'stale');
      assert.deepEqual(linesOf(host), before);
      const report = await host.applyWishes(header, wishes, { withoutUndo: true });
      assert.equal(report.outcome, 'applied', JSON.stringify(report.stop));
      assert.equal(report.forGoodEntries, gone.length);
      assert.equal(report.asideEntries, 0);
      assert.deepEqual(linesOf(host), kept);
    }
  });

  test(`SEED=${seed}: killed at any writing call, or at an error of it`, async (t) => {
    let stopped = 0;
    for (let nth = 0; nth < PLANS; nth++) {
      const planned = plannedBy(seed + nth * 10);
      for (const how of ['crash', 'EIO'] as const) {
        for (let call = 1; ; call++) {
          const volume = forked(planned.volume);
          if (how === 'crash') volume.crashAt(call);
          else volume.failAt(call, how);
          const host = new GuardHost(volume, planned.clock, seed);
          try {
            await host.applyWishes(planned.header, planned.wishes, { withoutUndo: true });
          } catch (error) {
            if (!(error instanceof Crash) && how === 'crash') throw error;
          }
          if (volume.calls < call) break;
          volume.restart();
          stopped += 1;
          await demandEnds(planned, volume, `SEED=${seed} plan ${nth}, ${how} at call ${call}`);
        }
      }
    }
    t.diagnostic(`SEED=${seed}: stopped ${stopped} times`);
    assert.ok(stopped > 50, 'liveness: applies were stopped');
  });

  test(`SEED=${seed}: the power goes at any writing call`, async (t) => {
    let states = 0;
    for (let nth = 0; nth < PLANS; nth++) {
      const planned = plannedBy(seed + nth * 10);
      const volume = forked(planned.volume);
      const host = new GuardHost(volume, planned.clock, seed);
      await host.applyWishes(planned.header, planned.wishes, { withoutUndo: true });
      states += await demandEachState(
        volume,
        { seed, statesPerPoint: STATES_PER_POINT },
        (state, where) => demandEnds(planned, state, `plan ${nth}, ${where}`),
      );
    }
    t.diagnostic(`SEED=${seed}: ${states} distinct states survived`);
    assert.ok(states > 20, 'liveness: many states were seen');
  });
}

for (const [what, come] of [
  ['a new file', (host: GuardHost, at: string) => host.ports.tree.closeFile(newFile(host, at))],
  [
    'a directory of old files',
    (host: GuardHost, at: string) => {
      const { source, tree } = host.ports;
      const from = source.openRoot(byteString('/srv/other'));
      const to = source.openRoot(byteString(`/srv/${at}`));
      tree.rename(
        { dir: from, name: byteString(at.slice(-1)) },
        { dir: to, name: byteString('came') },
      );
    },
  ],
] as const) {
  for (const isListed of [true, false])
    test(`${what} that comes ${isListed ? 'behind' : 'before'} a removal stays, and is said`, async () => {
      const clock = new SimClock(START_MS);
      const host = new GuardHost(new SimVolume({ mode: 'ext4' }), clock, 1);
      const { tree } = host.ports;
      for (const dir of ['other/a', 'other/b', 'tree/dir/a/in', 'tree/dir/b/in']) {
        tree.makeTop(byteString(`/srv/${dir}`));
        tree.closeFile(newFile(host, dir));
      }
      clock.pass(seconds(1));
      host.takeQuarantineNames();
      const wishes = [{ do: 'delete', path: 'dir' }] as const;
      const { header } = planFor(host.ports, { target: GUARD_TREE, state: GUARD_STATE, wishes });
      clock.pass(seconds(1));
      const unlink = tree.unlink.bind(tree);
      let hasCome = false;
      tree.unlink = (dir, name) => {
        unlink(dir, name);
        if (hasCome) return;
        const isFirst = !linesOf(host).some((line) => line.startsWith('dir/a/in/new'));
        come(host, isFirst === isListed ? 'tree/dir/a' : 'tree/dir/b');
        hasCome = true;
      };
      const report = await host.applyWishes(header, wishes, { withoutUndo: true });
      assert.ok(hasCome);
      assert.equal(report.outcome, 'stale');
      assert.match(report.stop?.why ?? '', /something came into it/);
      const came = linesOf(host).filter((line) => /^dir\/[ab]\/(new|came\/new) /.test(line));
      assert.equal(came.length, 1, 'what came is there');
      const undo = host.planUndo(header);
      assert.equal(undo?.ops.count, 0);
    });
}

function newFile({ ports: { source, tree } }: GuardHost, dir: string) {
  return tree.createFile(source.openRoot(byteString(`/srv/${dir}`)), byteString('new'), 0o600);
}

test('what was planned with an undo does not go without one', async () => {
  const clock = new SimClock(START_MS);
  const host = new GuardHost(new SimVolume({ mode: 'ext4' }), clock, 1);
  host.ports.tree.makeTop(byteString('/srv/tree/dir'));
  const wishes = [{ do: 'delete', path: 'dir' }] as const;
  const { header } = planFor(host.ports, { target: GUARD_TREE, state: GUARD_STATE, wishes });
  host.takeQuarantineNames();
  const report = await host.applyWishes(header, wishes, { withoutUndo: true });
  assert.equal(report.outcome, 'stale');
  assert.deepEqual(linesOf(host), ['dir dir']);
});
