/** From what a target has otherwise to the operations that make it equal. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Liveness, Op, OpVerb, UndoProof } from '../../base/plan.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { EntryKind } from '../../host/source.ts';
import type { ChangeNode, CreateNode, DeleteNode, PresentFacts, SyncNode } from './sync-node.ts';
import { endOfDeletes, type Renames, subtreeEnds } from './sync-renames.ts';

/** What those who apply and judge know of a path. */
export interface OpFacts {
  /** Whether the pipeline made or adopted it. */
  readonly owns: (path: ByteString) => boolean;
  readonly classOf: (path: ByteString, isDir: boolean) => Op['cls'];
  readonly liveOf: (of: LiveQuestion) => Liveness;
  /** Of what is lost or overwritten at `path`. */
  readonly undoOf: (path: ByteString, bytes: number) => UndoProof;
  /** Whether a person named just these changes: then no listing was read as a wish. */
  readonly isExplicit?: boolean;
  /** What has to stay where it is, because of itself or of something below it. */
  readonly keeps: (path: ByteString) => boolean;
}

/** Of what goes. */
export interface LiveQuestion {
  readonly path: ByteString;
  readonly isDir: boolean;
  readonly newest: UnixMs;
  readonly newestChange: UnixMs;
  readonly isOwned: boolean;
}

export type OpOfSync = Omit<Op, 'n'>;

const NS_PER_MS = 1_000_000n;
const NOTHING_LOST: UndoProof = { kind: 'quarantine', verified: true, fidelity: 'exact' };
const IDLE: Liveness = { state: 'idle' };

interface Covered {
  entries: number;
  bytes: number;
  newest: UnixMs | undefined;
  newestChange: UnixMs;
  isOwned: boolean;
}

/** In the order of paths. A directory that goes as a whole is one. */
export function* opsOf(
  nodes: readonly SyncNode[],
  renames: Renames,
  facts: OpFacts,
): Generator<OpOfSync> {
  const ends = subtreeEnds(nodes);
  const moved = new Set(renames.values());
  const all = { nodes, ends, moved, facts };
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    if (node === undefined) return;
    const end = ends[at] ?? at + 1;
    if (node.change === 'create') {
      const from = renames.get(at);
      if (from === undefined) {
        yield createOp(node, facts);
        continue;
      }
      yield renameOp(all, { to: at, from });
      at = end - 1;
    } else if (node.change === 'delete') {
      if (moved.has(at)) {
        at = end - 1;
        continue;
      }
      // What has to stay holds what it lies in.
      if (node.isKept || facts.keeps(node.path)) continue;
      yield deleteOp(all, at);
      at = endOfDeletes(nodes, at, end) - 1;
    } else {
      yield changeOp(all, at);
      if (node.change === 'replace') at = endOfDeletes(nodes, at, end) - 1;
    }
  }
}

interface All {
  readonly nodes: readonly SyncNode[];
  readonly ends: readonly number[];
  /** Roots of what goes to another name. */
  readonly moved: ReadonlySet<number>;
  readonly facts: OpFacts;
}

function createOp({ path, wanted }: CreateNode, facts: OpFacts): OpOfSync {
  return {
    ...{ op: 'create', kind: kindOf(wanted.kind), path, entries: 1, bytes: Number(wanted.size) },
    ...{
      owner: 'pipeline',
      cause: 'new',
      cascade: 'expanded',
      cls: facts.classOf(path, wanted.kind === 'dir'),
    },
    ...{ live: IDLE, undo: NOTHING_LOST },
  };
}

function renameOp(
  all: All,
  { to, from }: { readonly to: number; readonly from: number },
): OpOfSync {
  const created = all.nodes[to] as CreateNode;
  const deleted = all.nodes[from] as DeleteNode;
  const { entries, bytes, newest, isOwned } = covered(all, from, new Set());
  return {
    ...{ op: 'rename', kind: kindOf(deleted.present.kind), path: created.path, from: deleted.path },
    ...{ entries, bytes, ...(newest === undefined ? {} : { newest }) },
    ...{ owner: isOwned ? 'pipeline' : 'other', cause: 'differs', cascade: 'expanded' },
    ...{
      cls: all.facts.classOf(created.path, deleted.present.kind === 'dir'),
      live: IDLE,
      precond: deleted.present.precond,
    },
    undo: all.facts.undoOf(deleted.path, 0),
  };
}

