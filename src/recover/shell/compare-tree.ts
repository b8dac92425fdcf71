/** What a live tree has become since a snapshot was taken, or whether a restored one is equal. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { durationMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Excludes } from '../../host/excludes.ts';
import type { Source } from '../../host/source.ts';
import { utf8Of } from '../../manifest/core/utf8.ts';
import type { ListedSnapshot } from '../../vault/shell/snapshot-store.ts';
import {
  CompareTally,
  type CompareTotals,
  type PointDifference,
} from '../core/compare-difference.ts';
import { CompareLive, type LiveCounts } from './compare-live.ts';
import { errnoOf } from './failures.ts';
import type { LiveTop } from './live-tree.ts';
import { type OpenedRoot, openSnapshotRoots, type SnapshotPorts } from './snapshot-roots.ts';

export interface CompareTreePorts extends SnapshotPorts {
  readonly source: Source;
  readonly clock: Clock;
}

export interface CompareTreeRequest {
  readonly snapshot: ListedSnapshot;
  /**
   * The directory to compare with, laid out as a restore lays it out: the only root directly,
   * several under their names. By default each root where it lay when it was captured.
   */
  readonly at?: ByteString;
  /** Compare content even where size and time are equal. */
  readonly readAll?: boolean;
  /** What is not in the snapshot and matches these is no difference; relative to a root. */
  readonly excludes?: Excludes;
  /** Whoever wrote the snapshot. */
  readonly unsigned?: boolean;
  readonly onProgress?: (progress: TreeCompareProgress) => void;
}

export interface TreeCompareTotals extends CompareTotals, LiveCounts {}

export interface TreeCompareProgress extends LiveCounts {
  readonly entriesTotal: number;
}

export interface TreeComparison {
  /** `before` is the snapshot, `after` the tree. In the order of paths, root by root. */
  readonly differences: AsyncGenerator<PointDifference>;
  /** Of what was found so far. */
  readonly totals: () => TreeCompareTotals;
}

/** How long it works before it lets others (a signal, the terminal) have a turn. */
const TURN_MS = 50;

/**
 * Compares type, mode, owner by id, time, attributes, ACLs, link, target, device and content; not
 * where holes lie, nor names of owners. Content is read where sizes are equal and times are not,
 * where the file was in flux, and everywhere with `readAll`. Symlinks are not followed. What cannot
 * be looked at is said (`unknown`), never counted as equal, added or removed.
 *
 * @throws Fault HF_SNAPSHOT_UNTRUSTED, HF_MANIFEST_CORRUPT, and what reading pages gives; from
 *   `differences` the last two, and HF_SOURCE_ABSENT
 */
export function compareTree(ports: CompareTreePorts, request: CompareTreeRequest): TreeComparison {
  const { roots } = openSnapshotRoots(ports, request);
  const tally = new CompareTally();
  const live = new CompareLive(
    { source: ports.source, tools: ports.vault.tools },
    { readAll: request.readAll ?? false, excludes: request.excludes },
  );
  const found =
    request.at === undefined
      ? inTheirPlaces(ports.source, live, roots)
      : below({ source: ports.source, live, roots }, request.at);
  return {
    differences: inTurns(found, { ports, request, live, roots, tally }),
    totals: () => ({ ...tally.result(), ...live.counts }),
  };
}

interface Turns {
  readonly ports: CompareTreePorts;
  readonly request: CompareTreeRequest;
  readonly live: CompareLive;
  readonly roots: readonly OpenedRoot[];
  readonly tally: CompareTally;
}

/** @param found `undefined` is a breath without a difference */
async function* inTurns(
  found: Generator<PointDifference | undefined>,
  { ports: { clock }, request, live, roots, tally }: Turns,
): AsyncGenerator<PointDifference> {
  const entriesTotal = roots.reduce((sum, root) => sum + root.entries, 0);
  let startedMs = clock.monotonic();
  for (const difference of found) {
    if (difference !== undefined) {
      tally.note(difference);
      yield difference;
    }
    if (clock.monotonic() - startedMs < TURN_MS) continue;
    request.onProgress?.({ ...live.counts, entriesTotal });
    await clock.sleep(durationMs(0));
    startedMs = clock.monotonic();
  }
}

type Found = Generator<PointDifference | undefined>;

function* inTheirPlaces(source: Source, live: CompareLive, roots: readonly OpenedRoot[]): Found {
  for (const root of roots) {
    yield* opened(source, root.path, (top) => live.compare(root, top));
  }
}

interface Below {
  readonly source: Source;
  readonly live: CompareLive;
  readonly roots: readonly OpenedRoot[];
}

function* below({ source, live, roots }: Below, at: ByteString): Found {
  const [root, ...others] = roots;
  if (root !== undefined && others.length === 0) {
    yield* opened(source, at, (top) => {
      const isHolder = root.isNamed && top.name === '';
      return live.compare(root, isHolder ? { dir: top.dir, name: root.name } : top);
    });
    return;
  }
  yield* opened(source, at, function* ({ dir, name }) {
    if (name !== '') throw sourceAbsent(at, 'ENOTDIR');
    const names = new Set([...namesIn(source, dir, at), ...roots.map((each) => each.name)]);
    for (const each of [...names].sort()) {
      const of = roots.find((candidate) => candidate.name === each);
      if (of === undefined) yield* live.addAll({ dir, name: each }, each);
      else yield* live.compare(of, { dir, name: each });
    }
  });
}

function namesIn(source: Source, dir: number, at: ByteString): readonly ByteString[] {
  try {
    return source.list(dir).names;
  } catch (error) {
    throw sourceAbsent(at, errnoOf(error), error);
  }
}

/** Opens what a person named: a directory, or what holds the file. */
function* opened(source: Source, path: ByteString, run: (top: LiveTop) => Found): Found {
  let top: LiveTop;
  try {
    top = { dir: source.openRoot(path), name: byteString('') };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'ENOTDIR') throw sourceAbsent(path, errno, error);
    const at = path.lastIndexOf('/');
    const parent = at < 0 ? '.' : path.slice(0, at) || '/';
    top = { dir: openHolder(source, byteString(parent)), name: byteString(path.slice(at + 1)) };
  }
  try {
    yield* run(top);
  } finally {
    source.closeDir(top.dir);
  }
}

function openHolder(source: Source, path: ByteString): number {
  try {
    return source.openRoot(path);
  } catch (error) {
    throw sourceAbsent(path, errnoOf(error), error);
  }
}

function sourceAbsent(path: ByteString, errno: string, cause?: unknown): Fault {
  const facts = { path: utf8Of(path), errno };
  return new Fault('HF_SOURCE_ABSENT', `${facts.path} cannot be opened (${errno})`, facts, {
    cause,
  });
}
