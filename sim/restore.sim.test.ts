// Goal: a restore that is stopped anywhere goes on where it was and ends whole; a file under its
// final name is never something else than what was captured; and what is acknowledged is on the
// medium. Over what is there: restore-over.sim.test.ts.
// Method: restore() as the command line composes it, into a simulated file system that is killed,
// crashes or fails at every writing call. Oracle: pictures of the trees.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ByteString, byteString } from '../src/base/bytes.ts';
import { Fault } from '../src/base/fault.ts';
import { minutes } from '../src/base/units.ts';
import { MARKER } from '../src/recover/core/own-names.ts';
import type { RestoreReport } from '../src/recover/shell/restore.ts';
import { below, type Kept, keptBy } from './kept-snapshots.ts';
import type { FrozenTree } from './living-tree.ts';
import { TREE_TOP } from './living-tree.ts';
import { OverHost, snapshotOf } from './over-host.ts';
import { simSeeds } from './sim-seeds.ts';
import { TreeHandles } from './tree-handles.ts';
import { differenceOf, pictureOf } from './tree-picture.ts';
import { simTreeWriter } from './tree-writer.ts';
import { RESTORE_TOP } from './vault-host.ts';
import { Crash, SimVolume } from './volume.ts';
import { StatesSeen } from './coverage.ts';

const SEEDS = simSeeds();
const STATES_PER_POINT = 3;
const OWN = '.holdfast-';

interface Attempt {
  readonly report?: RestoreReport;
  readonly error?: unknown;
}

async function attempt(
  kept: Kept,
  into: SimVolume,
  request: { readonly nth: number },
): Promise<Attempt> {
  const snapshot = kept.snapshots[request.nth];
  assert.ok(snapshot !== undefined, 'there is such a snapshot');
  kept.clock.pass(minutes(1));
  try {
    const report = await kept.host.restore(kept.session, into, { snapshot });
    into.mark('done');
    return { report };
  } catch (error) {
    return { error };
  }
}

/** What is under its final name although it is not what was captured. */
function wrongUnderFinalName(volume: SimVolume, tree: FrozenTree): string | undefined {
  if (volume.findKind(RESTORE_TOP, 'dir') === undefined) return undefined;
  for (const path of pictureOf(volume, RESTORE_TOP).keys()) {
    if (path.split('/').some((name) => name.startsWith(OWN))) continue;
    const expected = tree.volume.findKind(below(TREE_TOP, path), 'file')?.content.snapshot();
    const found = volume.findKind(below(RESTORE_TOP, path), 'file')?.content.snapshot();
    if (found === undefined) continue;
    if (expected === undefined) return `${path} came from nowhere`;
    // A file of one chunk is verified before it is begun, and may be a beginning of itself.
    const isBeginning = Buffer.compare(found, expected.subarray(0, found.length)) === 0;
    const isCut = expected.length > 1024 * 1024;
    if (!isBeginning || (isCut && found.length < expected.length)) return `${path} is wrong`;
  }
  return undefined;
}

/** Anything else is a bug. */
function faultIn(error: unknown): Fault {
  assert.ok(error instanceof Fault, `a Fault and nothing else: ${String(error)}`);
  return error;
}

interface Again {
  readonly wrong: string | undefined;
  readonly report?: RestoreReport | undefined;
}

/** Runs it again, as a person would. */
async function again(kept: Kept, volume: SimVolume, nth: number): Promise<Again> {
  const tree = kept.trees[nth];
  assert.ok(tree !== undefined, 'each snapshot has its tree');
  // Stopped behind its last file, nothing is left to go on with: only the top's own time differs.
  if (isComplete(volume, tree)) return over(kept, volume, nth);
  const { report, error } = await attempt(kept, volume, { nth });
  if (error !== undefined) {
    return { wrong: `again: ${faultIn(error).code} ${faultIn(error).message}` };
  }
  // What a crash tore goes through a plan.
  if (report !== undefined && report.inTheWay > 0) return over(kept, volume, nth);
  if (report?.isWhole !== true) return { wrong: `again: ${JSON.stringify(report?.failures)}` };
  return { wrong: differenceOf(tree.picture, pictureOf(volume, RESTORE_TOP)), report };
}

