/** Puts one verified entry under its name: new, or found there as it is to be. */
import type { ByteString } from '../../base/bytes.ts';
import {
  kindOfMode,
  type Source,
  STAT_GID,
  STAT_MODE,
  STAT_MTIME,
  STAT_RDEV,
  STAT_SIZE,
  STAT_UID,
  STAT_WORDS,
  type StatWords,
} from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import {
  type Attributes,
  type Place,
  TreeFailure,
  type TreeWriter,
} from '../../host/tree-writer.ts';
import type { Entry, FileEntry } from '../../manifest/core/entry.ts';
import { deviceNumber } from '../core/device-number.ts';
import { partName } from '../core/own-names.ts';
import type { Span } from '../core/file-spans.ts';
import type { Tally } from '../core/restore-tally.ts';
import {
  attributesFor,
  attributesThatDiffer,
  createMode,
  wantedOwner,
} from '../core/wanted-attributes.ts';
import { errnoOf, ifThere } from './failures.ts';
import type { RestoreSetup } from './restore-setup.ts';

export interface PlacePorts {
  readonly tree: TreeWriter;
  readonly source: Source;
  readonly tools: Tools;
}

/** Where an entry goes, and where it is counted. */
export interface PlaceTo {
  readonly place: Place;
  /** Below the target. */
  readonly path: ByteString;
  readonly tally: Tally;
}

/** What a file holds, and which parts of it are stored. */
export interface FileContentToPut {
  readonly content: Uint8Array;
  readonly spans: readonly Span[];
}

type OtherEntry = Exclude<Entry, FileEntry>;

const MODE_BITS = 0o7777n;

export class PlaceEntry {
  readonly #ports: PlacePorts;
  readonly #setup: RestoreSetup;
  readonly #stat: StatWords = new BigInt64Array(STAT_WORDS);

  constructor(ports: PlacePorts, setup: RestoreSetup) {
    this.#ports = ports;
    this.#setup = setup;
  }

  putFile(entry: FileEntry, file: FileContentToPut, to: PlaceTo): void {
    if (this.#setup.target === 'new') {
      this.#writeFile(entry, file, to);
      return;
    }
    const kind = this.#kindAt(to.place);
    if (kind === undefined) {
      this.#writeFile(entry, file, to);
    } else if (kind === 'file' && this.#holds(to.place, file.content)) {
      to.tally.keptFiles += 1;
      this.settle(entry, to);
    } else if (kind === 'file' && this.#isBeginning(to.place, file.content)) {
      this.#ports.tree.unlink(to.place.dir, to.place.name);
      this.#writeFile(entry, file, to);
    } else {
      throw this.inTheWay(to);
    }
  }

  /** A symlink, FIFO, socket or device. */
  putOther(entry: OtherEntry, to: PlaceTo): void {
    if (this.#setup.target === 'present') {
      const kind = this.#kindAt(to.place);
      if (kind === entry.type && this.#isSameOther(entry, to.place)) {
        this.settle(entry, to);
        return;
      }
      if (kind !== undefined) throw this.inTheWay(to);
    }
    this.#makeOther(entry, to);
    const unset = this.#ports.tree.setAttributesAt(to.place, this.attributesOf(entry, undefined));
    to.tally.noteUnset(to.path, unset);
  }

  /** Sets what differs on an entry whose content is right. */
  settle(entry: Entry, to: PlaceTo): void {
    const { source, tree, tools } = this.#ports;
    const stat = this.#stat;
    source.stat(to.place.dir, to.place.name, stat);
    const found = {
      uid: Number(stat[STAT_UID]),
      gid: Number(stat[STAT_GID]),
      mode: Number((stat[STAT_MODE] ?? 0n) & MODE_BITS),
      mtime: stat[STAT_MTIME] ?? 0n,
      xattrs: source
        .xattrsAt(to.place.dir, to.place.name)
        .values.map(([name, value]) => ({ name, value: tools.codec.textOf(value) })),
    };
    const wanted = this.attributesOf(entry, undefined);
    const differing = attributesThatDiffer(found, wanted, entry.xattrs ?? []);
    if (differing !== undefined) {
      to.tally.noteUnset(to.path, tree.setAttributesAt(to.place, differing));
    }
  }

