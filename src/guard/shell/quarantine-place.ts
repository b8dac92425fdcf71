/** One directory `.holdfast-undo`: whose it is, whether it works, what it holds. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { QUARANTINE_NAME, TRIAL_NAME } from '../../base/own-places.ts';
import {
  type DirHandle,
  kindOfMode,
  STAT_MODE,
  STAT_MTIME,
  STAT_UID,
  STAT_WORDS,
} from '../../host/source.ts';
import type { ApplyPorts } from './apply-request.ts';
import { aboutBytes, type About, aboutOf } from './quarantine-about.ts';
import { aboveOf, joined, lastOf } from './target-tree.ts';
import { errnoOf, ifThere, refusalOf } from './tree-errno.ts';

/** What a program sets aside by itself, under its own path: docs/format/guard-journal.md. */
export const BY_COMMAND = 'by-command';

const ROOT = byteString('/');
const OLD = byteString('old');
const NEW = byteString('new');
const ABOUT = byteString('about.json');
const NO_NAME = byteString('');
const TRIAL = byteString(TRIAL_NAME);
const OTHERS_BITS = 0o077;
const OWN_MODE = 0o700;

export type TreePorts = Pick<ApplyPorts, 'source' | 'tree'>;

/** A directory by its handle and, for people and the journal, its absolute path. */
export interface DirAt {
  readonly handle: DirHandle;
  readonly path: ByteString;
}

/** A quarantine; `isNew` where it was not there before. */
export interface TriedPlace extends DirAt {
  readonly isNew: boolean;
}

/** The places of one plan on one mount. */
export interface PlanPlaces {
  /** `.holdfast-undo/PLAN`, absolute. */
  readonly path: ByteString;
  readonly root: DirHandle;
  readonly old: DirHandle;
  readonly fresh: DirHandle;
}

/**
 * Makes or finds the quarantine in `within`, and tries it: a directory made in it is renamed into
 * `tree` and back. Times of both directories stay what they were.
 *
 * @returns why it is none: an error name, or whose it is
 */
export function tryPlace(ports: TreePorts, within: DirAt, tree: DirHandle): TriedPlace | string {
  return keepingTime(ports, within.handle, () =>
    keepingTime(ports, tree, () => {
      const place = ownDir(ports, within);
      if (typeof place === 'string') return place;
      const why = refusalOf(() => trial(ports, place.handle, tree));
      if (why === undefined) return place;
      ports.source.closeDir(place.handle);
      // Nothing is left of it, unless something is kept in it for others.
      refusalOf(() => ports.tree.removeDir(within.handle, lastOf(place.path)));
      return why;
    }),
  );
}

/** Opens, or makes, what belongs to one plan. */
export function openPlanPlaces(ports: TreePorts, place: DirAt, plan: string): PlanPlaces {
  const { source } = ports;
  const name = byteString(plan);
  makeUnlessThere(ports, place.handle, name);
  const root = source.openDir(place.handle, name);
  makeUnlessThere(ports, root, OLD);
  makeUnlessThere(ports, root, NEW);
  const [old, fresh] = [source.openDir(root, OLD), source.openDir(root, NEW)];
  return { path: joined(place.path, name), root, old, fresh };
}

export function closePlanPlaces({ source }: TreePorts, places: PlanPlaces): void {
  for (const handle of [places.old, places.fresh, places.root]) source.closeDir(handle);
}

/** Only where nothing is kept in it, for anybody. The time of the directory above stays what it was. */
export function removeQuarantineIfEmpty(ports: TreePorts, { path }: DirAt): void {
  const { source, tree } = ports;
  // Where it cannot be removed, it stays: an empty directory is no harm.
  refusalOf(() => {
    const above = source.openRoot(aboveOf(path) === '' ? ROOT : aboveOf(path));
    try {
      keepingTime(ports, above, () => tree.removeDir(above, lastOf(path)));
    } finally {
      source.closeDir(above);
    }
  });
}

/** Where nothing is kept for `plan`, nothing of it stays; else all of it does. */
export function removePlaceIfEmpty(
  { source, tree }: TreePorts,
  place: DirAt,
  { plan, root }: { readonly plan: string; readonly root: DirHandle },
): void {
  const names = [OLD, NEW, byteString(BY_COMMAND)].filter((name) => isThere(source, root, name));
  if (!names.every((name) => isEmpty(source, root, name))) return;
  for (const name of names) if (refusalOf(() => tree.removeDir(root, name)) !== undefined) return;
  refusalOf(() => tree.unlink(root, ABOUT));
  refusalOf(() => tree.removeDir(place.handle, byteString(plan)));
}

function isThere(source: TreePorts['source'], root: DirHandle, name: ByteString): boolean {
  return source.list(root).names.includes(name);
}

