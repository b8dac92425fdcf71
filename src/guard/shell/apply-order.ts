/** In which order the operations of a plan are done, and which of them wait. */
import type { ByteString } from '../../base/bytes.ts';
import type { Op } from '../../base/plan.ts';
import { isWithin, parentOf } from '../../manifest/core/order.ts';
import type { ApplyRequest, ContentSource } from './apply-request.ts';

/** What is to be done with an operation, and when; one byte each. */
export const WAITS = 0;
export const DONE = 1;
/** Creates, updates, replaces, renames: in the order of their paths, so directories come first. */
export const BRING = 2;
export const DELETE = 3;
/** Attributes of directories: when all in them is done. */
export const DIR_ATTRIBUTES = 4;
/** Done by the command itself. */
export const COMMANDED = 5;
/** Set aside before the command, which could not make way for it. */
export const AHEAD = 6;

/** One pass over the operations. */
export interface Phase {
  readonly phase: number;
  readonly act: (op: Op) => void;
  /** What comes is staged first. */
  readonly content?: ContentSource;
  readonly only?: (op: Op) => boolean;
  /** Half of an operation: it is counted when the other half is done. */
  readonly isHalf?: true;
  /** Its intents stand in the journal already. */
  readonly isSaid?: true;
}

export interface Order {
  /** By `n`. */
  readonly phases: Uint8Array;
  /** Operations that will be done. */
  readonly count: number;
  /** Renames by their old path. */
  readonly froms: ReadonlyMap<ByteString, number>;
  /** Renames of what is in the way of another operation, or lies in a directory that is replaced. */
  readonly lifted: ReadonlySet<number>;
}

export function orderOf(of: {
  readonly ops: Iterable<Op>;
  readonly count: number;
  readonly permit: 'all' | 'creates';
  readonly by: 'holdfast' | 'command';
  /** What earlier runs did. */
  readonly before?: { readonly intents: ReadonlyMap<number, unknown> } | undefined;
}): Order {
  const phases = new Uint8Array(of.count);
  const froms = new Map<ByteString, number>();
  const targets = new Set<ByteString>();
  /** What lies there stays for now, and nothing can be made below it. */
  let staying: ByteString | undefined;
  const replaced = new Set<ByteString>();
  let count = 0;
  for (const op of of.ops) {
    const isDone = of.before?.intents.has(op.n) === true;
    const isBlocked = staying !== undefined && isWithin(staying, op.path);
    const phase = isDone ? DONE : isBlocked ? WAITS : phaseOf(op, of);
    if (op.op === 'replace' && phase === WAITS && !isBlocked) staying = op.path;
    phases[op.n] = phase;
    if (phase > DONE) count += 1;
    if (op.op === 'replace' && op.kind === 'dir') replaced.add(op.path);
    // Of an undo: it comes back where something is that goes back by a rename.
    if (op.op === 'create' && op.cause === 'replaced') targets.add(op.path);
    if (op.op !== 'rename' || phase !== BRING) continue;
    froms.set(op.from ?? op.path, op.n);
    targets.add(op.path);
  }
  const isInTheWay = (from: ByteString): boolean => targets.has(from) || isBelowAny(replaced, from);
  const lifted = new Set([...froms].flatMap(([from, n]) => (isInTheWay(from) ? [n] : [])));
  return { phases, count, froms, lifted };
}

export function isBelowAny(dirs: ReadonlySet<ByteString>, path: ByteString): boolean {
  if (dirs.size === 0) return false;
  for (let at = parentOf(path); at !== undefined; at = parentOf(at)) if (dirs.has(at)) return true;
  return false;
}

function phaseOf(
  op: Op,
  of: { readonly permit: 'all' | 'creates'; readonly by: 'holdfast' | 'command' },
): number {
  if (op.op === 'forget') return WAITS;
  if (of.permit === 'creates' && op.op !== 'create') return WAITS;
  if (op.op === 'delete') return DELETE;
  if (of.by === 'command') return op.op === 'replace' ? AHEAD : COMMANDED;
  return op.attributesOnly === true && op.kind === 'dir' ? DIR_ATTRIBUTES : BRING;
}

/** 1, 10, 10 %, rest: how many operations each batch has. */
export function batchesOf(count: number): readonly number[] {
  const sizes: number[] = [];
  let left = count;
  for (const size of [1, 10, Math.ceil(count / 10), count]) {
    const next = Math.min(left, size);
    if (next > 0) sizes.push(next);
    left -= next;
  }
  return sizes;
}

/** What will lie aside, and counts against the share. */
export function keptBytes(op: Op): number {
  const isTaken = op.op === 'delete' || op.op === 'update' || op.op === 'replace';
  return isTaken && op.attributesOnly !== true ? op.bytes : 0;
}

/**
 * Whether `op` is done though nothing of it can be kept: what persons approved, and of a command what
 * takes nothing away.
 */
export function goesForGood(op: Op, { withoutUndo, content }: ApplyRequest): boolean {
  if (withoutUndo !== true || op.op === 'replace' || op.op === 'rename') return false;
  const isApproved = op.undo.kind === 'none' || op.op === 'create' || op.attributesOnly === true;
  return isApproved && (op.op === 'delete' || content.by === 'command');
}
