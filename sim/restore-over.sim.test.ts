// Goal: a restore over what is there that is stopped anywhere loses nothing: every content that was
// in the target is there or aside, a name has what it had or what comes, the same again ends it
// whole, and an undo gives back what was there.
// Method: the plan, apply and undo that the command line composes, over a simulated file system that
// is killed, loses power or fails at every writing call. Oracle: pictures of the trees, and the set
// of all contents.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ByteString, byteString } from '../src/base/bytes.ts';
import { Fault } from '../src/base/fault.ts';
import type { PlanHeader } from '../src/base/plan.ts';
import { minutes } from '../src/base/units.ts';
import { demandEachState, forked } from './each-crash.ts';
import { below, type Kept, keptBy } from './kept-snapshots.ts';
import { type FrozenTree, TREE_TOP } from './living-tree.ts';
import { OverHost, type Snapshot, snapshotOf } from './over-host.ts';
import type { SimClock } from './sim-clock.ts';
import { simSeeds } from './sim-seeds.ts';
import { TreeHandles } from './tree-handles.ts';
import { differenceOf, pictureOf, type TreePicture } from './tree-picture.ts';
import { simTreeWriter } from './tree-writer.ts';
import { RESTORE_TOP } from './vault-host.ts';
import { Crash, SimVolume } from './volume.ts';

const SEEDS = simSeeds();
const STATES_PER_POINT = 3;

interface Scene {
  readonly kept: Kept;
  /** With the plan, durable. */
  readonly base: SimVolume;
  readonly header: PlanHeader;
  /** What is put, and as it was captured. */
  readonly put: Snapshot;
  readonly tree: FrozenTree;
  readonly before: TreePicture;
  readonly files: ReadonlyMap<ByteString, string>;
  readonly contents: ReadonlySet<string>;
}

/** An older state lies there, and somebody has worked in it since. */
async function sceneBy(seed: number): Promise<Scene> {
  const kept = await keptBy(seed);
  const [older, newer] = kept.snapshots;
  const tree = kept.trees[1];
  assert.ok(older !== undefined && newer !== undefined && tree !== undefined);
  const volume = new SimVolume({ mode: 'ext4' });
  await kept.host.restore(kept.session, volume, { snapshot: older });
  spoil(volume, kept.clock);
  const host = new OverHost(volume, kept.clock, seed);
  const put = await snapshotOf(kept.host, kept.session, newer);
  const header = host.plan(put);
  assert.ok(header !== undefined, 'there is something to do');
  const about = { before: host.picture(), files: filesIn(volume), contents: host.contents() };
  return { kept, base: forked(volume), header, put, tree, ...about };
}

/** Files of another content, one more, a directory for a file, a file for a directory. */
function spoil(volume: SimVolume, clock: SimClock): void {
  const handles = new TreeHandles(volume);
  const writer = simTreeWriter(handles, () => clock.nowNs());
  const top = handles.open(handles.find(RESTORE_TOP));
  let count = 0;
  for (const path of filesIn(volume).keys()) {
    count += 1;
    if (count % 2 === 0) continue;
    const at = below(RESTORE_TOP, path);
    const inode = volume.find(at);
    // Some keep their size: only their bytes tell.
    const size = count % 4 === 1 ? volume.inode(inode).content.size : 8;
    const bytes = Buffer.alloc(size, `spoilt ${count}`);
    volume.change(at, () => [
      { kind: 'resize', inode, size: 0 },
      { kind: 'write', inode, offset: 0, bytes },
    ]);
  }
  const write = (dir: number, name: string, text: string): void => {
    const file = writer.createFile(dir, byteString(name), 0o600);
    writer.write(file, Buffer.from(text), 0);
    writer.closeFile(file);
  };
  write(top, 'of somebody else', 'not in any snapshot');
  for (const [name, kind] of topOf(volume)) {
    const place = { dir: top, name };
    const moved = { dir: top, name: byteString(`was ${name}`) };
    writer.rename(place, moved);
    if (kind === 'dir') write(top, name, 'a file for a directory');
    else {
      writer.makeDir(top, name);
      const dir = handles.open(handles.lookup(top, name));
      write(dir, 'inside', 'in a directory for a file');
    }
  }
}

