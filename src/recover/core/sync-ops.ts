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
  readonly classOf: (path: ByteString) => Op['cls'];
  readonly liveOf: (path: ByteString, of: PresentFacts) => Liveness;
  /** Of what is lost or overwritten at `path`. */
  readonly undoOf: (path: ByteString, bytes: number) => UndoProof;
  /** What has to stay where it is, because of itself or of something below it. */
  readonly keeps: (path: ByteString) => boolean;
}

export type OpOfSync = Omit<Op, 'n'>;

const NS_PER_MS = 1_000_000n;
const NOTHING_LOST: UndoProof = { kind: 'quarantine', verified: true, fidelity: 'exact' };
const IDLE: Liveness = { state: 'idle' };

interface Covered {
  entries: number;
  bytes: number;
  newest: UnixMs | undefined;
  isOwned: boolean;
  live: Liveness;
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
    ...{ owner: 'pipeline', cause: 'new', cascade: 'expanded', cls: facts.classOf(path) },
    ...{ live: IDLE, undo: NOTHING_LOST },
  };
}

function renameOp(all: All, { to, from }: { readonly to: number; readonly from: number }): OpOfSync {
  const created = all.nodes[to] as CreateNode;
  const deleted = all.nodes[from] as DeleteNode;
  const { entries, bytes, newest, isOwned, live } = covered(all, from, new Set());
  return {
    ...{ op: 'rename', kind: kindOf(deleted.present.kind), path: created.path, from: deleted.path },
    ...{ entries, bytes, ...(newest === undefined ? {} : { newest }) },
    ...{ owner: isOwned ? 'pipeline' : 'other', cause: 'differs', cascade: 'expanded' },
    ...{ cls: all.facts.classOf(created.path), live, precond: deleted.present.precond },
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
  const lost = covered(all, at, all.moved);
  if (change === 'replace') {
    return { ...lossOf(all, { op: 'replace', path, present, lost }), cause: 'differs' };
  }
  const base = { ...lossOf(all, { op: 'update', path, present, lost }), cause: 'differs' } as const;
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
  const { entries, bytes, newest, isOwned, live } = lost;
  return {
    ...{ op, kind: kindOf(present.kind), path, entries, bytes },
    ...(newest === undefined ? {} : { newest }),
    ...{ owner: isOwned ? 'pipeline' : 'other', cascade: 'expanded', cls: facts.classOf(path) },
    ...{ live, precond: present.precond, undo: facts.undoOf(path, bytes) },
  };
}

/** The node and what goes with it, without what is renamed out of it before. */
function covered({ nodes, ends, facts }: All, at: number, without: ReadonlySet<number>): Covered {
  const sum: Covered = { entries: 0, bytes: 0, newest: undefined, isOwned: true, live: IDLE };
  const end = endOfDeletes(nodes, at, ends[at] ?? at + 1);
  for (let each = at; each < end; each++) {
    const node = nodes[each];
    if (each > at && without.has(each)) {
      each = (ends[each] ?? each + 1) - 1;
      continue;
    }
    if (node === undefined || node.change === 'create') continue;
    addPresent(sum, node.path, { present: node.present, facts });
  }
  return sum;
}

function addPresent(
  sum: Covered,
  path: ByteString,
  { present, facts }: { readonly present: PresentFacts; readonly facts: OpFacts },
): void {
  const { kind, precond } = present;
  sum.entries += 1;
  if (kind === 'file') sum.bytes += Number(precond.size);
  if (kind !== 'dir') {
    const at = unixMs(Number(precond.mtimeNs / NS_PER_MS));
    if (sum.newest === undefined || at > sum.newest) sum.newest = at;
  }
  sum.isOwned &&= facts.owns(path);
  const live = facts.liveOf(path, present);
  if (sum.live.state === 'idle' || (sum.live.state === 'unknown' && live.state === 'in-use')) {
    sum.live = live;
  }
}

function kindOf(kind: EntryKind): string {
  return kind === 'file' || kind === 'dir' || kind === 'symlink' ? kind : 'other';
}

/** Paths, and all directories above them. */
export function withAbove(paths: Iterable<ByteString>): ReadonlySet<ByteString> {
  const all = new Set<ByteString>();
  for (const path of paths) {
    for (let at: string = path; !all.has(byteString(at)); at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
      all.add(byteString(at));
      if (at === '') break;
    }
  }
  return all;
}
