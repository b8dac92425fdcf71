/**
 * One operation on the tree, step by step. What goes is moved aside, and what is swapped in between
 * two steps is found there and comes back. Removed are second names, empty directories, and, where
 * nothing can be set aside, what persons approved to go for good.
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Op } from '../../base/plan.ts';
import { type Attributes, type Place, TreeFailure, type Unset } from '../../host/tree-writer.ts';
import { isWithin } from '../../manifest/core/order.ts';
import type { Made, WasAttributes } from '../core/journal-line.ts';
import type { ApplyPorts } from './apply-request.ts';
import { copyEntry, moveTree } from './move-tree.ts';
import type { MountPlace, Quarantine } from './quarantine.ts';
import {
  isDirMode,
  kindWord,
  isSameMoved,
  type SeenObject,
  seenAt,
  surpriseIn,
} from './seen-object.ts';
import { knownBelow, removeJudged } from './remove-judged.ts';
import { Surprise } from './surprise.ts';
import { MOUNTED, surveyBelow } from './survey-below.ts';
import { joined, type TargetTree } from './target-tree.ts';
import { ifThere, refusalOf } from './tree-errno.ts';

/** How a file system says that it cannot swap two names. */
const NO_EXCHANGE: ReadonlySet<string> = new Set(['EINVAL', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP']);
const MODE_BITS = 0o7777;
const NO_NAME = byteString('');

export interface StepParts {
  readonly ports: ApplyPorts;
  readonly tree: TargetTree;
  readonly quarantine: Quarantine;
  /** Throws where it was asked to stop: after a look that took long, before the change. */
  readonly demandGoOn: () => void;
  /** Whether `op` may be done though nothing of it can be set aside. */
  readonly mayGoForGood: (op: Op) => boolean;
}

export class OpSteps {
  readonly #ports: ApplyPorts;
  readonly #tree: TargetTree;
  readonly #quarantine: Quarantine;
  readonly #demandGoOn: () => void;
  readonly #mayGoForGood: (op: Op) => boolean;
  /** What was renamed away, by its old path: it is not among what a directory holds any more. */
  readonly #renamed: { readonly from: ByteString; readonly entries: number }[] = [];
  /** Files of more names than one that we changed, as we left them: by `DEVICE:INODE`. */
  readonly #touched = new Map<string, SeenObject>();
  /** Files that what is staged is one more name of: their ctime changed by it, and nothing else. */
  readonly #linked = new Set<string>();

  constructor(parts: StepParts) {
    this.#ports = parts.ports;
    this.#tree = parts.tree;
    this.#quarantine = parts.quarantine;
    this.#demandGoOn = parts.demandGoOn;
    this.#mayGoForGood = parts.mayGoForGood;
  }

  /** The mount of `path`. @throws Surprise where nothing can be set aside there */
  mountOf(path: ByteString): MountPlace {
    const mount = this.#quarantine.placeFor(path);
    if (typeof mount === 'string') throw new Surprise(mount);
    return mount;
  }

  /** Undefined where nothing can be set aside, and it goes for good. @throws Surprise */
  mountFor(op: Op): MountPlace | undefined {
    const mount = this.#quarantine.placeFor(op.path);
    if (typeof mount !== 'string') return mount;
    if (this.#mayGoForGood(op)) return undefined;
    throw new Surprise(mount);
  }

  oldPlace(op: Op): Place {
    return { dir: this.#quarantine.openPlaces(this.mountOf(op.path)).old, name: slotName(op) };
  }

  newPlace(op: Op): Place {
    return { dir: this.#quarantine.openPlaces(this.mountOf(op.path)).fresh, name: slotName(op) };
  }

  /** @throws Surprise where `op` does not find what it was made for */
  demandAsPlanned(op: Op, path = op.path): SeenObject | undefined {
    const seen = seenAt(this.#ports.source, this.#placeOf(path));
    // Where nothing is taken away, only what it is counts: a run before may have touched it.
    const isMild = op.attributesOnly === true || op.op === 'rename';
    const identity = seen === undefined ? '' : identityOf(seen);
    const left = this.#touched.get(identity);
    const isTouched = isMild || left !== undefined || this.#linked.has(identity);
    const why = surpriseIn(wantedOf(op, left), seen, isTouched);
    if (why !== undefined) throw new Surprise(why);
    return seen;
  }

  /** A delete where nothing can be set aside. */
  remove(op: Op): void {
    const seen = this.demandAsPlanned(op);
    if (seen === undefined) throw new Surprise('it is not there any more');
    const place = this.#placeOf(op.path);
    this.#noteTouched(seen);
    if (!isDirMode(seen.mode)) {
      this.#ports.tree.unlink(place.dir, place.name);
      return;
    }
    const known = knownBelow(this.#ports, place);
    this.#demandCounted(op, place);
    this.#tree.forget(op.path);
    removeJudged(this.#ports, place, { op, known });
  }

  /** A delete, or the first half of making room: one rename, whatever lies below. */
  setAside(op: Op): void {
    const seen = this.demandAsPlanned(op);
    if (seen === undefined) throw new Surprise('it is not there any more');
    const place = this.#placeOf(op.path);
    if (isDirMode(seen.mode)) this.#demandCounted(op, place);
    this.#tree.forget(op.path);
    const old = this.oldPlace(op);
    const isWhole = moveTree(this.#ports, place, old);
    if (isWhole) this.#demandMoved(seen, { from: place, to: old });
    this.#noteTouched(seen);
  }

  /** Puts a staged object, or what is kept, where nothing is. */
  bring(op: Op, from: Place): void {
    this.demandAsPlanned(op);
    const place = this.#placeOf(op.path);
    this.#renameIn(from, place);
    this.#noteCame(place);
  }

  /** What is staged takes the place of what is there, in one step where the file system can. */
  replace(op: Op, from: Place): void {
    const seen = this.demandAsPlanned(op);
    if (seen === undefined) throw new Surprise('it is not there any more');
    const place = this.#placeOf(op.path);
    if (isDirMode(seen.mode)) this.#demandCounted(op, place);
    this.#tree.forget(op.path);
    const old = this.oldPlace(op);
    const { tree } = this.#ports;
    const why = refusalOf(() => tree.exchange(from, place));
    if (why === undefined) {
      const came = seenAt(this.#ports.source, from);
      if (came === undefined || !isSameMoved(came, seen)) {
        tree.exchange(from, place);
        throw new Surprise('it is another one now');
      }
      tree.rename(from, old);
    } else if (NO_EXCHANGE.has(why) || why === 'EXDEV') {
      const isWhole = moveTree(this.#ports, place, old);
      if (isWhole) this.#demandMoved(seen, { from: place, to: old });
      this.#renameIn(from, place);
    } else {
      throw new TreeFailure(why);
    }
    this.#noteTouched(seen);
    this.#noteCame(place);
  }

  /** Out of the way of a rename whose place it is on. */
  lift(op: Op): void {
    const from = op.from ?? op.path;
    const seen = this.demandAsPlanned(op, from);
    const place = this.#placeOf(from);
    this.#noteRenamed(op, from);
    this.#tree.forget(from);
    this.#ports.tree.rename(place, this.newPlace(op));
    if (seen !== undefined) this.#noteTouched(seen);
  }

  /** @param isLifted it is on its way already */
  rename(op: Op, isLifted: boolean): void {
    const from = op.from ?? op.path;
    const seen = isLifted ? undefined : this.demandAsPlanned(op, from);
    if (!isLifted && seen === undefined) throw new Surprise('it is not there any more');
    // A handle is gone when the walk goes elsewhere: the new place last.
    const isDir = seen !== undefined && isDirMode(seen.mode);
    const out = isLifted ? this.newPlace(op) : this.#heldPlace(from);
    try {
      if (!isLifted) this.#noteRenamed(op, from);
      if (isDir) this.#tree.forget(from);
      this.#renameIn(out, this.#placeOf(op.path));
    } finally {
      if (!isLifted) this.#ports.source.closeDir(out.dir);
    }
    if (seen !== undefined) this.#noteTouched(seen);
  }

  /** A copy beside, for a program that will write in place, or take it away itself. */
  copyAside(op: Op): void {
    const seen = this.demandAsPlanned(op);
    if (seen === undefined) throw new Surprise('it is not there any more');
    const old = this.oldPlace(op);
    copyEntry(this.#ports, this.#placeOf(op.path), old);
  }

  /** Attributes of what is at `path` before they change. */
  was(path: ByteString): WasAttributes | undefined {
    const { source, tools } = this.#ports;
    const place = this.#placeOf(path);
    const seen = seenAt(source, place);
    if (seen === undefined) return undefined;
    const { uid, gid, mtimeNs, mode } = seen;
    const xattrs = source
      .xattrsAt(place.dir, place.name)
      .values.map(([name, value]) => [name, tools.codec.textOf(value)] as const);
    return { mode: mode & MODE_BITS, uid, gid, mtimeNs, xattrs };
  }

  setAttributes(path: ByteString, attributes: Attributes): readonly Unset[] {
    const place = this.#placeOf(path);
    const seen = seenAt(this.#ports.source, place);
    if (seen === undefined) throw new Surprise('it is not there any more');
    if (!isDirMode(seen.mode)) {
      // A link has no mode of its own.
      const isLink = kindWord(seen.mode) === 'symlink';
      const settable = isLink ? { ...attributes, mode: undefined } : attributes;
      const unset = this.#ports.tree.setAttributesAt(place, settable);
      this.#noteTouched(seenAt(this.#ports.source, place) ?? seen);
      return unset;
    }
    return this.#ports.tree.setAttributes(this.#tree.dirAt(path).handle, attributes);
  }

  noteStaged(op: Op): void {
    const staged = seenAt(this.#ports.source, this.newPlace(op));
    if (staged !== undefined && hasMoreNames(staged)) this.#linked.add(identityOf(staged));
  }

  /** What tells again that it is ours. */
  madeAt(place: Place): Made | undefined {
    const seen = seenAt(this.#ports.source, place);
    if (seen === undefined) return undefined;
    return { inode: seen.inode, size: seen.size, mtimeNs: seen.mtimeNs };
  }

  seen(path: ByteString): SeenObject | undefined {
    return seenAt(this.#ports.source, this.#placeOf(path));
  }

  /** A directory of the tree; undefined where there is none. */
  seenDir(path: ByteString): SeenObject | undefined {
    const { source } = this.#ports;
    return ifThere(() => seenAt(source, { dir: this.#tree.dirAt(path).handle, name: NO_NAME }));
  }

  #placeOf(path: ByteString): Place {
    return placeOr(this.#tree, path);
  }

  /** A place whose directory stays open until it is closed by the caller. */
  #heldPlace(path: ByteString): Place {
    const { dir, name } = this.#placeOf(path);
    return { dir: this.#ports.source.openDir(dir, NO_NAME), name };
  }

  #demandCounted(op: Op, place: Place): void {
    // A bind mount of the same device looks like any other directory.
    const mount = this.#ports.mounts?.anyWithin(joined(this.#tree.target, op.path));
    if (mount !== undefined) throw new Surprise(MOUNTED);
    const survey = surveyBelow(this.#ports.source, place, op.newest !== undefined);
    if (survey.inTheWay !== undefined) throw new Surprise(survey.inTheWay);
    const left = op.entries - this.#renamedFrom(op.path);
    if (survey.entries !== op.entries && survey.entries !== left) {
      throw new Surprise(`it holds ${survey.entries} entries now, and not ${op.entries}`);
    }
    if (op.newest !== undefined && (survey.newestMs ?? op.newest) > op.newest) {
      throw new Surprise('something in it was written to');
    }
    const { newestChange = Number.POSITIVE_INFINITY } = op;
    if ((survey.newestChangeMs ?? 0) > newestChange) {
      throw new Surprise('something in it was changed');
    }
    this.#demandGoOn();
  }

  /** Between the look and the rename somebody may have put another one there. */
  #demandMoved(seen: SeenObject, { from, to }: { readonly from: Place; readonly to: Place }): void {
    const moved = seenAt(this.#ports.source, to);
    if (moved === undefined || isSameMoved(moved, seen)) return;
    this.#ports.tree.rename(to, from);
    throw new Surprise('it is another one now');
  }

  #renameIn(from: Place, to: Place): void {
    const why = refusalOf(() => void moveTree(this.#ports, from, to));
    if (why === 'EEXIST') throw new Surprise('something is there now');
    if (why !== undefined) throw new TreeFailure(why);
  }

  #noteRenamed(op: Op, from: ByteString): void {
    this.#renamed.push({ from, entries: op.entries });
  }

  #renamedFrom(dir: ByteString): number {
    let entries = 0;
    for (const each of this.#renamed) if (isWithin(dir, each.from)) entries += each.entries;
    return entries;
  }

  /** It may be one more name of a file that is in the tree already, whose ctime changed by it. */
  #noteCame(place: Place): void {
    const came = seenAt(this.#ports.source, place);
    if (came !== undefined) this.#noteTouched(came);
  }

  #noteTouched(seen: SeenObject): void {
    if (hasMoreNames(seen)) this.#touched.set(identityOf(seen), seen);
  }
}

function hasMoreNames({ mode, nlink }: SeenObject): boolean {
  return !isDirMode(mode) && nlink > 1n;
}

/** As the plan has it; of a file that we changed by another of its names, as we left it. */
function wantedOf({ precond }: Op, left: SeenObject | undefined): Op['precond'] {
  if (precond === undefined || left === undefined) return precond;
  const { mode, size, mtimeNs } = left;
  return { ...precond, mode, size, mtimeNs };
}

/** @throws Surprise where there is no way to it any more */
export function placeOr(tree: TargetTree, path: ByteString): Place {
  let place: Place | undefined;
  const why = refusalOf(() => {
    place = tree.placeOf(path);
  });
  if (place === undefined) {
    throw new Surprise(`a directory above it is not what it was (${why ?? 'gone'})`);
  }
  return place;
}

export function slotName(op: Pick<Op, 'n'>): ByteString {
  return byteString(String(op.n));
}

function identityOf({
  device,
  inode,
}: {
  readonly device: bigint;
  readonly inode: bigint;
}): string {
  return `${device}:${inode}`;
}
