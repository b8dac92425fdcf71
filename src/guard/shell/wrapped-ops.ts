/** From what a dry run says to the operations of a plan: each looked at where it lies. */
import type { ByteString } from '../../base/bytes.ts';
import type { Liveness, Op, UndoProof } from '../../base/plan.ts';
import type { UnixMs } from '../../base/units.ts';
import { comparePaths, isWithin, parentOf } from '../../manifest/core/order.ts';
import { type GoingTree, matchRenames, type RenameSeen } from '../core/match-renames.ts';
import type {
  WrappedChange,
  WrappedCreate,
  WrappedDelete,
  WrappedUpdate,
} from '../core/wrapped.ts';
import {
  msOf,
  printOfOne,
  type Seen,
  type Staying,
  type TargetReader,
  type TreeSum,
} from './target-reader.ts';

export interface WrappedOpsParts {
  readonly target: TargetReader;
  readonly changes: readonly WrappedChange[];
  /** Why something goes that nothing replaces. */
  readonly cause: 'absent-in-source' | 'explicit';
  readonly owns: (path: ByteString) => boolean;
  readonly liveness: (thing: LiveQuestion) => Liveness;
  readonly proveUndo: (path: ByteString, bytes: number) => UndoProof;
  /** Whether what comes at `to` really is what goes at `from`. */
  readonly isSameContent: (renamed: RenameSeen) => boolean;
}

export interface LiveQuestion {
  readonly path: ByteString;
  readonly isDir: boolean;
  readonly newest: UnixMs;
  readonly newestChange: UnixMs;
  readonly isOwned: boolean;
  /** Something else of the same name comes. */
  readonly isUpdate: boolean;
}

export interface WrappedOps {
  /** In the order of a plan. */
  readonly ops: readonly Op[];
  /** Directories that were said to go and keep something that was not. */
  readonly kept: readonly KeptDir[];
  readonly renames: readonly RenameSeen[];
}

export interface KeptDir {
  readonly path: ByteString;
  /** As the program calls it. */
  readonly shown: string | undefined;
  readonly staying: Staying;
}

type Draft = Omit<Op, 'n'>;

const NO_UNDO_WANTED: UndoProof = { kind: 'quarantine', verified: true, fidelity: 'exact' };
const IDLE: Liveness = { state: 'idle' };

/** @throws SourceFailure where the target cannot be looked at */
export function wrappedOps(parts: WrappedOpsParts): WrappedOps {
  return new Maker(parts).make();
}

class Maker {
  readonly #parts: WrappedOpsParts;
  readonly #going: ReadonlySet<ByteString>;
  /** What goes and has something new below it: it is in the way of that. */
  readonly #inTheWay = new Set<ByteString>();
  readonly #drafts: Draft[] = [];
  readonly #trees: GoingTree[] = [];
  readonly #kept: KeptDir[] = [];
  /** Directories that are there, or that an operation before makes. */
  readonly #dirs = new Set<ByteString>();
  /** Entries at and below it are covered by an operation. */
  #covered: ByteString | undefined;
  /** A directory that is not there yet, so that nothing below it is either. */
  #new: ByteString | undefined;

