/** Directories read ahead of who walks a tree: names, and what a stat said of each. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { isQuarantineName } from '../../base/own-places.ts';
import {
  type DirHandle,
  kindOfMode,
  type Source,
  STAT_DEV,
  STAT_INO,
  STAT_MODE,
  STAT_WORDS,
} from '../../host/source.ts';
import { errnoOf } from './failures.ts';

export interface ListedDir {
  /** Below the top. */
  readonly path: ByteString;
  /** Of the directory that was listed: under its path may lie another one by now. */
  readonly device: bigint;
  readonly inode: bigint;
  readonly names: readonly ByteString[];
  /** `STAT_WORDS` of each name; zeros where it could not be had. */
  readonly words: BigInt64Array;
  /** Of each name whether it has no attributes at all; 0 says nothing. */
  readonly bare: Uint8Array;
}

/** In the order in which a walk enters them; what is not there, who walks reads itself. */
export interface ListedAhead {
  take(path: ByteString): ListedDir | undefined;
  close(): void;
}

const NO_NAME = byteString('');

/** All directories that can be read, each before those below it. @param top stays the caller's */
export function* listedDirs(
  source: Source,
  top: DirHandle,
  path: ByteString = NO_NAME,
): Generator<ListedDir> {
  const listed = listedDir(source, top, path);
  if (listed === undefined) return;
  // Whoever takes it may give it away, with its words.
  const dirs = listed.names.filter((name, at) => isDir(listed.words, at, name));
  yield listed;
  for (const name of dirs) {
    const below = byteString(path === '' ? name : `${path}/${name}`);
    const dir = orNothing(() => source.openDir(top, name));
    if (dir === undefined) continue;
    try {
      yield* listedDirs(source, dir, below);
    } finally {
      source.closeDir(dir);
    }
  }
}

function isDir(words: BigInt64Array, at: number, name: ByteString): boolean {
  const kind = kindOfMode(Number(words[at * STAT_WORDS + STAT_MODE]));
  return kind === 'dir' && !isQuarantineName(name);
}

function listedDir(source: Source, dir: DirHandle, path: ByteString): ListedDir | undefined {
  const own = new BigInt64Array(STAT_WORDS);
  return orNothing(() => {
    source.stat(dir, NO_NAME, own);
    const { names } = source.list(dir);
    const words = new BigInt64Array(names.length * STAT_WORDS);
    const bare = new Uint8Array(names.length);
    for (const [at, name] of names.entries()) {
      const into = words.subarray(at * STAT_WORDS, (at + 1) * STAT_WORDS);
      orNothing(() => {
        source.stat(dir, name, into);
        const { values, notKept } = source.xattrsAt(dir, name);
        bare[at] = values.length === 0 && notKept.length === 0 ? 1 : 0;
      });
    }
    return { path, device: own[STAT_DEV] ?? 0n, inode: own[STAT_INO] ?? 0n, names, words, bare };
  });
}

/** What fails here is looked at, and told, by who walks. */
function orNothing<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}
