/**
 * The indexes of a vault in a directory, asked in place: an id is looked up where it should stand in the sorted file, and
 * little else of it is read. For whoever wants some pages of a large vault. An index is a hint that headers and digests
 * decide about, so it is neither read whole nor compared with its digest here; whoever does not find what he wants
 * by it loads all (`loadIndex`), which bears damage and finds packs that no index names.
 */
import {
  type ByteString,
  byteString,
  type Digest,
  digestOfBytes,
  hexOf,
} from '../../base/bytes.ts';
import type { Disk, DiskReader } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import { demand } from '../core/corruption.ts';
import {
  INDEX_ENTRY_WORDS,
  INDEX_FIXED_SIZE,
  INDEX_GROUP_WORDS,
  INDEX_MAGIC,
  INDEX_PACK_SIZE,
  paddedKeysSize,
} from '../core/index-table.ts';
import { isPlausible } from '../core/pack.ts';
import { parseSealedKeys, type SealedKey } from '../core/sealed-key.ts';
import type { StoredObject } from './store.ts';
import type { LocatedGroup, ObjectPlaces, VaultAccess } from './vault-access.ts';

/** With more it is sooner read whole than asked one by one. */
const FILES_MAX = 32;
const ENTRY_SIZE = 4 * INDEX_ENTRY_WORDS;
const GROUP_SIZE = 4 * INDEX_GROUP_WORDS;
const PREFIX_SIZE = 16;
/** So many entries are read at once, and looked through in memory. */
const NEAR_ENTRIES = 128;
/** An honest index names an object as often as it is stored. */
const PLACES_MAX = 256;
const KEYS_SIZE_MAX = 16 * 1024 * 1024;
const WHAT = 'index';

export interface IndexFilesParts {
  readonly disk: Pick<Disk, 'openRead'>;
  readonly codec: Tools['codec'];
  /** Of the vault. */
  readonly root: ByteString;
  readonly keys: VaultAccess['keys'];
  /** All below `index/`. */
  readonly indexes: readonly StoredObject[];
}

export interface IndexFiles extends ObjectPlaces {
  close(): void;
}

/**
 * @returns undefined where there are none, or too many
 * @throws Fault HF_VAULT_CORRUPT, HF_DISK_*
 */
export function openIndexFiles(parts: IndexFilesParts): IndexFiles | undefined {
  const { indexes, keys } = parts;
  if (indexes.length === 0 || indexes.length > FILES_MAX) return undefined;
  const files: IndexFile[] = [];
  const close = (): void => {
    for (const file of files) file.close();
  };
  let isOpen = false;
  try {
    for (const { name } of indexes) files.push(new IndexFile(parts, name, files.length));
    isOpen = true;
  } finally {
    if (!isOpen) close();
  }
  const all = (id: Digest): readonly LocatedGroup[] => files.flatMap((file) => file.all(id));
  const sealedKeys = files.flatMap((file) => file.sealedKeys);
  return { keys, sealedKeys, all, has: (id) => all(id).length > 0, close };
}

/** One of them. Its shape is checked where it is read. */
class IndexFile {
  readonly #reader: DiskReader;
  readonly #codec: Tools['codec'];
  readonly #number: number;
  readonly #packCount: number;
  readonly #groupCount: number;
  readonly #entryCount: number;
  readonly #groupsAt: number;
  readonly #entriesAt: number;
  readonly sealedKeys: readonly SealedKey[];