/** As `--in-place` does. */
async function over(kept: Kept, volume: SimVolume, nth: number): Promise<Again> {
  const tree = kept.trees[nth];
  const snapshot = kept.snapshots[nth];
  assert.ok(tree !== undefined && snapshot !== undefined, 'each snapshot has its tree');
  const host = new OverHost(volume, kept.clock, nth);
  const put = await snapshotOf(kept.host, kept.session, snapshot);
  const header = host.plan(put);
  const report = header === undefined ? undefined : await host.put(header, put);
  if (report !== undefined && report.outcome !== 'applied') {
    return { wrong: `over: ${JSON.stringify(report.stop)}` };
  }
  const isMarked = volume.findKind(below(RESTORE_TOP, MARKER), 'file') !== undefined;
  const found = new Map(pictureOf(volume, RESTORE_TOP, (path) => path === MARKER));
  const expected = new Map(tree.picture);
  // The marker goes last, and with it the time of the top.
  for (const each of isMarked ? [found, expected] : []) each.delete(byteString(''));
  return { wrong: differenceOf(expected, found) };
}

/** All that was captured is there and nothing else, but for what the top itself has. */
function isComplete(volume: SimVolume, tree: FrozenTree): boolean {
  if (volume.findKind(RESTORE_TOP, 'dir') === undefined) return false;
  const top = byteString('');
  const [expected, found] = [new Map(tree.picture), new Map(pictureOf(volume, RESTORE_TOP))];
  expected.delete(top);
  found.delete(top);
  return differenceOf(expected, found) === undefined;
}

for (const seed of SEEDS) {
  test(`SEED=${seed}: killed at any writing call, it goes on and ends whole`, async (t) => {
    const kept = await keptBy(seed);
    const nth = 1;
    const tree = kept.trees[nth];
    assert.ok(tree !== undefined, 'each snapshot has its tree');
    let call = 1;
    let resumed = 0;
    for (; ; call++) {
      const volume = new SimVolume();
      volume.crashAt(call);
      const first = await attempt(kept, volume, { nth });
      if (first.report !== undefined) break;
      assert.ok(first.error instanceof Crash, String(first.error));
      volume.restart();
      const where = `killed at call ${call}`;
      assert.equal(wrongUnderFinalName(volume, tree), undefined, where);
      const { wrong, report } = await again(kept, volume, nth);
      assert.equal(wrong, undefined, where);
      assert.equal(report?.inTheWay ?? 0, 0, `${where}: what it wrote itself is not in its way`);
      resumed += Number(report?.isResumed ?? false);
    }
    t.diagnostic(`SEED=${seed}: killed ${call - 1} times, ${resumed} went on`);
    assert.ok(resumed > 30, 'liveness: restores were gone on with');
  });

  test(`SEED=${seed}: the machine stops at any writing call of a restore`, async (t) => {
    const kept = await keptBy(seed);
    const nth = 1;
    const tree = kept.trees[nth];
    assert.ok(tree !== undefined, 'each snapshot has its tree');
    // A rename is one step of the journal on every file system that a restore goes to.
    const volume = new SimVolume({ mode: 'ext4' });
    const { report } = await attempt(kept, volume, { nth });
    assert.equal(report?.isWhole, true);
    const states = new StatesSeen();
    for (const point of volume.crashPoints()) {
      for (const state of point.states(seed + point.calls, STATES_PER_POINT)) {
        const fingerprint = state.fingerprint() + point.marks.join();
        if (states.has(fingerprint)) continue;
        states.add(fingerprint);
        const where = `SEED=${seed} crash after call ${point.calls}`;
        if (point.marks.includes('done')) {
          const difference = differenceOf(tree.picture, pictureOf(state, RESTORE_TOP));
          assert.equal(difference, undefined, `${where}: acknowledged`);
          continue;
        }
        assert.equal((await again(kept, state, nth)).wrong, undefined, where);
      }
    }
    t.diagnostic(`SEED=${seed}: ${volume.calls} calls, ${states.size} distinct states survived`);
    assert.ok(states.size > 40, 'liveness: many states were seen');
  });

  for (const errno of ['EIO', 'ENOSPC'] as const) {
    test(`SEED=${seed}: ${errno} at the n-th writing call of a restore`, async (t) => {
      const kept = await keptBy(seed);
      const nth = 1;
      const tree = kept.trees[nth];
      assert.ok(tree !== undefined, 'each snapshot has its tree');
      let said = 0;
      for (let call = 1; ; call++) {
        const volume = new SimVolume();
        volume.failAt(call, errno);
        const { report, error } = await attempt(kept, volume, { nth });
        if (volume.calls < call) break;
        const where = `SEED=${seed} ${errno} at call ${call}`;
        if (error !== undefined) faultIn(error);
        said += Number(report?.isWhole !== true);
        if (report?.isWhole === true) {
          const difference = differenceOf(tree.picture, pictureOf(volume, RESTORE_TOP));
          const isNamed = report.unset.length > 0 || difference === undefined;
          assert.ok(isNamed, `${where}: whole, and yet ${difference}`);
          if (difference === undefined) continue;
        }
        assert.equal(wrongUnderFinalName(volume, tree), undefined, where);
        if (report?.isWhole === true) continue;
        assert.equal((await again(kept, volume, nth)).wrong, undefined, where);
      }
      t.diagnostic(`SEED=${seed}: ${said} failures said`);
      assert.ok(said > 30, 'liveness: calls failed');
    });
  }
}

