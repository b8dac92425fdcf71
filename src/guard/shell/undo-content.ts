/** What an undo puts back: what lies in the quarantine of the plan that it takes back. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Op } from '../../base/plan.ts';
import type { DirHandle } from '../../host/source.ts';
import type { Attributes, Place } from '../../host/tree-writer.ts';
import { comparePaths } from '../../manifest/core/order.ts';
import type { WasAttributes } from '../core/journal-line.ts';
import type { ApplyPorts, ContentSource } from './apply-request.ts';
import { type AppliedRuns, OpenedPlaces } from './applied-runs.ts';
import { slotName } from './op-steps.ts';
import { seenAt } from './seen-object.ts';
import { BY_COMMAND } from './quarantine-place.ts';
import { aboveOf, lastOf, TargetTree } from './target-tree.ts';
import { ifThere } from './tree-errno.ts';

const NONE = -1;

/** A plan that was applied, and what it did. */
export interface AppliedPlan {
  readonly target: ByteString;
  readonly count: number;
  readonly ops: () => Iterable<Op>;
  readonly applied: AppliedRuns;
}

export class UndoContent implements ContentSource {
  readonly by = 'holdfast';
  readonly #ports: ApplyPorts;
  readonly #plan: AppliedPlan;
  readonly #places: OpenedPlaces;
  readonly #tree: TargetTree;
  /** By number in the undo: the operation that it takes back. */
  readonly #takenBack: Int32Array;
  #commanded: { readonly path: ByteString; readonly dir: DirHandle } | undefined;

  /** @param undo the operations of the undo and their number */
  constructor(
    ports: ApplyPorts,
    plan: AppliedPlan,
    undo: { readonly ops: () => Iterable<Op>; readonly count: number },
  ) {
    this.#ports = ports;
    this.#plan = plan;
    this.#places = new OpenedPlaces(ports, plan.applied.runs);
    this.#tree = new TargetTree(ports, plan.target);
    this.#takenBack = matchedByPath(undo, plan);
  }

  get target(): ByteString {
    return this.#plan.target;
  }

  /** Where what this operation puts back lies; undefined: it puts nothing back, or it is gone. */
  kept(op: Op): Place | undefined {
    if (op.op === 'delete' || op.op === 'rename' || op.attributesOnly === true) return undefined;
    const { from } = op;
    if (from !== undefined) return ifThere(() => this.#tree.placeOf(from));
    const n = this.#takenBack[op.n] ?? NONE;
    return n === NONE ? undefined : this.slotOf({ n, path: op.path });
  }

  /** @param done of the plan that is taken back */
  slotOf(done: { readonly n: number; readonly path: ByteString }): Place | undefined {
    const found = this.#plan.applied.intents.get(done.n);
    const places = found && this.#places.of(found.run, found.intent.place);
    if (places === undefined) return undefined;
    const own = { dir: places.old, name: slotName(done) };
    if (seenAt(this.#ports.source, own) !== undefined) return own;
    const dir = ifThere(() => this.#commandedDir(places.root, done.path));
    if (dir === undefined) return own;
    const byCommand = { dir, name: lastOf(done.path) };
    return seenAt(this.#ports.source, byCommand) === undefined ? own : byCommand;
  }

  stage(op: Op): Promise<void> {
    return Promise.reject(new TypeError(`operation ${op.n} of an undo is staged by nobody`));
  }

  attributes(op: Op): Attributes | undefined {
    const was = this.#plan.applied.intents.get(this.#takenBack[op.n] ?? NONE)?.intent.was;
    return was === undefined ? undefined : this.#toSet(op.path, was);
  }

  /** As it was before the plan, unless somebody else changed the directory since. */
  dirTime(path: ByteString, nowNs: bigint): bigint | undefined {
    const { before, left } = this.#plan.applied;
    const last = left.get(path);
    return last === undefined || last === nowNs ? before.get(path) : undefined;
  }

  dirs(): Iterable<ByteString> {
    return this.#plan.applied.before.keys();
  }

  /** Of what lies aside something is put back by no operation of this undo: a later one may. */
  leavesSome(): boolean {
    const isBack = new Uint8Array(this.#plan.count);
    for (const n of this.#takenBack) if (n !== NONE) isBack[n] = 1;
    for (const op of this.#plan.ops()) {
      if (isBack[op.n] === 1 || !keepsOld(op)) continue;
      // Of what went for good nothing is kept anywhere.
      if (this.#plan.applied.intents.get(op.n)?.intent.place === undefined) continue;
      const slot = this.slotOf(op);
      // Without its directory it is on a disk that is away.
      if (slot === undefined || seenAt(this.#ports.source, slot) !== undefined) return true;
    }
    return false;
  }

  close(): void {
    this.#leaveCommanded();
    this.#places.close();
    this.#tree.close();
  }

  #toSet(path: ByteString, was: WasAttributes): Attributes {
    const { source, tools } = this.#ports;
    const { mode, uid, gid, mtimeNs } = was;
    const kept = new Set(was.xattrs.map(([name]) => name));
    const place = ifThere(() => this.#tree.placeOf(path));
    const now = place === undefined ? [] : source.xattrsAt(place.dir, place.name).values;
    return {
      ...{ owner: { uid, gid }, mode, mtimeNs },
      xattrs: was.xattrs.map(([name, value]) => ({ name, value: tools.codec.bytesOf(value) })),
      removeXattrs: now.flatMap(([name]) => (kept.has(name) ? [] : [name])),
    };
  }

  /** The directory below `by-command` that holds `path`: kept open until another is asked for. */
  #commandedDir(root: DirHandle, path: ByteString): DirHandle {
    const wanted = aboveOf(path);
    if (this.#commanded?.path === wanted) return this.#commanded.dir;
    this.#leaveCommanded();
    const { source } = this.#ports;
    let dir = source.openDir(root, byteString(BY_COMMAND));
    for (const name of wanted.split('/').filter((each) => each !== '')) {
      const above = dir;
      try {
        dir = source.openDir(above, byteString(name));
      } finally {
        source.closeDir(above);
      }
    }
    this.#commanded = { path: wanted, dir };
    return dir;
  }

  #leaveCommanded(): void {
    if (this.#commanded !== undefined) this.#ports.source.closeDir(this.#commanded.dir);
    this.#commanded = undefined;
  }
}

function keepsOld({ op, from, attributesOnly }: Op): boolean {
  const isTaken = op === 'delete' || op === 'update' || op === 'replace';
  return isTaken && from === undefined && attributesOnly !== true;
}

/** Both come in the order of paths; only what kept its path is put back from a slot. */
function matchedByPath(
  undo: { readonly ops: () => Iterable<Op>; readonly count: number },
  plan: AppliedPlan,
): Int32Array {
  const matched = new Int32Array(undo.count).fill(NONE);
  if (undo.count === 0) return matched;
  const originals = plan.ops()[Symbol.iterator]();
  try {
    let next = originals.next();
    for (const op of undo.ops()) {
      while (next.done !== true && comparePaths(next.value.path, op.path) < 0) {
        next = originals.next();
      }
      if (next.done !== true && next.value.path === op.path) matched[op.n] = next.value.n;
    }
  } finally {
    originals.return?.(undefined); // It holds a file open.
  }
  return matched;
}
