/**
 * The plan that takes another one back. What changed since is never lost: it goes aside in its
 * turn, and is said.
 */
import type { ByteString } from '../../base/bytes.ts';
import type { Actor, Op, PlanHeader } from '../../base/plan.ts';
import { PLAN_FORMAT } from '../../base/plan.ts';
import { type DurationMs, type UnixMs, unixMs } from '../../base/units.ts';
import { comparePaths, isWithin } from '../../manifest/core/order.ts';
import type { JudgedHeader } from '../core/own-rules.ts';
import type { Made } from '../core/journal-line.ts';
import type { ApplyPorts } from './apply-request.ts';
import { PLAN_LIFE_MS, type PlanStore } from './plan-store.ts';
import { Quarantine } from './quarantine.ts';
import { isDirMode, kindWord, preconditionOf, type SeenObject, seenAt } from './seen-object.ts';
import { surveyBelow } from './survey-below.ts';
import { TargetTree } from './target-tree.ts';
import { ifThere } from './tree-errno.ts';
import { type AppliedPlan, UndoContent } from './undo-content.ts';

export interface UndoRequest {
  readonly store: PlanStore;
  readonly original: PlanHeader;
  readonly plan: AppliedPlan;
  readonly actor: Actor;
  readonly now: UnixMs;
  readonly reason?: string;
  /** How long what the undo sets aside can be put back in its turn. */
  readonly keep?: DurationMs;
  /** Told each operation, as it is written: so it is judged while it is made. */
  readonly begin?: (header: JudgedHeader) => (op: Op) => void;
}

/** Something that cannot be put back, or that somebody changed since. */
export interface UndoNote {
  readonly path: ByteString;
  readonly what: 'changed since' | 'left';
  readonly why: string;
}

export interface UndoPlan {
  readonly header: PlanHeader;
  readonly notes: readonly UndoNote[];
}

type Draft = Omit<Op, 'n' | 'undo'>;

/** Notes that are kept; of more there is a count in the operations. */
const NOTES_MAX = 1000;
const FOR_GOOD = 'nothing of it was kept, as was approved: it went for good';
const RELEASED = 'what was set aside of it is not there any more';
const CHANGED = 'was changed since, by somebody else';

/** Nothing is changed: the plan is to be judged and applied as any other. */
export function undoPlan(ports: ApplyPorts, request: UndoRequest): UndoPlan {
  const maker = new UndoMaker(ports, request);
  try {
    return maker.make();
  } finally {
    maker.close();
  }
}

class UndoMaker {
  readonly #ports: ApplyPorts;
  readonly #request: UndoRequest;
  readonly #tree: TargetTree;
  readonly #content: UndoContent;
  readonly #notes: UndoNote[] = [];

  constructor(ports: ApplyPorts, request: UndoRequest) {
    this.#ports = ports;
    this.#request = request;
    this.#tree = new TargetTree(ports, request.plan.target);
    this.#content = new UndoContent(ports, request.plan, { ops: () => [], count: 0 });
  }

  close(): void {
    this.#content.close();
    this.#tree.close();
  }

  make(): UndoPlan {
    const { store, original, plan, actor, now, reason } = this.#request;
    const id = store.newId();
    // With what was put there since it was counted: that is what an undo takes away.
    const entries = original.target.entries + original.summary.create.entries;
    const header: JudgedHeader = {
      format: PLAN_FORMAT,
      ...{ id, created: now, expires: unixMs(now + PLAN_LIFE_MS), pipeline: original.pipeline },
      ...{ actor, ...(reason === undefined ? {} : { reason }), doneBy: 'holdfast' },
      ...{ undoOf: original.id, target: { ...original.target, entries, readAt: now } },
      scope: original.scope,
    };
    const { target } = plan;
    const { keep } = this.#request;
    const tell = this.#request.begin?.(header);
    const draft = store.draft(header);
    const quarantine = Quarantine.open(this.#ports, {
      ...{ target, planId: id, now },
      ...(keep === undefined ? {} : { keep }),
    });
    try {
      for (const op of this.#inOrder()) {
        const bytes = op.op === 'create' || op.op === 'rename' ? 0 : op.bytes;
        const kept = op.attributesOnly === true ? 0 : bytes;
        const undo = quarantine.prove({ path: op.path, bytes: kept });
        const added = draft.add({ ...op, undo });
        tell?.(added);
      }
      return { header: draft.seal(), notes: this.#notes };
    } catch (error) {
      draft.drop();
      throw error;
    } finally {
      quarantine.close();
    }
  }