/** The first file and the first directory at the top. */
function topOf(volume: SimVolume): readonly (readonly [ByteString, string])[] {
  const { entries = new Map<ByteString, number>() } = volume.findKind(RESTORE_TOP, 'dir') ?? {};
  const all = [...entries].map(([name, number]) => [name, volume.inode(number).kind] as const);
  return ['file', 'dir'].flatMap((kind) => all.filter((each) => each[1] === kind).slice(0, 1));
}

/** Contents by their place below the target. */
function filesIn(volume: SimVolume): Map<ByteString, string> {
  const files = new Map<ByteString, string>();
  for (const path of pictureOf(volume, RESTORE_TOP).keys()) {
    const content = volume.findKind(below(RESTORE_TOP, path), 'file')?.content.snapshot();
    if (content !== undefined) files.set(path, Buffer.from(content).toString('latin1'));
  }
  return files;
}

/** Every content is somewhere, and under a name lies what lay there or what was captured. */
function demandNothingLost(scene: Scene, volume: SimVolume, where: string): void {
  const host = new OverHost(volume, scene.kept.clock, volume.calls + 1);
  const found = host.contents();
  for (const content of scene.contents) {
    assert.ok(found.has(content), `${where}: a content is lost: ${content.slice(0, 40)}`);
  }
  for (const [path, content] of filesIn(volume)) {
    if (path.includes('.holdfast-') || content === scene.files.get(path)) continue;
    const wanted = scene.tree.volume.findKind(below(TREE_TOP, path), 'file')?.content.snapshot();
    const isWhole = wanted !== undefined && Buffer.from(wanted).toString('latin1') === content;
    assert.ok(isWhole, `${where}: ${path} is neither what it was nor what comes`);
  }
}

/** The same again, as a person would: it ends whole, and what was there beside stays. */
async function demandWholeAgain(scene: Scene, volume: SimVolume, where: string): Promise<void> {
  const { kept, put, tree, before } = scene;
  kept.clock.pass(minutes(1));
  const host = new OverHost(volume, kept.clock, volume.calls + 2);
  for (const header of host.begun()) host.settle(header);
  const header = host.plan(put);
  const report = header === undefined ? undefined : await host.put(header, put);
  assert.ok(report === undefined || report.outcome === 'applied', `${where}: ${sayStop(report)}`);
  const found = host.picture();
  const restored = pictureOf(volume, RESTORE_TOP, (path) => !tree.picture.has(path));
  for (const [path, facts] of tree.picture) {
    assert.equal(restored.get(path), facts, `${where}: ${path}`);
  }
  for (const path of before.keys()) {
    const isReplaced = [...tree.picture.keys()].some((each) => path.startsWith(`${each}/`));
    if (!isReplaced || tree.picture.has(path)) assert.ok(found.has(path), `${where}: ${path} went`);
  }
  assert.equal(host.plan(put), undefined, `${where}: again there is nothing to do`);
}

/** All that was begun is taken back, the last first. */
async function demandTakenBack(scene: Scene, volume: SimVolume, where: string): Promise<void> {
  scene.kept.clock.pass(minutes(1));
  const host = new OverHost(volume, scene.kept.clock, volume.calls + 3);
  for (const header of host.begun()) {
    const undo = host.planUndo(header);
    if (undo === undefined) continue;
    const report = await host.applyUndo(undo);
    assert.equal(report.outcome, 'applied', `${where}: ${sayStop(report)}`);
  }
  assert.equal(differenceOf(scene.before, host.picture()), undefined, `${where}, and back`);
}