for (const seed of SEEDS) {
  test(`SEED=${seed}: the marker is there before anything else`, async (t) => {
    const kept = await keptBy(seed);
    const [, tree] = kept.trees;
    assert.ok(tree !== undefined, 'each snapshot has its tree');
    // Even where names come to the medium in any order, none is there without it.
    const volume = new SimVolume({ mode: 'posix' });
    await attempt(kept, volume, { nth: 1 });
    let count = 0;
    for (const point of volume.crashPoints()) {
      for (const state of point.states(seed + point.calls, 8)) {
        const top = state.findKind(RESTORE_TOP, 'dir');
        const names = [...(top?.entries.keys() ?? [])];
        if (names.every((name) => name.startsWith(OWN)) || isComplete(state, tree)) continue;
        const marker = state.findKind(byteString(`${RESTORE_TOP}/.holdfast-restore`), 'file');
        const size = marker?.content.size ?? 0;
        assert.ok(size > 64, `SEED=${seed} crash after call ${point.calls}: ${names.join()}`);
        count += 1;
      }
    }
    t.diagnostic(`SEED=${seed}: ${count} states of begun restores`);
    assert.ok(count > 50, 'liveness: many states were seen');
  });

  test(`SEED=${seed}: what was changed meanwhile in an interrupted restore is not taken away`, async (t) => {
    const kept = await keptBy(seed);
    const nth = 1;
    const tree = kept.trees[nth];
    assert.ok(tree !== undefined, 'each snapshot has its tree');
    const volume = new SimVolume();
    await attempt(kept, volume, { nth });
    const marker = below(RESTORE_TOP, MARKER);
    const id = kept.snapshots[nth]?.record.id ?? '';
    const handles = new TreeHandles(volume);
    const writer = simTreeWriter(handles, () => kept.clock.nowNs());
    const file = writer.createFile(handles.open(handles.find(RESTORE_TOP)), MARKER, 0o600);
    writer.write(file, Buffer.from(`holdfast restore 0 ${id}\n`), 0);
    const changed = new Map<ByteString, string>();
    const inodes = new Set<number>();
    for (const path of tree.picture.keys()) {
      const at = below(RESTORE_TOP, path);
      const content = volume.findKind(at, 'file')?.content.snapshot();
      if (content === undefined || content.length < 8 || changed.size > 9) continue;
      const inode = volume.find(at);
      if (inodes.has(inode)) continue;
      inodes.add(inode);
      // As long as it was, or shorter: neither is a beginning.
      const text = 'changed'.padEnd(changed.size % 2 === 0 ? content.length : 8, '!');
      volume.change(at, () => [
        { kind: 'resize', inode, size: 0 },
        { kind: 'write', inode, offset: 0, bytes: Buffer.from(text) },
      ]);
      changed.set(path, text);
    }
    assert.ok(changed.size > 3, 'liveness: files were changed');
    const { report } = await attempt(kept, volume, { nth });
    assert.ok(report !== undefined && !report.isWhole);
    assert.equal(report.inTheWay, changed.size);
    for (const [path, text] of changed) {
      const found = volume.findKind(below(RESTORE_TOP, path), 'file')?.content.snapshot();
      assert.ok(Buffer.from(found ?? []).toString('latin1') === text, `${path} is what it was`);
    }
    assert.notEqual(volume.findKind(marker, 'file'), undefined, 'it is not whole, and says so');
    assert.equal((await over(kept, volume, nth)).wrong, undefined);
    t.diagnostic(`SEED=${seed}: ${report.inTheWay} were in the way`);
  });
}
