/** Which of what comes is what goes, under another name. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Hash } from '../../host/hash.ts';
import { isWithin } from '../../manifest/core/order.ts';
import type { CreateNode, DeleteNode, SyncNode } from './sync-node.ts';

export interface RenameOptions {
  readonly hash: Hash;
  /** Whether ids of owners count. */
  readonly owners: boolean;
  /** What has to stay where it is. */
  readonly keeps: (path: ByteString) => boolean;
  /** Whether the content of the old is that of the new: both with all below them. */
  readonly isSame: (pairs: Iterable<RenamedPair>) => boolean;
}

export interface RenamedPair {
  readonly created: CreateNode;
  readonly deleted: DeleteNode;
}

/** Index of a node that comes to the index of the one that it was. */
export type Renames = ReadonlyMap<number, number>;

/** Of the same outside, so many are looked into. */
const TRIES_MAX = 8;

/**
 * Pairs are found by names, sizes, times and attributes of all below, the largest first, and
 * believed only where `isSame` says so. Neither of a pair lies in another pair.
 *
 * @param nodes in the order of paths
 */
export function findRenames(nodes: readonly SyncNode[], options: RenameOptions): Renames {
  const renames = new Map<number, number>();
  const hasBoth =
    nodes.some(({ change }) => change === 'create') &&
    nodes.some(({ change }) => change === 'delete');
  if (!hasBoth) return renames;
  const ends = subtreeEnds(nodes);
  const prints = fingerprints(nodes, ends, options);
  const going = goingByPrint(nodes, { ends, prints });
  const taken: boolean[] = [];
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    const print = prints[at];
    if (node?.change !== 'create' || print === undefined) continue;
    const found = candidates(nodes, { at, of: going.get(print) ?? [] }).find((from) => {
      if (isTaken(taken, from, ends[from] ?? from + 1)) return false;
      return options.isSame(
        pairsOf(nodes, { created: at, deleted: from, end: ends[at] ?? at + 1 }),
      );
    });
    if (found === undefined) continue;
    renames.set(at, found);
    for (let each = found; each < (ends[found] ?? found); each++) taken[each] = true;
    at = (ends[at] ?? at + 1) - 1;
  }
  return renames;
}

/** For each node the index behind the last that lies within it. */
export function subtreeEnds(nodes: readonly SyncNode[]): readonly number[] {
  const ends = new Array<number>(nodes.length);
  const open: number[] = [];
  for (let at = 0; at <= nodes.length; at++) {
    const path = nodes[at]?.path;
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const above = nodes[top]?.path;
      if (path !== undefined && above !== undefined && isWithin(above, path)) break;
      ends[top] = at;
      open.pop();
    }
    open.push(at);
  }
  return ends;
}

function goingByPrint(
  nodes: readonly SyncNode[],
  of: { readonly ends: readonly number[]; readonly prints: readonly (string | undefined)[] },
): ReadonlyMap<string, readonly number[]> {
  const going = new Map<string, number[]>();
  for (let at = 0; at < nodes.length; at++) {
    // What is replaced by another type goes with all below it, whatever that is.
    if (nodes[at]?.change === 'replace') {
      at = endOfDeletes(nodes, at, of.ends[at] ?? at + 1) - 1;
      continue;
    }
    const print = of.prints[at];
    if (nodes[at]?.change !== 'delete' || print === undefined) continue;
    const same = going.get(print);
    if (same === undefined) going.set(print, [at]);
    else same.push(at);
  }
  return going;
}

/** Behind what lay below a directory that becomes something else. */
export function endOfDeletes(nodes: readonly SyncNode[], at: number, end: number): number {
  let behind = at + 1;
  while (behind < end && nodes[behind]?.change === 'delete') behind += 1;
  return behind;
}

/** Those that have the same last name come first. */
function candidates(
  nodes: readonly SyncNode[],
  { at, of }: { readonly at: number; readonly of: readonly number[] },
): readonly number[] {
  const name = lastName(nodes[at]?.path);
  const isNamed = (from: number): boolean => lastName(nodes[from]?.path) === name;
  const some = of.length <= TRIES_MAX ? of : [...of.filter(isNamed), ...of].slice(0, TRIES_MAX);
  return some.toSorted((a, b) => Number(isNamed(b)) - Number(isNamed(a)));
}

function isTaken(taken: readonly boolean[], from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (taken[at] === true) return true;
  return false;
}

function* pairsOf(
  nodes: readonly SyncNode[],
  of: { readonly created: number; readonly deleted: number; readonly end: number },
): Generator<RenamedPair> {
  for (let at = of.created; at < of.end; at++) {
    const created = nodes[at];
    const deleted = nodes[of.deleted + at - of.created];
    if (created?.change !== 'create' || deleted?.change !== 'delete') return;
    yield { created, deleted };
  }
}

/** Undefined where it may not be renamed. The names below count, its own does not. */
function fingerprints(
  nodes: readonly SyncNode[],
  ends: readonly number[],
  { hash, owners, keeps }: RenameOptions,
): readonly (string | undefined)[] {
  const prints = new Array<string | undefined>(nodes.length);
  // From behind: what lies below a directory is known before it.
  for (let at = nodes.length - 1; at >= 0; at--) {
    const node = nodes[at];
    if (node === undefined || !mayMove(node, keeps)) continue;
    const own = outsideOf(node, owners);
    const end = ends[at] ?? at + 1;
    if (own.kind !== 'dir') {
      prints[at] = own.text;
      continue;
    }
    let isWhole = true;
    let below = own.text;
    for (let child = at + 1; child < end; child = ends[child] ?? end) {
      const print = prints[child];
      isWhole &&= print !== undefined && nodes[child]?.change === node.change;
      below += `\n${lastName(nodes[child]?.path)}\0${print ?? ''}`;
    }
    if (isWhole) prints[at] = hash.sha256Text(byteString(below));
  }
  return prints;
}

function mayMove(
  node: SyncNode,
  keeps: (path: ByteString) => boolean,
): node is CreateNode | DeleteNode {
  if (node.change === 'create') return !node.wanted.isLinked;
  if (node.change !== 'delete') return false;
  return !node.isKept && !node.present.isLinked && !keeps(node.path);
}

const PERMISSIONS = 0o7777;

function outsideOf(
  node: CreateNode | DeleteNode,
  owners: boolean,
): { readonly kind: string; readonly text: string } {
  if (node.change === 'create') {
    const { kind, size, mtime, mode, uid, gid } = node.wanted;
    const owner = owners ? `${uid} ${gid}` : '';
    return { kind, text: textOf({ kind, size, mtime, mode, owner }) };
  }
  const { kind, precond, uid, gid } = node.present;
  const owner = owners ? `${uid} ${gid}` : '';
  const size = kind === 'file' ? precond.size : 0n;
  return { kind, text: textOf({ kind, size, mtime: precond.mtimeNs, mode: precond.mode, owner }) };
}

function textOf(of: {
  readonly kind: string;
  readonly size: bigint;
  readonly mtime: bigint;
  readonly mode: number;
  readonly owner: string;
}): string {
  const { kind, size, mtime, mode, owner } = of;
  const bits = kind === 'symlink' ? 0 : mode & PERMISSIONS;
  return `${kind} ${size} ${mtime} ${bits} ${owner}`;
}

function lastName(path: ByteString | undefined): string {
  return path === undefined ? '' : path.slice(path.lastIndexOf('/') + 1);
}
