/**
 * Whether an operation that was meant was done. The file system tells; where it was stopped half
 * way, what lies between is put where it belongs. docs/format/guard-journal.md has the table.
 */
import { byteString } from '../../base/bytes.ts';
import type { Op } from '../../base/plan.ts';
import type { Place } from '../../host/tree-writer.ts';
import type { Intent } from '../core/journal-line.ts';
import type { ApplyPorts } from './apply-request.ts';
import { movePieces, moveTree } from './move-tree.ts';
import { slotName } from './op-steps.ts';
import { BY_COMMAND, type PlanPlaces } from './quarantine-place.ts';
import { isDirMode, isSameObject, type SeenObject, seenAt, surpriseIn } from './seen-object.ts';
import { surveyBelow } from './survey-below.ts';
import type { TargetTree } from './target-tree.ts';
import { ifThere, refusalOf } from './tree-errno.ts';

export interface SettleParts {
  readonly ports: ApplyPorts;
  readonly tree: TargetTree;
  /** By the index that an intent has; undefined where it is gone. */
  readonly placesOf: (index: number) => PlanPlaces | undefined;
  readonly doneBy: 'holdfast' | 'command';
  /** Of an undo: where what is put back lay. */
  readonly kept?: ((op: Op) => Place | undefined) | undefined;
}

const MODE_BITS = 0o7777;

export type Settled = 'done' | 'not-done';

/** Calling it again changes nothing. */
export function settleOp(parts: SettleParts, op: Op, intent: Intent): Settled {
  if (intent.place === undefined) return settleForGood(parts, op, intent);
  const places = parts.placesOf(intent.place);
  if (op.op === 'forget') return places === undefined ? 'done' : 'not-done';
  if (places === undefined) return 'not-done';
  const name = slotName(op);
  const at = { old: { dir: places.old, name }, fresh: { dir: places.fresh, name } };
  if (op.attributesOnly === true) return settleAttributes(parts, op, intent);
  if (op.op === 'delete') return settleDelete(parts, op, at.old);
  if (parts.doneBy === 'command') return settleCommanded(parts, op, { places, old: at.old });
  if (op.op === 'rename') return settleRename(parts, op, at.fresh);
  const kept = parts.kept?.(op);
  const coming = kept ?? at.fresh;
  const settled =
    op.op === 'create'
      ? settleCreate(parts, op, { coming, intent, isKept: kept !== undefined })
      : settleReplace(parts, op, { ...at, coming, intent });
  if (kept === undefined && settled === 'not-done') discard(parts, at.fresh);
  return settled;
}

/** What nothing of is kept. A directory of which some is gone counts as done: no run can go on with it. */
function settleForGood(parts: SettleParts, op: Op, intent: Intent): Settled {
  if (op.attributesOnly === true) return settleAttributes(parts, op, intent);
  const here = seenIn(parts, op);
  if (op.op === 'create') return here === undefined ? 'not-done' : 'done';
  if (here === undefined || surpriseIn(op.precond, here.seen, false) !== undefined) return 'done';
  const isWhole =
    !isDirMode(here.seen.mode) ||
    surveyBelow(parts.ports.source, here.place, false).entries === op.entries;
  return isWhole ? 'not-done' : 'done';
}

/** Some of them may be set: an apply that goes on sets them all again. */
function settleAttributes(parts: SettleParts, op: Op, { was }: Intent): Settled {
  const here = seenIn(parts, op);
  if (here === undefined || was === undefined) return 'not-done';
  const { source, tools } = parts.ports;
  const { mode, uid, gid, mtimeNs } = here.seen;
  const isSame = (mode & MODE_BITS) === was.mode && uid === was.uid && gid === was.gid;
  if (!isSame || mtimeNs !== was.mtimeNs) return 'done';
  const now = source.xattrsAt(here.place.dir, here.place.name).values;
  const isKept = was.xattrs.every(([name, value]) =>
    now.some(([other, bytes]) => other === name && tools.codec.textOf(bytes) === value),
  );
  return isKept && now.length === was.xattrs.length ? 'not-done' : 'done';
}

/** A copy that is gone came to its place, or was thrown away; what was kept is never thrown away. */
function settleCreate(
  parts: SettleParts,
  op: Op,
  at: { readonly coming: Place; readonly intent: Intent; readonly isKept: boolean },
): Settled {
  if (seenAt(parts.ports.source, at.coming) !== undefined) return 'not-done';
  if (at.isKept) return 'done';
  return seenIn(parts, op)?.seen.inode === at.intent.made?.inode ? 'done' : 'not-done';
}

/** The directory itself is there still, and some of it lies aside: it went piece by piece. */
function settleDelete(parts: SettleParts, op: Op, old: Place): Settled {
  if (seenAt(parts.ports.source, old) === undefined) return 'not-done';
  const here = seenIn(parts, op);
  const isPartial = here !== undefined && isPlanned(op, here.seen) && isDirMode(here.seen.mode);
  if (!isPartial) return 'done';
  movePieces(parts.ports, old, here.place);
  return 'not-done';
}