function sayStop(report: { readonly stop?: unknown } | undefined): string {
  return JSON.stringify(report?.stop);
}

async function attempt(scene: Scene, volume: SimVolume): Promise<number | undefined> {
  const host = new OverHost(volume, scene.kept.clock, volume.calls + 4);
  const report = await host.put(scene.header, scene.put);
  if (report.outcome !== 'applied') return undefined;
  assert.equal(host.handles.openCount, 0, 'every handle is closed');
  return report.asideEntries;
}

for (const seed of SEEDS) {
  test(`SEED=${seed}: in place, killed at any writing call, nothing is lost`, async (t) => {
    const scene = await sceneBy(seed);
    let aside: number | undefined;
    let call = 1;
    for (; ; call++) {
      const volume = forked(scene.base);
      volume.crashAt(call);
      const where = `SEED=${seed} killed at call ${call}`;
      try {
        aside = await attempt(scene, volume);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
      volume.restart();
      demandNothingLost(scene, volume, where);
      if (call % 2 === 0) await demandWholeAgain(scene, volume, where);
      demandNothingLost(scene, volume, `${where}, and again`);
      await demandTakenBack(scene, volume, where);
      if (aside !== undefined) break;
    }
    t.diagnostic(`SEED=${seed}: killed ${call - 1} times, ${aside} set aside`);
    assert.ok(aside > 0, 'liveness: something was replaced');
    assert.ok(call > 50, 'liveness: restores were killed');
  });

  test(`SEED=${seed}: in place, killed while the plan is made, nothing has changed`, async (t) => {
    const scene = await sceneBy(seed);
    for (let call = 1; ; call++) {
      const volume = forked(scene.base);
      volume.crashAt(call);
      const host = new OverHost(volume, scene.kept.clock, call);
      try {
        host.plan(scene.put);
        t.diagnostic(`SEED=${seed}: killed ${call - 1} times`);
        assert.ok(call > 10, 'liveness: plans were killed');
        break;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
      volume.restart();
      // A trial of the way aside may have touched the time of a directory.
      const where = `SEED=${seed} killed at call ${call}`;
      assert.deepEqual(filesIn(volume), scene.files, where);
      await demandWholeAgain(scene, volume, where);
    }
  });

  test(`SEED=${seed}: in place, the power goes at any writing call, nothing is lost`, async (t) => {
    const scene = await sceneBy(seed);
    const volume = forked(scene.base);
    assert.notEqual(await attempt(scene, volume), undefined);
    let nth = 0;
    const each = { seed, statesPerPoint: STATES_PER_POINT };
    const states = await demandEachState(volume, each, async (state, where) => {
      nth += 1;
      demandNothingLost(scene, state, where);
      if (nth % 2 === 0) await demandWholeAgain(scene, state, where);
      await demandTakenBack(scene, state, where);
    });
    t.diagnostic(`SEED=${seed}: ${volume.calls} calls, ${states} distinct states survived`);
    assert.ok(states > 40, 'liveness: many states were seen');
  });

  for (const errno of ['EIO', 'ENOSPC'] as const) {
    test(`SEED=${seed}: in place, ${errno} at the n-th writing call: said, and taken back`, async (t) => {
      const scene = await sceneBy(seed);
      let said = 0;
      for (let call = 1; ; call++) {
        const volume = forked(scene.base);
        volume.failAt(call, errno);
        const where = `SEED=${seed} ${errno} at call ${call}`;
        try {
          said += Number((await attempt(scene, volume)) === undefined);
        } catch (error) {
          assert.ok(error instanceof Fault, `a Fault and nothing else: ${String(error)}`);
          said += 1;
        }
        if (volume.calls < call) break;
        demandNothingLost(scene, volume, where);
        await demandTakenBack(scene, volume, where);
      }
      t.diagnostic(`SEED=${seed}: ${said} failures said`);
      assert.ok(said > 50, 'liveness: calls failed');
    });
  }
}