  constructor({ disk, codec, root }: IndexFilesParts, name: string, number: number) {
    this.#codec = codec;
    this.#number = number;
    this.#reader = disk.openRead(byteString(`${root}/${name}`));
    let isOpen = false;
    try {
      const head = this.#view(0, INDEX_FIXED_SIZE);
      const word = (at: number): number => head.getUint32(4 * at, true);
      const isIndex = word(0) === INDEX_MAGIC[0] && word(1) === INDEX_MAGIC[1];
      demand(isIndex, WHAT, 'it does not begin with HFINDEX0');
      [this.#packCount, this.#groupCount, this.#entryCount] = [word(2), word(3), word(4)];
      const keysSize = word(5);
      demand(keysSize <= KEYS_SIZE_MAX, WHAT, 'its data keys are too many');
      const keysAt = INDEX_FIXED_SIZE + this.#packCount * INDEX_PACK_SIZE;
      this.#groupsAt = keysAt + paddedKeysSize(this.#packCount, keysSize);
      this.#entriesAt = this.#groupsAt + this.#groupCount * GROUP_SIZE;
      const end = this.#entriesAt + this.#entryCount * ENTRY_SIZE;
      const isWhole = end === this.#reader.sizeBytes;
      demand(isWhole, WHAT, 'its length does not fit what it says of itself');
      this.sealedKeys = parseSealedKeys(this.#bytes(keysAt, keysSize));
      isOpen = true;
    } finally {
      if (!isOpen) this.close();
    }
  }

  close(): void {
    this.#reader.close();
  }

  /** @throws Fault HF_VAULT_CORRUPT where what it says of the id cannot be */
  all(id: Digest): readonly LocatedGroup[] {
    const wanted = id.slice(0, PREFIX_SIZE);
    if (this.#entryCount === 0) return [];
    let first = this.#guess(wanted);
    let text = this.#near(first);
    if (!this.#holdsBegin(text, first, wanted)) {
      first = this.#byHalves(wanted);
      text = this.#near(first);
    }
    const found: LocatedGroup[] = [];
    // One id may stand in it often, so it may go on behind what was looked at.
    for (;;) {
      const count = text.length / ENTRY_SIZE;
      for (let at = 0; at < count; at++) {
        const entry = prefixIn(text, at);
        if (entry > wanted || found.length >= PLACES_MAX) return found;
        if (entry === wanted) found.push(this.#groupOf(first + at));
      }
      first += count;
      if (first >= this.#entryCount) return found;
      text = this.#near(first);
    }
  }

  /**
   * Ids are HMACs, evenly spread: what stands where this one should says how far it is from there. In a
   * million entries that is right within some twenty of them, where halving takes thirteen looks.
   */
  #guess(wanted: string): number {
    const count = this.#entryCount;
    if (count <= NEAR_ENTRIES) return 0;
    const at = Math.min(Math.floor(shareOf(wanted) * count), count - 1);
    const off = Math.round((shareOf(wanted) - shareOf(this.#entries(at, 1))) * count);
    return Math.min(Math.max(0, at + off - NEAR_ENTRIES / 2), count - NEAR_ENTRIES);
  }

  /** Whether no entry of this id stands before these, and they go as far as where it would begin. */
  #holdsBegin(text: string, first: number, wanted: string): boolean {
    const count = text.length / ENTRY_SIZE;
    const isLast = first + count === this.#entryCount;
    return (
      (first === 0 || prefixIn(text, 0) < wanted) && (isLast || prefixIn(text, count - 1) >= wanted)
    );
  }

  /** Where nobody evenly spread them: a place with no entry of this id before it, and soon the first. */
  #byHalves(wanted: string): number {
    let [low, high] = [0, this.#entryCount];
    while (high - low > NEAR_ENTRIES) {
      const middle = (low + high) >>> 1;
      if (prefixIn(this.#entries(middle, 1), 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return Math.min(low, this.#entryCount - 1);
  }

  #near(first: number): string {
    return this.#entries(first, Math.min(NEAR_ENTRIES, this.#entryCount - first));
  }

  /** Entries as text that sorts as their bytes do. */
  #entries(first: number, count: number): string {
    return this.#codec.textOf(
      this.#bytes(this.#entriesAt + first * ENTRY_SIZE, count * ENTRY_SIZE),
    );
  }

  #groupOf(entry: number): LocatedGroup {
    const group = this.#view(this.#entriesAt + entry * ENTRY_SIZE + PREFIX_SIZE, 4).getUint32(
      0,
      true,
    );
    demand(group < this.#groupCount, WHAT, 'an entry lies in no group');
    const words = this.#view(this.#groupsAt + group * GROUP_SIZE, GROUP_SIZE);
    const [pack, offset] = [words.getUint32(0, true), words.getUint32(4, true)];
    const [headerLength, bodyLength] = [words.getUint32(8, true), words.getUint32(12, true)];
    demand(pack < this.#packCount, WHAT, 'a group lies in no pack');
    const place = { offset, headerLength, bodyLength };
    demand(isPlausible(place), WHAT, 'a group lies where none can lie');
    const name = this.#bytes(INDEX_FIXED_SIZE + pack * INDEX_PACK_SIZE, 32);
    // Unique over all files: each has less than 2^32.
    const number = this.#number * 2 ** 32 + group;
    return { ...place, group: number, pack: hexOf(digestOfBytes(this.#codec.textOf(name))) };
  }

  #view(offset: number, length: number): DataView {
    const { buffer, byteOffset } = this.#bytes(offset, length);
    return new DataView(buffer, byteOffset, length);
  }

  #bytes(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const count = this.#reader.read(bytes, offset);
    demand(count === length, WHAT, 'it is cut short');
    return bytes;
  }
}

function prefixIn(entries: string, at: number): string {
  return entries.slice(at * ENTRY_SIZE, at * ENTRY_SIZE + PREFIX_SIZE);
}

/** Of all ids, those that sort before this one. */
function shareOf(id: string): number {
  let share = 0;
  for (let byte = 5; byte >= 0; byte--) share = (share + id.charCodeAt(byte)) / 256;
  return share;
}
