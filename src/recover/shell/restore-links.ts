/** Further names of inodes: linked when the first name is in, a thousand at a time. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import {
  kindOfMode,
  type DirHandle,
  type Source,
  STAT_DEV,
  STAT_INO,
  STAT_MODE,
  STAT_MTIME,
  STAT_SIZE,
  STAT_WORDS,
  type StatWords,
} from '../../host/source.ts';
import { type Place, TreeFailure, type TreeWriter } from '../../host/tree-writer.ts';
import { type Entry, encodeEntry } from '../../manifest/core/entry.ts';
import { parentOf } from '../../manifest/core/order.ts';
import { nameOf } from '../core/entry-scan.ts';
import { errnoOf, failureOf, ifThere } from './failures.ts';
import type { OpenDir } from './open-dirs.ts';
import type { PlaceEntry } from './place-entry.ts';
import type { RootToRestore, Stage } from './restore-stage.ts';
import type { RestoreSetup } from './restore-setup.ts';

export interface RestoreLinksPorts {
  readonly tree: TreeWriter;
  readonly source: Source;
  readonly place: PlaceEntry;
}

export interface RestoreLinksOptions {
  readonly setup: RestoreSetup;
  readonly root: RootToRestore;
  readonly stage: Stage;
}

interface Waiting {
  readonly entry: Entry;
  readonly dir: OpenDir;
  /** In the root, of a name of this inode that is in. */
  readonly to: ByteString;
}

/** A link that was made, or, with its line, an entry that has to be restored for itself. */
export interface MadeLink {
  readonly dir: OpenDir;
  readonly line: ByteString | undefined;
}

const WAITING_MAX = 1000;

export class RestoreLinks {
  readonly #ports: RestoreLinksPorts;
  readonly #options: RestoreLinksOptions;
  #waiting: Waiting[] = [];

  constructor(ports: RestoreLinksPorts, options: RestoreLinksOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get isFull(): boolean {
    return this.#waiting.length >= WAITING_MAX;
  }

  /** False where it is the first name of its inode that comes: it is restored as any other. */
  take(entry: Entry, dir: OpenDir): boolean {
    const { link, path } = entry;
    const { stage } = this.#options;
    if (link === undefined) return false;
    const to = stage.heads.get(link) ?? link;
    if (to === path) return false;
    const mayBeLeftOut = !stage.isLast || stage.only !== undefined;
    if (mayBeLeftOut && !stage.heads.has(link) && !stage.takes(link, false)) {
      stage.heads.set(link, path);
      return false;
    }
    this.#waiting.push({ entry, dir, to });
    return true;
  }

  /** Everything they lead to is in. */
  *make(handleOf: (dir: OpenDir) => DirHandle): Generator<MadeLink> {
    for (const waiting of this.#waiting.splice(0)) {
      const { entry, dir } = waiting;
      const isMade = this.#makeOne(waiting, handleOf(dir));
      yield { dir, line: isMade ? undefined : encodeEntry({ ...entry, link: undefined }) };
    }
  }

  #makeOne({ entry, to }: Waiting, dir: DirHandle): boolean {
    const { tally } = this.#options.stage;
    const path = byteString(this.#options.root.prefix + entry.path);
    try {
      const isMade = this.#isLinked(entry, { to, place: { dir, name: nameOf(entry.path) } });
      if (!isMade) {
        tally.fail(failureOf(path, this.#ports.place.inTheWay({ tally })));
        return true;
      }
    } catch (error) {
      tally.noteUnset(path, [{ what: 'hard link', errno: errnoOf(error) }]);
      return false;
    }
    tally.entries += 1;
    if (entry.type === 'file') {
      tally.files += 1;
      tally.bytes += Number(entry.size);
    }
    return true;
  }

  /** False where something else lies there. */
  #isLinked(entry: Entry, link: { readonly to: ByteString; readonly place: Place }): boolean {
    const { tree, source } = this.#ports;
    const { handle: top } = this.#options.root;
    const from = this.#openDirOf(link.to);
    try {
      const first: Place = { dir: from, name: nameOf(link.to) };
      const found = this.#statOf(first);
      if (found === undefined) throw new TreeFailure('ENOENT');
      const isPresent = this.#options.setup.target === 'present';
      const there = isPresent ? this.#statOf(link.place) : undefined;
      if (there !== undefined) return isSameInode(there, found);
      this.#demandSame(entry, found);
      tree.makeLink(first, link.place);
      return true;
    } finally {
      if (from !== top) source.closeDir(from);
    }
  }

  /** A snapshot must not make us link what is not its own. */
  #demandSame(entry: Entry, found: StatWords): void {
    const isKind = kindOfMode(Number(found[STAT_MODE])) === entry.type;
    const isSize = entry.type !== 'file' || found[STAT_SIZE] === entry.size;
    const isTime = this.#options.setup.target === 'new' || found[STAT_MTIME] === entry.mtime;
    if (!isKind || !isSize || !isTime) throw new TreeFailure('ESTALE');
  }

  #statOf({ dir, name }: Place): StatWords | undefined {
    const stat = new BigInt64Array(STAT_WORDS);
    return ifThere(() => {
      this.#ports.source.stat(dir, name, stat);
      return stat;
    });
  }

  #openDirOf(path: ByteString): DirHandle {
    const { source } = this.#ports;
    const { handle: top } = this.#options.root;
    const parent = parentOf(path) ?? '';
    let dir = top;
    if (parent === '') return dir;
    for (const name of parent.split('/')) {
      const above = dir;
      try {
        dir = source.openDir(above, byteString(name));
      } finally {
        if (above !== top) source.closeDir(above);
      }
    }
    return dir;
  }
}

function isSameInode(left: StatWords, right: StatWords): boolean {
  return left[STAT_INO] === right[STAT_INO] && left[STAT_DEV] === right[STAT_DEV];
}
