// Goal: a restore that is stopped anywhere goes on where it was and ends whole; a file under its
// final name is never something else than what was captured; in place nothing that was there is
// lost; and what is acknowledged is on the medium.
// Method: restore() as the command line composes it, into a simulated file system that is killed,
// crashes or fails at every writing call. Oracle: pictures of the trees.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ByteString } from '../src/base/bytes.ts';
import { byteString } from '../src/base/bytes.ts';
import { Fault } from '../src/base/fault.ts';
import { minutes } from '../src/base/units.ts';
import type { RestoreReport } from '../src/recover/shell/restore.ts';
import type { ListedSnapshot } from '../src/vault/shell/snapshot-store.ts';
import { listSnapshots } from '../src/vault/shell/snapshot-store.ts';
import type { History } from './backup-history.ts';
import { makeHistory } from './backup-history.ts';
import type { FrozenTree } from './living-tree.ts';
import { TREE_TOP } from './living-tree.ts';
import { SimClock } from './sim-clock.ts';
import { simSeeds } from './sim-seeds.ts';
import { TreeHandles } from './tree-handles.ts';
import { differenceOf, pictureOf } from './tree-picture.ts';
import { simTreeWriter } from './tree-writer.ts';
import type { Session } from './vault-host.ts';
import { RESTORE_TOP, VaultHost } from './vault-host.ts';
import { Crash, SimVolume } from './volume.ts';

const SEEDS = simSeeds();
const LARGE_FILE_SIZE = 1_300_000;
const STATES_PER_POINT = 3;
const ASIDE = '.holdfast-aside-';
const OWN = '.holdfast-';

interface Kept {
  readonly host: VaultHost;
  readonly clock: SimClock;
  readonly session: Session;
  readonly snapshots: readonly ListedSnapshot[];
  readonly trees: readonly FrozenTree[];
}

async function keptBy(seed: number, history?: History): Promise<Kept> {
  const volume = {};
  const { disk, trees, endMs } =
    history ??
    (await makeHistory({ seed, backupCount: 2, volume, largeFileBytes: LARGE_FILE_SIZE }));
  const clock = new SimClock(endMs);
  const host = new VaultHost({ disk, clock, seed });
  const session = await host.open();
  const { snapshots } = await listSnapshots(session.vault);
  return { host, clock, session, snapshots, trees };
}

interface Attempt {
  readonly report?: RestoreReport;
  readonly error?: unknown;
}

async function attempt(
  kept: Kept,
  into: SimVolume,
  request: { readonly nth: number; readonly inPlace?: boolean },
): Promise<Attempt> {
  const snapshot = kept.snapshots[request.nth];
  assert.ok(snapshot !== undefined, 'there is such a snapshot');
  kept.clock.pass(minutes(1));
  const inPlace = request.inPlace ?? false;
  try {
    const report = await kept.host.restore(kept.session, into, { snapshot, inPlace });
    into.mark('done');
    return { report };
  } catch (error) {
    return { error };
  }
}

/** Another volume on which is durable what is seen on this one. */
function forked(volume: SimVolume): SimVolume {
  const seen = volume.fingerprint();
  for (const state of volume.statesAfterCrash(0, 3)) if (state.fingerprint() === seen) return state;
  throw new Error('all that is seen may be durable');
}