  constructor(parts: WrappedOpsParts) {
    this.#parts = parts;
    this.#going = new Set(
      parts.changes.flatMap((change) => (change.what === 'delete' ? [change.path] : [])),
    );
  }

  make(): WrappedOps {
    const { changes } = this.#parts;
    for (const { what, path } of changes) if (what === 'create') this.#noteParents(path);
    // Of one path the delete comes last: a create of the same is a replacement, and covers it.
    const sorted = changes.toSorted(
      (a, b) => comparePaths(a.path, b.path) || rankOf(a) - rankOf(b),
    );
    for (const change of sorted) this.#take(change);
    const renames = this.#renames(sorted);
    const from = new Set(renames.map((renamed) => renamed.from));
    const ops = this.#drafts.map((draft, n): Op => {
      const isRenamed = draft.op === 'delete' && from.has(draft.path);
      return { ...draft, n, ...(isRenamed ? { cause: 'replaced' as const } : {}) };
    });
    return { ops, kept: this.#kept, renames };
  }

  #noteParents(path: ByteString): void {
    for (let above = parentOf(path); above !== undefined; above = parentOf(above)) {
      if (this.#going.has(above)) this.#inTheWay.add(above);
    }
  }

  #take(change: WrappedChange): void {
    const isCovered = this.#covered !== undefined && isWithin(this.#covered, change.path);
    if (change.what === 'delete') {
      if (!isCovered) this.#delete(change);
    } else if (this.#new !== undefined && isWithin(this.#new, change.path)) {
      this.#create(change);
    } else {
      this.#put(change);
    }
  }

  #put(change: WrappedCreate | WrappedUpdate): void {
    const seen = this.#parts.target.look(change.path);
    const comesAsDir = change.what === 'create' && change.isDir;
    if (seen === undefined) {
      if (comesAsDir) this.#new = change.path;
      this.#create(change);
    } else if (change.what === 'create' && comesAsDir !== (seen.kind === 'dir')) {
      this.#replace(change, seen);
      if (comesAsDir) this.#new = change.path;
      if (comesAsDir) this.#dirs.add(change.path);
    } else {
      this.#update(change, seen, comesAsDir);
    }
  }

  #create(change: WrappedCreate | WrappedUpdate): void {
    const isDir = change.what === 'create' && change.isDir;
    this.#createAbove(change.path);
    this.#comes(change.path, { isDir, bytes: change.size });
  }

  /** Some programs make directories without a word. */
  #createAbove(path: ByteString): void {
    const above = parentOf(path);
    if (above === undefined || above === '' || this.#dirs.has(above)) return;
    this.#dirs.add(above);
    const isCovered = this.#new !== undefined && isWithin(this.#new, above);
    if (!isCovered && this.#parts.target.look(above) !== undefined) return;
    this.#createAbove(above);
    if (this.#new === undefined || !isWithin(this.#new, above)) this.#new = above;
    this.#comes(above, { isDir: true, bytes: 0 });
  }

  #comes(path: ByteString, { isDir, bytes }: { isDir: boolean; bytes: number }): void {
    if (isDir) this.#dirs.add(path);
    this.#drafts.push({
      ...{ op: 'create', kind: isDir ? 'dir' : 'file', path },
      ...{ entries: 1, bytes, owner: 'pipeline', cause: 'new' },
      ...{ cascade: 'expanded', cls: 'data', live: IDLE, undo: NO_UNDO_WANTED },
    });
  }

  #update(change: WrappedCreate | WrappedUpdate, seen: Seen, comesAsDir: boolean): void {
    const attributesOnly = comesAsDir || (change.what === 'update' && change.attributesOnly);
    const bytes = attributesOnly || seen.kind !== 'file' ? 0 : Number(seen.precond.size);
    const cause = this.#parts.cause === 'explicit' ? 'explicit' : 'differs';
    const draft = this.#lossOf({ path: change.path, seen, entries: 1, bytes, isUpdate: true });
    const live = attributesOnly ? IDLE : draft.live;
    const undo = attributesOnly ? NO_UNDO_WANTED : draft.undo;
    const from = change.what === 'update' && change.from !== undefined ? { from: change.from } : {};
    const about = { ...draft, ...from, op: 'update' as const, cause, live, undo } as const;
    this.#drafts.push(attributesOnly ? { ...about, attributesOnly } : about);
  }

  #replace(change: WrappedCreate, seen: Seen): void {
    const { path } = change;
    if (seen.kind !== 'dir') {
      const bytes = seen.kind === 'file' ? Number(seen.precond.size) : 0;
      const loss = this.#lossOf({ path, seen, entries: 1, bytes });
      this.#drafts.push({ ...loss, op: 'replace', cause: 'replaced' });
      return;
    }
    const sum = this.#sum(path);
    if (sum === undefined) return;
    const loss = this.#lossOf({ path, seen, ...sum });
    this.#drafts.push({ ...loss, op: 'replace', cause: 'replaced' });
    this.#covered = path;
  }

  #delete(change: WrappedDelete): void {
    const { path } = change;
    const seen = this.#parts.target.look(path);
    if (seen === undefined) return; // Gone by itself.
    const { cause } = this.#parts;
    if (seen.kind !== 'dir') {
      const bytes = seen.kind === 'file' ? Number(seen.precond.size) : 0;
      const loss = this.#lossOf({ path, seen, entries: 1, bytes });
      if (this.#inTheWay.has(path)) {
        this.#dirs.add(path);
        this.#drafts.push({ ...loss, op: 'replace', cause: 'replaced' });
        return;
      }
      this.#drafts.push({ ...loss, op: 'delete', cause });
      this.#trees.push({ path, isDir: false, print: printOfOne(seen) });
      return;
    }
    const sum = this.#sum(path, change);
    if (sum === undefined) return;
    this.#drafts.push({ ...this.#lossOf({ path, seen, ...sum }), op: 'delete', cause });
    this.#trees.push({ path, isDir: true, print: sum.print });
    this.#covered = path;
  }

  /** Undefined where something in it stays: then it stays, and what goes of it goes one by one. */
  #sum(path: ByteString, wish?: WrappedDelete): TreeSum | undefined {
    const isWhole = wish?.isWhole === true;
    const sum = this.#parts.target.sum(path, (below) => isWhole || this.#going.has(below));
    if (sum.staying === undefined) return sum;
    this.#kept.push({ path, shown: wish?.shown, staying: sum.staying });
    return undefined;
  }

  #lossOf(loss: {
    readonly path: ByteString;
    readonly seen: Seen;
    readonly entries: number;
    readonly bytes: number;
    readonly newest?: UnixMs;
    readonly newestChange?: UnixMs;
    readonly isUpdate?: true;
  }): Omit<Draft, 'op' | 'cause'> {
    const { path, seen, entries, bytes } = loss;
    const { liveness, owns, proveUndo } = this.#parts;
    const newest = loss.newest ?? msOf(seen.precond.mtimeNs);
    const newestChange = loss.newestChange ?? msOf(seen.precond.ctimeNs);
    const isOwned = owns(path);
    const isUpdate = loss.isUpdate === true;
    const isDir = seen.kind === 'dir';
    const live = liveness({ path, isDir, newest, newestChange, isOwned, isUpdate });
    return {
      ...{ kind: seen.kind, path, entries, bytes, newest, live },
      ...(isDir ? { newestChange } : {}),
      ...{ owner: isOwned ? 'pipeline' : 'unknown', cascade: 'expanded', cls: 'data' },
      ...{ precond: seen.precond, undo: proveUndo(path, bytes) },
    };
  }

  #renames(sorted: readonly WrappedChange[]): readonly RenameSeen[] {
    if (this.#parts.cause === 'explicit') return [];
    const created = new Set(
      this.#drafts.flatMap(({ op, path }) => (op === 'create' ? [path] : [])),
    );
    const creates = sorted.filter(
      (change): change is WrappedCreate => change.what === 'create' && created.has(change.path),
    );
    const matched = matchRenames(this.#trees, creates);
    return matched.filter((renamed) => this.#parts.isSameContent(renamed));
  }
}

function rankOf({ what }: WrappedChange): number {
  return what === 'delete' ? 1 : 0;
}