function settleReplace(
  parts: SettleParts,
  op: Op,
  at: { readonly old: Place; readonly coming: Place; readonly intent: Intent },
): Settled {
  const { source, tree } = parts.ports;
  const old = seenAt(source, at.old);
  const coming = seenAt(source, at.coming);
  if (coming === undefined) return old === undefined ? 'not-done' : 'done';
  if (old === undefined) {
    if (coming.inode === at.intent.made?.inode) return 'not-done';
    // Swapped, and not put into its slot yet.
    tree.rename(at.coming, at.old);
    return 'done';
  }
  const here = seenIn(parts, op);
  if (here === undefined) {
    const place = ifThere(() => parts.tree.placeOf(op.path));
    if (place === undefined) return 'done';
    moveTree(parts.ports, at.old, place);
    return 'not-done';
  }
  if (isPlanned(op, here.seen) && isDirMode(here.seen.mode)) {
    movePieces(parts.ports, at.old, here.place);
    return 'not-done';
  }
  return 'done';
}

/** On its way it goes back, or, where another came to its old place, on. */
function settleRename(parts: SettleParts, op: Op, fresh: Place): Settled {
  const { source, tree } = parts.ports;
  const from = op.from ?? op.path;
  if (seenAt(source, fresh) === undefined) {
    const here = seenIn(parts, op);
    return here !== undefined && isPlanned(op, here.seen) ? 'done' : 'not-done';
  }
  for (const path of [from, op.path]) {
    const place = ifThere(() => parts.tree.placeOf(path));
    if (place === undefined) continue;
    const why = refusalOf(() => tree.rename(fresh, place));
    if (why === undefined) return path === from ? 'not-done' : 'done';
  }
  return 'not-done';
}

/** What the program did by itself; what it replaced lies below `by-command`, or was put aside for it. */
function settleCommanded(
  parts: SettleParts,
  op: Op,
  at: { readonly places: PlanPlaces; readonly old: Place },
): Settled {
  const here = seenIn(parts, op);
  if (op.op === 'create') return here === undefined ? 'not-done' : 'done';
  if (op.op === 'rename')
    return here !== undefined && isPlanned(op, here.seen) ? 'done' : 'not-done';
  if (seenAt(parts.ports.source, at.old) === undefined) {
    const lies = ifThere(() => byCommand(parts.ports, at.places, op));
    return lies === true ? 'done' : 'not-done';
  }
  if (here !== undefined) {
    const isUntouched =
      op.op === 'update' && surpriseIn(op.precond, here.seen, false) === undefined;
    if (!isUntouched) return 'done';
    // Copied first, maybe half, and the program did not come to it.
    parts.ports.tree.unlink(at.old.dir, at.old.name);
    return 'not-done';
  }
  // It was to come in its place, and did not.
  const place = ifThere(() => parts.tree.placeOf(op.path));
  if (place === undefined) return 'done';
  moveTree(parts.ports, at.old, place);
  return 'not-done';
}

function byCommand({ source }: ApplyPorts, places: PlanPlaces, op: Op): boolean {
  return withCommandPlace(
    source,
    { places, path: op.path },
    (place) => seenAt(source, place) !== undefined,
  );
}

/** Below `by-command`, under its own path. @throws SourceFailure where there is no way to it */
function withCommandPlace<T>(
  source: ApplyPorts['source'],
  { places, path }: { readonly places: PlanPlaces; readonly path: Op['path'] },
  act: (place: Place) => T,
): T {
  const names = [BY_COMMAND, ...path.split('/')];
  const last = names.pop() ?? '';
  let dir = places.root;
  try {
    for (const name of names) {
      const next = source.openDir(dir, byteString(name));
      if (dir !== places.root) source.closeDir(dir);
      dir = next;
    }
    return act({ dir, name: byteString(last) });
  } finally {
    if (dir !== places.root) source.closeDir(dir);
  }
}

/** Staged by us, and not put in: a copy of what the source of the content has. */
function discard({ ports }: SettleParts, fresh: Place): void {
  const seen = seenAt(ports.source, fresh);
  if (seen === undefined) return;
  if (isDirMode(seen.mode)) ports.tree.removeDir(fresh.dir, fresh.name);
  else ports.tree.unlink(fresh.dir, fresh.name);
}

function isPlanned(op: Op, seen: SeenObject): boolean {
  return op.precond !== undefined && isSameObject(op.precond, seen);
}

function seenIn({ ports, tree }: SettleParts, op: Op) {
  return ifThere(() => {
    const place = tree.placeOf(op.path);
    const seen = seenAt(ports.source, place);
    return seen === undefined ? undefined : { place, seen };
  });
}