function isAside(path: ByteString): boolean {
  return path.startsWith(ASIDE);
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

function below(top: ByteString, path: ByteString): ByteString {
  return path === '' ? top : byteString(`${top}/${path}`);
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
  const inPlace = isComplete(volume, tree);
  const { report, error } = await attempt(kept, volume, { nth, inPlace });
  if (error !== undefined) {
    return { wrong: `again: ${faultIn(error).code} ${faultIn(error).message}` };
  }
  if (report?.isWhole !== true) return { wrong: `again: ${JSON.stringify(report?.failures)}` };
  const wrong = differenceOf(tree.picture, pictureOf(volume, RESTORE_TOP, isAside));
  return { wrong, report };
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
      assert.equal(report?.movedAside, 0, `${where}: what it wrote itself is not in its way`);
      resumed += Number(report.isResumed);
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
    const states = new Set<string>();
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

  test(`SEED=${seed}: in place, killed at any writing call, nothing is lost`, async (t) => {
    const kept = await keptBy(seed);
    const [old, tree] = kept.trees;
    assert.ok(old !== undefined && tree !== undefined, 'each snapshot has its tree');
    const base = new SimVolume();
    await attempt(kept, base, { nth: 0 });
    spoil(base, kept.clock);
    const before = contentsIn(base);
    let movedMax = 0;
    let absentCount = 0;
    let call = 1;
    for (; ; call++) {
      const volume = forked(base);
      volume.crashAt(call);
      const first = await attempt(kept, volume, { nth: 1, inPlace: true });
      const where = `SEED=${seed} in place, killed at call ${call}`;
      volume.restart();
      assert.equal(lostFrom(before, { volume, tree }), undefined, where);
      assert.equal(halfReplaced(before, { volume, tree }), undefined, where);
      absentCount += absentIn(before, volume).length;
      const { report, error } =
        first.report === undefined ? await attempt(kept, volume, { nth: 1, inPlace: true }) : first;
      assert.ok(report?.isWhole === true, `${where}: ${String(error)}`);
      movedMax = Math.max(movedMax, report.movedAside);
      assert.equal(lostFrom(before, { volume, tree }), undefined, `${where}, and again`);
      // What was there beside stays, also as one more name of a file that was captured.
      const restored = pictureOf(volume, RESTORE_TOP, (path) => !tree.picture.has(path));
      for (const [path, facts] of tree.picture) {
        // The top has more names in it than were captured.
        if (path !== '') assert.equal(restored.get(path), facts, `${where}: ${path}`);
      }
      if (first.report !== undefined) break;
    }
    t.diagnostic(`SEED=${seed}: killed ${call - 1} times, ${movedMax} moved aside`);
    assert.ok(movedMax > 2, 'liveness: something was replaced');
    // What is there stays until what comes is whole: nothing at a name only between two renames.
    assert.ok(absentCount <= movedMax, `names were gone in ${absentCount} states`);
    assert.ok(call > 20, 'liveness: restores were killed');
  });
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

  test(`SEED=${seed}: in place, the machine stops at any writing call, nothing is lost`, async (t) => {
    const kept = await keptBy(seed);
    const [old, tree] = kept.trees;
    assert.ok(old !== undefined && tree !== undefined, 'each snapshot has its tree');
    const base = new SimVolume({ mode: 'ext4' });
    await attempt(kept, base, { nth: 0 });
    spoil(base, kept.clock);
    const before = contentsIn(base);
    const volume = forked(base);
    const { report } = await attempt(kept, volume, { nth: 1, inPlace: true });
    assert.equal(report?.isWhole, true);
    const states = new Set<string>();
    for (const point of volume.crashPoints()) {
      for (const state of point.states(seed + point.calls, 5)) {
        const fingerprint = state.fingerprint();
        if (states.has(fingerprint)) continue;
        states.add(fingerprint);
        const where = `SEED=${seed} in place, crash after call ${point.calls}`;
        assert.equal(lostFrom(before, { volume: state, tree }), undefined, where);
        const second = await attempt(kept, state, { nth: 1, inPlace: true });
        assert.equal(second.report?.isWhole, true, `${where}: ${String(second.error)}`);
        assert.equal(lostFrom(before, { volume: state, tree }), undefined, `${where}, and again`);
      }
    }
    t.diagnostic(`SEED=${seed}: ${volume.calls} calls, ${states.size} distinct states survived`);
    assert.ok(states.size > 40, 'liveness: many states were seen');
  });
}

/** Somebody worked in the target: files of another content, one more, a file for a directory. */
function spoil(volume: SimVolume, clock: SimClock): void {
  const handles = new TreeHandles(volume);
  const writer = simTreeWriter(handles, () => clock.nowNs());
  let count = 0;
  for (const [path, facts] of pictureOf(volume, RESTORE_TOP)) {
    const { mode } = JSON.parse(facts);
    const at = below(RESTORE_TOP, path);
    if (!String(mode).startsWith('100')) continue;
    count += 1;
    const inode = volume.find(at);
    if (count % 2 === 0) continue;
    // Some keep their size: only their bytes tell.
    const size = count % 4 === 1 ? volume.inode(inode).content.size : 8;
    const bytes = Buffer.alloc(size, `spoilt ${count}`);
    volume.change(at, () => [
      { kind: 'resize', inode, size: 0 },
      { kind: 'write', inode, offset: 0, bytes },
    ]);
  }
  const top = handles.open(handles.find(RESTORE_TOP));
  const file = writer.createFile(top, byteString('of somebody else'), 0o600);
  writer.write(file, Buffer.from('not in any snapshot'), 0);
}

/** Contents of all files, by their place below the target. */
function contentsIn(volume: SimVolume): Map<ByteString, string> {
  const contents = new Map<ByteString, string>();
  for (const path of pictureOf(volume, RESTORE_TOP).keys()) {
    const content = volume.findKind(below(RESTORE_TOP, path), 'file')?.content.snapshot();
    if (content !== undefined) contents.set(path, Buffer.from(content).toString('latin1'));
  }
  return contents;
}

/** What lies aside, and nothing is under its name yet. */
function absentIn(before: ReadonlyMap<ByteString, string>, volume: SimVolume): ByteString[] {
  const found = contentsIn(volume);
  const aside = new Set(
    [...found].flatMap(([at, content]) => (at.startsWith(ASIDE) ? [content] : [])),
  );
  return [...before].flatMap(([path, content]) =>
    !found.has(path) && aside.has(content) ? [path] : [],
  );
}

/** What is neither what it was nor what comes. */
function halfReplaced(
  before: ReadonlyMap<ByteString, string>,
  now: { readonly volume: SimVolume; readonly tree: FrozenTree },
): string | undefined {
  const found = contentsIn(now.volume);
  for (const [path, content] of before) {
    const captured = now.tree.volume.findKind(below(TREE_TOP, path), 'file')?.content.snapshot();
    const here = found.get(path);
    if (here !== undefined && captured !== undefined && here !== content) {
      const isWhole = here === Buffer.from(captured).toString('latin1');
      // A beginning of what comes is no loss, and is gone on with under its own name.
      const wasBeginning = Buffer.from(captured).toString('latin1').startsWith(content);
      if (!isWhole && !wasBeginning) return `${path} is half replaced`;
    }
  }
  return undefined;
}

/** A content that was there and is nowhere; beginnings of what was captured are no loss. */
function lostFrom(
  before: ReadonlyMap<ByteString, string>,
  now: { readonly volume: SimVolume; readonly tree: FrozenTree },
): string | undefined {
  const found = contentsIn(now.volume);
  for (const [path, content] of before) {
    const aside = [...found].some(([at, other]) => at.startsWith(ASIDE) && other === content);
    if (aside || found.get(path) === content) continue;
    const captured = now.tree.volume.findKind(below(TREE_TOP, path), 'file')?.content.snapshot();
    const text = captured === undefined ? '' : Buffer.from(captured).toString('latin1');
    if (captured === undefined || !text.startsWith(content)) return `${path} is lost`;
  }
  return undefined;
}