  /** Renames go back to where they came from, so that they come in another order than they went. */
  *#inOrder(): Generator<Draft> {
    const renames = this.#renames();
    let at = 0;
    for (const op of this.#others()) {
      for (let next = renames[at]; next !== undefined; next = renames[at]) {
        if (comparePaths(next.path, op.path) >= 0) break;
        yield next;
        at += 1;
      }
      yield op;
    }
    yield* renames.slice(at);
  }

  #renames(): Draft[] {
    const drafts: Draft[] = [];
    for (const op of this.#request.plan.ops()) {
      const { from } = op;
      if (from === undefined || !this.#isDone(op)) continue;
      if (op.op === 'update' ? !this.#movesBack(op) : this.#isRestored(op)) continue;
      const seen = this.#seen(op.path);
      if (seen === undefined) this.#note(op.path, 'left', 'it is not there any more');
      else drafts.push({ ...this.#draftOf(op, seen), op: 'rename', path: from, from: op.path });
    }
    return drafts.sort((a, b) => comparePaths(a.path, b.path));
  }

  *#others(): Generator<Draft> {
    let whole: ByteString | undefined;
    for (const op of this.#request.plan.ops()) {
      if (op.op === 'rename' || !this.#isDone(op)) continue;
      // It goes with the directory above it, which goes as a whole.
      if (whole !== undefined && isWithin(whole, op.path)) continue;
      const draft = this.#inverse(op);
      if (draft === undefined) continue;
      const isGone = draft.op === 'delete' || draft.op === 'replace';
      if (isGone && draft.kind === 'dir') whole = draft.path;
      yield draft;
    }
  }

  #inverse(op: Op): Draft | undefined {
    const seen = this.#seen(op.path);
    if (op.attributesOnly === true) return this.#attributesBack(op, seen);
    const from = this.#movedBack(op);
    if (from !== undefined) return this.#movedAgain(op, from, seen);
    const slot = this.#content.slotOf(op);
    const old = slot === undefined ? undefined : seenAt(this.#ports.source, slot);
    if (op.op === 'create') {
      if (seen === undefined) return undefined;
      // Something came there after it was planned, and the command put its own in that place.
      return old === undefined ? this.#away(op, seen) : this.#instead(op, seen, old);
    }
    if (old === undefined) {
      this.#note(op.path, 'left', this.#isForGood(op) ? FOR_GOOD : RELEASED);
      return undefined;
    }
    const { entries, bytes } = op;
    if (this.#movesBack(op)) {
      const back = { op: 'create', cause: 'replaced', kind: kindWord(old.mode) } as const;
      return { ...this.#common(op), ...back, entries, bytes };
    }
    if (seen !== undefined) return this.#instead(op, seen, old);
    if (ifThere(() => this.#tree.parentOf(op.path)) === undefined) {
      this.#note(op.path, 'left', 'the directory that held it is not there any more');
      return undefined;
    }
    return { ...this.#common(op), op: 'create', kind: kindWord(old.mode), entries, bytes };
  }

  /** What was moved there lies there still, and where it came from nothing does. */
  #movesBack({ op, n, path, from, precond }: Op): boolean {
    if (op !== 'update' || from === undefined) return false;
    const made = this.#request.plan.applied.intents.get(n)?.intent.made;
    const seen = this.#seen(path);
    if (seen === undefined || seen.inode === precond?.inode) return false;
    if (made !== undefined && !this.#isMade(made, seen)) return false;
    const isFree = this.#seen(from) === undefined;
    return isFree && ifThere(() => this.#tree.parentOf(from)) !== undefined;
  }

  /** Of the undo of a move: where that lies now what was at the path of `op` before. */
  #movedBack(op: Op): ByteString | undefined {
    if (op.op !== 'create' || op.cause !== 'replaced') return undefined;
    return this.#renamesDone.find(({ from }) => from === op.path)?.path;
  }

  #movedAgain(op: Op, from: ByteString, seen: SeenObject | undefined): Draft | undefined {
    if (seen !== undefined && this.#seen(from) !== undefined) {
      return { ...this.#draftOf(op, seen), op: 'update', from };
    }
    this.#note(op.path, 'left', 'it, or what was moved over it, is not there any more');
    return undefined;
  }

  /** It is done again by the update of what came back to its old path. */
  #isRestored({ from }: Op): boolean {
    this.#restored ??= new Set(
      [...this.#request.plan.ops()]
        .filter((op) => op.op === 'create' && op.cause === 'replaced' && this.#isDone(op))
        .map(({ path }) => path),
    );
    return from !== undefined && this.#restored.has(from);
  }

  #restored: ReadonlySet<ByteString> | undefined;

  #attributesBack(op: Op, seen: SeenObject | undefined): Draft | undefined {
    if (seen === undefined) {
      this.#note(op.path, 'left', 'it is not there any more');
      return undefined;
    }
    return { ...this.#draftOf(op, seen), op: 'update', attributesOnly: true, entries: 1, bytes: 0 };
  }

  /** What the plan made goes. */
  #away(op: Op, seen: SeenObject): Draft {
    return { ...this.#draftOf(op, seen), op: 'delete', ...this.#live(op, seen) };
  }

  /** What was there comes back in the place of what is there. */
  #instead(op: Op, seen: SeenObject, old: SeenObject): Draft {
    const isSameKind = kindWord(seen.mode) === kindWord(old.mode) && !isDirMode(seen.mode);
    const verb = isSameKind ? 'update' : 'replace';
    return { ...this.#draftOf(op, seen), op: verb, ...this.#live(op, seen) };
  }

  /** About what is there now. */
  #draftOf(op: Op, seen: SeenObject): Omit<Draft, 'op'> {
    const place = this.#tree.placeOf(op.path);
    const isDir = isDirMode(seen.mode);
    const survey = isDir ? surveyBelow(this.#ports.source, place, true) : undefined;
    const moved = isDir ? this.#renamedInto(op.path) : 0;
    const newest = survey?.newestMs;
    const change = survey?.newestChangeMs;
    return {
      ...this.#common(op),
      ...{ kind: kindWord(seen.mode), entries: (survey?.entries ?? 1) - moved },
      ...(newest === undefined ? {} : { newest: unixMs(newest) }),
      ...(change === undefined ? {} : { newestChange: unixMs(change) }),
      bytes: isDir ? op.bytes : Number(seen.size),
      precond: preconditionOf(seen),
    };
  }

  #common(op: Op): Pick<Draft, 'path' | 'owner' | 'cause' | 'cascade' | 'cls' | 'live'> {
    const { path, owner, cls } = op;
    return { path, owner, cause: 'explicit', cascade: 'expanded', cls, live: { state: 'idle' } };
  }

  /** Somebody worked on it: a person is asked, and what there is goes aside. */
  #live(op: Op, seen: SeenObject): Pick<Draft, 'live'> {
    const made = this.#request.plan.applied.intents.get(op.n)?.intent.made;
    const isOurs = op.op === 'delete' ? false : made === undefined || this.#isMade(made, seen);
    const survey = isOurs && isDirMode(seen.mode) ? this.#surveyOf(op.path) : undefined;
    const isFull =
      (survey?.entries ?? 0) > (this.#madeBelow.get(op.path) ?? Number.POSITIVE_INFINITY);
    if (isOurs && !isFull) return { live: { state: 'idle' } };
    this.#note(op.path, 'changed since', `what is there now ${CHANGED}; it is kept aside`);
    return { live: { state: 'in-use', evidence: CHANGED } };
  }

  /** Of a directory that it is the same one: what lies in it is counted. */
  #isMade(made: Made, seen: SeenObject): boolean {
    if (made.inode !== seen.inode) return false;
    if (isDirMode(seen.mode)) return true;
    const isAsMade = made.mtimeNs === seen.mtimeNs || this.#timesSet.has(seen.inode);
    return made.size === seen.size && isAsMade;
  }

  #timesKept: ReadonlySet<bigint> | undefined;

  /** What the plan set the times of, maybe by another name of it than the one that it made. */
  get #timesSet(): ReadonlySet<bigint> {
    if (this.#timesKept !== undefined) return this.#timesKept;
    const inodes = new Set<bigint>();
    for (const op of this.#request.plan.ops()) {
      if (op.attributesOnly !== true || !this.#isDone(op)) continue;
      const seen = this.#seen(op.path);
      if (seen !== undefined) inodes.add(seen.inode);
    }
    this.#timesKept = inodes;
    return inodes;
  }

  /** Entries below `path` that a rename brought there: they leave before it goes. */
  #renamedInto(path: ByteString): number {
    let entries = 0;
    for (const op of this.#renamesDone) {
      const isBelow = op.path !== path && isWithin(path, op.path);
      if (isBelow && this.#seen(op.path) !== undefined) entries += this.#entriesAt(op.path);
    }
    return entries;
  }

  #surveyOf(path: ByteString) {
    return surveyBelow(this.#ports.source, this.#tree.placeOf(path), false);
  }

  #madeKept: ReadonlyMap<ByteString, number> | undefined;

  /** Entries that the plan made in each directory that it made, where no such is above it. */
  get #madeBelow(): ReadonlyMap<ByteString, number> {
    if (this.#madeKept !== undefined) return this.#madeKept;
    const counts = new Map<ByteString, number>();
    let top: ByteString | undefined;
    for (const op of this.#request.plan.ops()) {
      if (!this.#isDone(op)) continue;
      const isMaking = op.op === 'create' || op.op === 'replace';
      if (top === undefined || !isWithin(top, op.path)) top = isMaking ? op.path : undefined;
      if (top === undefined) continue;
      counts.set(top, (counts.get(top) ?? 0) + this.#entriesMade(op));
    }
    this.#madeKept = counts;
    return counts;
  }

  /** What an undo put back in place of something else may be of any size: it is not counted. */
  #entriesMade(op: Op): number {
    if (op.op === 'create') return op.entries;
    if (op.op === 'rename') return this.#entriesAt(op.path);
    const isBack = op.op === 'replace' && this.#request.original.undoOf !== undefined;
    return isBack ? Number.POSITIVE_INFINITY : 1;
  }

  #entriesAt(path: ByteString): number {
    const seen = this.#seen(path);
    return seen !== undefined && isDirMode(seen.mode) ? this.#surveyOf(path).entries : 1;
  }

  #renamesKept: readonly Op[] | undefined;

  get #renamesDone(): readonly Op[] {
    this.#renamesKept ??= [...this.#request.plan.ops()].filter(
      (op) => op.op === 'rename' && this.#isDone(op),
    );
    return this.#renamesKept;
  }

  #seen(path: ByteString): SeenObject | undefined {
    return ifThere(() => seenAt(this.#ports.source, this.#tree.placeOf(path)));
  }

  #isForGood({ n }: Op): boolean {
    const done = this.#request.plan.applied.intents.get(n);
    return done !== undefined && done.intent.place === undefined;
  }

  #isDone(op: Op): boolean {
    return this.#request.plan.applied.intents.has(op.n);
  }

  #note(path: ByteString, what: UndoNote['what'], why: string): void {
    if (this.#notes.length < NOTES_MAX) this.#notes.push({ path, what, why });
  }
}