function isEmpty(source: TreePorts['source'], root: DirHandle, name: ByteString): boolean {
  const dir = source.openDir(root, name);
  try {
    return source.list(dir).names.length === 0;
  } finally {
    source.closeDir(dir);
  }
}

/** By plan; of one whose file says nothing, nothing. */
export function heldIn(ports: TreePorts, place: DirHandle): Map<string, About> {
  const held = new Map<string, About>();
  for (const name of ports.source.list(place).names) {
    const root = ifThere(() => ports.source.openDir(place, name));
    if (root === undefined) continue;
    const about = aboutOf(ports.source, root);
    if (about !== undefined) held.set(about.plan, about);
    ports.source.closeDir(root);
  }
  return held;
}

/** Written anew: what stood there is gone. Durable. */
export function writeAbout(ports: TreePorts, root: DirHandle, about: About): void {
  const { tree } = ports;
  const part = byteString('about.part');
  ifThere(() => tree.unlink(root, part));
  const file = tree.createFile(root, part, 0o600);
  try {
    tree.write(file, aboutBytes(about), 0);
    tree.sync(file);
  } finally {
    tree.closeFile(file);
  }
  const [from, to] = [part, ABOUT].map((name) => ({ dir: root, name }));
  if (from === undefined || to === undefined) return;
  const isSwapped = refusalOf(() => tree.exchange(from, to)) === undefined;
  ifThere(() => tree.unlink(root, isSwapped ? part : to.name));
  if (!isSwapped) tree.rename(from, to);
  tree.sync(root);
}

function namesFor({ tree }: TreePorts): readonly ByteString[] {
  return [byteString(QUARANTINE_NAME), byteString(`${QUARANTINE_NAME}-${tree.identity.uid}`)];
}

/** The first of the two names under which it is, or becomes, ours. */
function ownDir(ports: TreePorts, within: DirAt): TriedPlace | string {
  let why = '';
  for (const name of namesFor(ports)) {
    const made = refusalOf(() => ports.tree.makeDir(within.handle, name));
    if (made !== undefined && made !== 'EEXIST') return made;
    const opened = openOr(ports, within.handle, name);
    if (typeof opened === 'string') {
      why = opened;
      continue;
    }
    // Default permissions of the directory above may have been added to those of the new one.
    if (made === undefined) ports.tree.setAttributes(opened, { mode: OWN_MODE });
    const other = whoseIs(ports, opened);
    const path = joined(within.path, name);
    if (other === undefined) return { handle: opened, path, isNew: made === undefined };
    ports.source.closeDir(opened);
    why = other;
  }
  return why;
}

function openOr({ source }: TreePorts, dir: DirHandle, name: ByteString): DirHandle | string {
  try {
    return source.openDir(dir, name);
  } catch (error) {
    return errnoOf(error);
  }
}

/** Undefined where it is ours alone. */
function whoseIs({ source, tree }: TreePorts, dir: DirHandle): string | undefined {
  const stat = new BigInt64Array(STAT_WORDS);
  source.stat(dir, NO_NAME, stat);
  const mode = Number(stat[STAT_MODE]);
  if (kindOfMode(mode) !== 'dir') return 'ENOTDIR';
  if (Number(stat[STAT_UID]) !== tree.identity.uid) return `it is of user ${stat[STAT_UID]}`;
  return (mode & OTHERS_BITS) === 0 ? undefined : 'others may enter it';
}

function trial({ tree }: TreePorts, place: DirHandle, into: DirHandle): void {
  const inside = { dir: place, name: TRIAL };
  const outside = { dir: into, name: TRIAL };
  // Of one that was killed: both are empty directories of ours.
  for (const { dir, name } of [inside, outside]) ifThere(() => tree.removeDir(dir, name));
  tree.makeDir(place, TRIAL);
  try {
    tree.rename(inside, outside);
    tree.rename(outside, inside);
  } finally {
    for (const { dir, name } of [inside, outside]) ifThere(() => tree.removeDir(dir, name));
  }
}

/** A look at a place is no change of it. */
export function keepingTime<T>(ports: TreePorts, dir: DirHandle, act: () => T): T {
  const stat = new BigInt64Array(STAT_WORDS);
  ports.source.stat(dir, NO_NAME, stat);
  const mtimeNs = stat[STAT_MTIME] ?? 0n;
  try {
    return act();
  } finally {
    ports.source.stat(dir, NO_NAME, stat);
    if (stat[STAT_MTIME] !== mtimeNs) ports.tree.setAttributes(dir, { mtimeNs });
  }
}

export function makeUnlessThere({ tree }: TreePorts, dir: DirHandle, name: ByteString): void {
  const why = refusalOf(() => tree.makeDir(dir, name));
  if (why !== undefined && why !== 'EEXIST') tree.makeDir(dir, name);
}