function deleteOp(all: All, at: number): OpOfSync {
  const { path, present } = all.nodes[at] as DeleteNode;
  const lost = covered(all, at, all.moved);
  return {
    ...lossOf(all, { op: 'delete', path, present, lost }),
    cause: 'absent-in-source',
  };
}

function changeOp(all: All, at: number): OpOfSync {
  const node = all.nodes[at] as ChangeNode;
  const { path, present, change } = node;
  const cause = all.facts.isExplicit === true ? 'explicit' : 'differs';
  const lost = covered(all, at, all.moved);
  if (change === 'replace') {
    return { ...lossOf(all, { op: 'replace', path, present, lost }), cause };
  }
  const base = { ...lossOf(all, { op: 'update', path, present, lost }), cause } as const;
  return change === 'update' ? base : { ...base, attributesOnly: true, bytes: 0 };
}

function lossOf(
  { facts }: All,
  of: {
    readonly op: OpVerb;
    readonly path: ByteString;
    readonly present: PresentFacts;
    readonly lost: Covered;
  },
): Omit<OpOfSync, 'cause'> {
  const { op, path, present, lost } = of;
  const { entries, bytes, newest, newestChange, isOwned } = lost;
  const isDir = present.kind === 'dir';
  const times = { newest: newest ?? msOf(present.precond.mtimeNs), newestChange };
  // What is only overwritten is not taken from whoever reads it: it keeps the old one open.
  const live = op === 'update' ? IDLE : facts.liveOf({ path, isDir, ...times, isOwned });
  return {
    ...{ op, kind: kindOf(present.kind), path, entries, bytes },
    ...(newest === undefined ? {} : { newest, ...(isDir ? { newestChange } : {}) }),
    ...{
      owner: isOwned ? 'pipeline' : 'other',
      cascade: 'expanded',
      cls: facts.classOf(path, isDir),
    },
    ...{ live, precond: present.precond, undo: facts.undoOf(path, bytes) },
  };
}

/** The node and what goes with it, without what is renamed out of it before. */
function covered({ nodes, ends, facts }: All, at: number, without: ReadonlySet<number>): Covered {
  const none = { entries: 0, bytes: 0, newest: undefined, newestChange: unixMs(0) };
  const sum: Covered = { ...none, isOwned: true };
  const end = endOfDeletes(nodes, at, ends[at] ?? at + 1);
  for (let each = at; each < end; each++) {
    const node = nodes[each];
    if (each > at && without.has(each)) {
      each = (ends[each] ?? each + 1) - 1;
      continue;
    }
    if (node === undefined || node.change === 'create') continue;
    addPresent(sum, node.present);
    sum.isOwned &&= facts.owns(node.path);
  }
  return sum;
}

function addPresent(sum: Covered, { kind, precond }: PresentFacts): void {
  sum.entries += 1;
  if (kind === 'file') sum.bytes += Number(precond.size);
  if (kind === 'dir') return;
  const newest = msOf(precond.mtimeNs);
  const changed = msOf(precond.ctimeNs);
  if (sum.newest === undefined || newest > sum.newest) sum.newest = newest;
  if (changed > sum.newestChange) sum.newestChange = changed;
}

/** Rounded up, so that nothing that was there is newer than it. */
function msOf(ns: bigint): UnixMs {
  return unixMs(Number((ns + NS_PER_MS - 1n) / NS_PER_MS));
}

function kindOf(kind: EntryKind): string {
  return kind === 'file' || kind === 'dir' || kind === 'symlink' ? kind : 'other';
}

/** Paths, and all directories above them. */
export function withAbove(paths: Iterable<ByteString>): ReadonlySet<ByteString> {
  const all = new Set<ByteString>();
  for (const path of paths) {
    for (
      let at: string = path;
      !all.has(byteString(at));
      at = at.slice(0, Math.max(0, at.lastIndexOf('/')))
    ) {
      all.add(byteString(at));
      if (at === '') break;
    }
  }
  return all;
}