  /** @param madeWith the mode a new file was made with; undefined: set everything */
  attributesOf(entry: Entry, madeWith: number | undefined): Attributes {
    const { tree, tools } = this.#ports;
    const isKnown = madeWith !== undefined && !this.#setup.inherits;
    return attributesFor(entry, {
      owner: wantedOwner(entry, this.#setup.owners, tree),
      xattrs: entry.xattrs?.map(({ name, value }) => ({ name, value: tools.codec.bytesOf(value) })),
      made: isKnown ? { ...tree.identity, mode: madeWith } : undefined,
    });
  }

  isThere(place: Place): boolean {
    return this.#kindAt(place) !== undefined;
  }

  /** Undefined where no regular file is. */
  sizeOfFileAt(place: Place): bigint | undefined {
    return this.#kindAt(place) === 'file' ? this.#stat[STAT_SIZE] : undefined;
  }

  /** To be thrown: whoever takes away what is there makes a plan, and a restore makes none. */
  inTheWay({ tally }: Pick<PlaceTo, 'tally'>): TreeFailure {
    tally.inTheWay += 1;
    return new TreeFailure('EEXIST');
  }

  partPlace(to: Pick<PlaceTo, 'place' | 'path'>): Place {
    return { dir: to.place.dir, name: partName(this.#ports.tools.hash, to.path) };
  }

  /** Removes what an interrupted run left under the name of a part. */
  removePart(part: Place): void {
    ifThere(() => this.#ports.tree.unlink(part.dir, part.name));
  }

  /** What lies at `place`; `other` is something no Unix has. */
  #kindAt(place: Place): string | undefined {
    const stat = this.#stat;
    return ifThere(() => {
      this.#ports.source.stat(place.dir, place.name, stat);
      return kindOfMode(Number(stat[STAT_MODE])) ?? 'other';
    });
  }

  #writeFile(entry: FileEntry, { content, spans }: FileContentToPut, to: PlaceTo): void {
    const { tree } = this.#ports;
    const { dir, name } = to.place;
    const mode = createMode(entry);
    const file = tree.createFile(dir, name, mode);
    let isWhole = false;
    try {
      for (const { offset, length } of spans) {
        tree.write(file, content.subarray(offset, offset + length), offset);
        to.tally.writtenBytes += length;
      }
      const last = spans.at(-1);
      const end = last === undefined ? 0 : last.offset + last.length;
      if (end < content.length) tree.truncate(file, content.length);
      const unset = tree.setAttributes(file, this.attributesOf(entry, mode));
      if (unset.length > 0) to.tally.noteUnset(to.path, unset);
      isWhole = true;
    } finally {
      tree.closeFile(file);
      if (!isWhole) tree.unlink(dir, name);
    }
  }

  /** Compares the file at `place`, whose stat was just taken, with `content`. */
  #holds(place: Place, content: Uint8Array): boolean {
    if (this.#stat[STAT_SIZE] !== BigInt(content.length)) return false;
    const found = this.#read(place, content.length);
    return found !== undefined && isEqual(found, content);
  }

  /** Nothing is lost with it: every byte it has is in what comes. */
  #isBeginning(place: Place, content: Uint8Array): boolean {
    const size = Number(this.#stat[STAT_SIZE]);
    if (size >= content.length) return false;
    const found = this.#read(place, size);
    return found !== undefined && isEqual(found, content.subarray(0, size));
  }

  /** Undefined where it cannot be read: then it is not what was wanted. */
  #read({ dir, name }: Place, length: number): Uint8Array | undefined {
    const { source } = this.#ports;
    const into = new Uint8Array(length);
    try {
      const file = source.openFile(dir, name);
      try {
        return source.read(file, into, 0) === length ? into : undefined;
      } finally {
        source.closeFile(file);
      }
    } catch (error) {
      errnoOf(error);
      return undefined;
    }
  }

  #isSameOther(entry: OtherEntry, { dir, name }: Place): boolean {
    if (entry.type === 'symlink') return this.#ports.source.readLink(dir, name) === entry.target;
    if (entry.type !== 'char' && entry.type !== 'block') return true;
    return this.#stat[STAT_RDEV] === deviceNumber(entry);
  }

  #makeOther(entry: OtherEntry, { place: { dir, name } }: PlaceTo): void {
    const { tree } = this.#ports;
    if (entry.type === 'symlink') tree.makeSymlink(dir, name, entry.target);
    else if (entry.type === 'char' || entry.type === 'block') tree.makeNode(dir, name, entry);
    else if (entry.type !== 'dir') {
      tree.makeNode(dir, name, { type: entry.type, major: 0, minor: 0 });
    }
  }
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false;
  return true;
}
