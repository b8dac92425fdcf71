import { type ByteString, byteString } from '../../base/bytes.ts';
import type { NotSeen } from '../../watch/core/discovery.ts';
import type { Candidate } from '../discovery/candidates.ts';
import {
  type BackupInside,
  directoryThing,
  type FoundInside,
  fileThing,
  versionControlOf,
} from '../discovery/things.ts';
import type { Tree, Trees } from '../discovery/trees.ts';
import type { Walked } from '../discovery/walk.ts';
import { joinPath, type World } from '../discovery/world.ts';
import type { RecordedTree } from './look-record.ts';
import type { Recording } from './recording.ts';
import { wordsOf } from './words.ts';

interface Inside {
  readonly repositories: Map<'git' | 'svn' | 'hg', number>;
  readonly found: FoundInside[];
  readonly backups: BackupInside[];
  /** Of what is a row by itself. */
  bytes: number;
}

/** Trees as the machine summed them up, and what the marks below them tell. */
export function recordedTrees(world: World, of: Recording): Trees {
  return {
    walk: ({ candidates }) => {
      const inside = insideTrees(world, of);
      const trees = candidates.flatMap((candidate) => treeOf(candidate, { of, inside }));
      const stray = inside.get('');
      if (stray !== undefined) trees.push(strayTree(stray));
      const notSeen = candidates.flatMap((candidate) => missing(candidate, { world, of }));
      return Promise.resolve({ trees, notSeen });
    },
    sizeOf: (path) => {
      const tree = of.trees.get(path);
      if (tree !== undefined) return Promise.resolve(sumsOf(tree));
      const nothing = { bytes: 0, entries: 0, newestMs: undefined, cut: undefined };
      return Promise.resolve({ ...nothing, unreadable: 1 });
    },
  };
}

function treeOf(
  candidate: Candidate,
  { of, inside }: { readonly of: Recording; readonly inside: ReadonlyMap<string, Inside> },
): readonly Tree[] {
  const tree = of.trees.get(candidate.path);
  const empty = { repositories: new Map(), found: [], backups: [] };
  if (tree === undefined) {
    if (!of.denied.has(candidate.path)) return [];
    const nothing = { bytes: 0, entries: 0, newestMs: undefined, cut: undefined };
    const walked: Walked = { ...nothing, ...empty, directories: 0, unreadable: 1 };
    return [{ candidate, walked }];
  }
  const { bytes: own, ...things } = inside.get(tree.path) ?? { ...empty, bytes: 0 };
  const isThing = things.found.some(({ path }) => path === tree.path);
  const isRepository = things.backups.some(({ path }) => path === tree.path);
  const sums = sumsOf(tree);
  const bytes = Math.max(0, sums.bytes - own);
  const walked = { ...sums, bytes, directories: tree.directories, ...things };
  // It is a row by another name, or a backup: what was summed up here is that.
  const none = { bytes: 0, entries: 0, unreadable: 0 };
  return [{ candidate, walked: isThing || isRepository ? { ...walked, ...none } : walked }];
}

/** Shows no row of its own, only what was found. */
function strayTree({ found, backups }: Inside): Tree {
  const sums = { bytes: 0, entries: 0, directories: 0, newestMs: undefined, unreadable: 0 };
  const walked = { ...sums, cut: undefined, repositories: new Map(), found, backups };
  return { candidate: { path: byteString('/'), kind: 'tree' }, walked };
}

function sumsOf({ bytes, entries, newestMs, unreadable, cut }: RecordedTree) {
  const newest = newestMs === 0 ? undefined : newestMs;
  const why = cut === '' ? undefined : wordsOf(cut);
  return { bytes, entries, newestMs: newest, unreadable, cut: why };
}

/** What the marks show, by the tree that they lie in. */
function insideTrees(world: World, of: Recording): ReadonlyMap<string, Inside> {
  const trees = new Map<string, Inside>();
  // What lies in no tree that was summed up is kept under no name.
  const at = (path: string): Inside => {
    const tree = treeAbove(of, path) ?? '';
    const inside = trees.get(tree) ?? { repositories: new Map(), found: [], backups: [], bytes: 0 };
    trees.set(tree, inside);
    return inside;
  };
  const things = new Set<string>();
  for (const path of directoriesOf(of)) {
    const thing = directoryThing(world, path, world.list(path) ?? []);
    if (thing === undefined) continue;
    things.add(path);
    if (thing.is === 'data') at(path).found.push(thing.found);
    else at(path).backups.push(thing.backup);
  }
  for (const { path, type } of of.marks) {
    if (isInside(path, things)) continue;
    const inside = at(path);
    const tool = versionControlOf(path.slice(path.lastIndexOf('/') + 1));
    const stat = world.stat(path);
    if (tool !== undefined) {
      inside.repositories.set(tool, (inside.repositories.get(tool) ?? 0) + 1);
    } else if (type === 'file' && stat !== undefined) {
      const thing = fileThing(world, path, stat);
      if (thing?.is === 'backup') inside.backups.push(thing.backup);
      if (thing?.is !== 'data') continue;
      inside.found.push(thing.found);
      inside.bytes += stat.bytes;
    }
  }
  return trees;
}

/** Directories that marks name or lie in, and the trees themselves: any may be a thing of its own. */
function directoriesOf(of: Recording): ReadonlySet<ByteString> {
  const found = new Set<ByteString>(of.trees.keys());
  for (const { path, type } of of.marks) {
    found.add(type === 'directory' ? path : parentOf(path));
    found.add(parentOf(path));
  }
  return found;
}

function treeAbove(of: Recording, path: string): ByteString | undefined {
  for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const tree = of.trees.get(byteString(at));
    if (tree !== undefined) return tree.path;
  }
  return of.trees.get(byteString('/'))?.path;
}

function isInside(path: string, things: ReadonlySet<string>): boolean {
  for (let at: string = parentOf(byteString(path)); at !== '/'; at = parentOf(byteString(at))) {
    if (things.has(at)) return true;
  }
  return false;
}

function parentOf(path: ByteString): ByteString {
  return byteString(path.slice(0, path.lastIndexOf('/')) || '/');
}

/** A place where data usually lie, that is there, and that no tree tells of. */
function missing(
  { path }: Candidate,
  { world, of }: { readonly world: World; readonly of: Recording },
): readonly NotSeen[] {
  if (of.denied.has(path) || treeAbove(of, path) !== undefined) return [];
  const entries = world.list(path) ?? [{ name: byteString(''), type: 'file' }];
  const isTold = entries.every(({ name, type }) => {
    const child = joinPath(path, name);
    if (type === 'file') return false;
    return type !== 'directory' || of.trees.has(child) || world.isUntouchable(child);
  });
  if (isTold) return [];
  const why = 'the look did not come to it';
  return [{ what: wordsOf(path), why, command: undefined, path }];
}
