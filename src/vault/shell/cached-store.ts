/**
 * Stands before a store that is far away: folders are listed at once and not again within seconds,
 * and small objects that never change are kept on this machine. docs/design/011-remote-vault.md
 */
import type { ByteString, Digest } from '../../base/bytes.ts';
import { byteString, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { GIB } from '../../base/units.ts';
import { HEADER_SIZE_MAX } from '../core/header.ts';
import type { Clock } from '../../host/clock.ts';
import type { Disk } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import type { ByteRange, Store, StoredObject } from './store.ts';
import { checkName, checkPrefix, checkRange } from './store-request.ts';

export interface CachedStoreOptions {
  readonly store: Store;
  readonly disk: Disk;
  readonly tools: Pick<Tools, 'codec' | 'hash' | 'random'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /**
   * Made when there is something to keep; nothing else may lie there. Undefined: nothing is kept,
   * for whoever proves something of the store itself.
   */
  readonly directory: ByteString | undefined;
  /** Of what is kept; tests take less. */
  readonly sizeMax?: number;
}

/** A store that can be told what will be asked of it. */
export interface CachedStore extends Store {
  /** Asks at once for what every command needs, and for the packs where it will need these. */
  look(needs: 'names' | 'packs'): void;
}

/** What others did within this time may be unseen, as if they had done it later. */
const LOOK_AGE_MAX_MS = 10_000;
const SIZE_MAX = GIB;
const DIGEST_SIZE = 32;
const PACKS = 'packs/';
const INDEX = 'index/';
const SNAPSHOTS = 'snapshots/';
const COLLECT = 'collect/';
/** Objects below these never change under their name. */
const KEPT = [
  ...['keys/', 'copy/keys/', 'writers/', 'copy/writers/', 'vouches/', 'copy/vouches/'],
  ...[INDEX, SNAPSHOTS],
] as const;
const FOLDERS: readonly string[] = [...KEPT, PACKS];
/** Another vault may have been made at that place: these are asked for each time. */
const HEADERS: readonly string[] = ['header', 'copy/header'];

export function cachedStore(options: CachedStoreOptions): CachedStore {
  const cache = new Cache(options);
  return {
    promises: options.store.promises,
    look: (needs) => cache.look(needs),
    putIfAbsent: (name, bytes, sha256) => cache.put(name, bytes, sha256),
    get: (name, range) => cache.get(name, range),
    list: (prefix) => cache.list(prefix),
  };
}

interface Answer<T> {
  readonly askedMs: number;
  readonly value: Promise<T>;
}

type Listed = Map<string, StoredObject>;

class Cache {
  readonly #options: CachedStoreOptions;
  readonly #files: KeptFiles | undefined;
  readonly #folders = new Map<string, Answer<Listed>>();
  readonly #headers = new Map<string, Answer<Uint8Array>>();

  constructor(options: CachedStoreOptions) {
    this.#options = options;
    const { directory } = options;
    this.#files = directory === undefined ? undefined : new KeptFiles({ ...options, directory });
  }

  look(needs: 'names' | 'packs'): void {
    for (const name of HEADERS) void this.#header(name);
    for (const folder of needs === 'packs' ? FOLDERS : KEPT) void this.#folder(folder);
  }

  async list(prefix: string): Promise<readonly StoredObject[]> {
    checkPrefix(prefix);
    const folder = FOLDERS.find((each) => prefix.startsWith(each));
    if (folder === undefined) return this.#listOther(prefix);
    const listed = await this.#folder(folder);
    return [...listed.values()].filter(({ name }) => name.startsWith(prefix)).sort(byName);
  }

  async #listOther(prefix: string): Promise<readonly StoredObject[]> {
    const found = await this.#options.store.list(prefix);
    // Whoever looks at collections relies on what is listed after that, and on nothing older.
    if (prefix === COLLECT && found.length > 0)
      for (const folder of [PACKS, INDEX, SNAPSHOTS]) this.#folders.delete(folder);
    return found;
  }

  async get(name: string, range?: ByteRange): Promise<Uint8Array> {
    checkName(name);
    checkRange(range);
    const { store } = this.#options;
    if (HEADERS.includes(name)) return partOf(await this.#header(name), range);
    const files = this.#files;
    if (files === undefined) return store.get(name, range);
    const folder = KEPT.find((each) => name.startsWith(each));
    const listed = folder === undefined ? undefined : (await this.#folder(folder)).get(name);
    // Not listed: the store itself says that it is not there.
    if (listed === undefined) return store.get(name, range);
    const kept = files.read(listed, range);
    if (kept !== undefined) return kept;
    // Who wants a part of a small object has a limit for it; of an index other parts are asked for soon.
    const isPart = range !== undefined && range.offset + range.length < listed.sizeBytes;
    if (isPart && folder !== INDEX) return store.get(name, range);
    const bytes = await store.get(name);
    if (bytes.length === listed.sizeBytes) files.keep(name, bytes);
    return partOf(bytes, range);
  }

  async put(name: string, bytes: Uint8Array, sha256: Digest): Promise<'stored' | 'present'> {
    const result = await this.#options.store.putIfAbsent(name, bytes, sha256);
    if (result === 'present') return result;
    const folder = FOLDERS.find((each) => name.startsWith(each));
    if (folder === undefined) return result;
    if (folder !== PACKS) this.#files?.keep(name, bytes);
    const answer = this.#folders.get(folder);
    await answer?.value.then((listed) => listed.set(name, { name, sizeBytes: bytes.length }), none);
    return result;
  }

  #folder(folder: string): Promise<Listed> {
    const { store } = this.#options;
    return this.#fresh(this.#folders, folder, async () => {
      const listed = new Map((await store.list(folder)).map((each) => [each.name, each]));
      if (folder !== PACKS) this.#files?.sweep(folder, listed);
      return listed;
    });
  }

  #header(name: string): Promise<Uint8Array> {
    const range = { offset: 0, length: HEADER_SIZE_MAX + 1 };
    return this.#fresh(this.#headers, name, () => this.#options.store.get(name, range));
  }

  #fresh<T>(answers: Map<string, Answer<T>>, name: string, ask: () => Promise<T>): Promise<T> {
    const now = this.#options.clock.monotonic();
    const last = answers.get(name);
    if (last !== undefined && now - last.askedMs <= LOOK_AGE_MAX_MS) return last.value;
    const value = ask();
    answers.set(name, { askedMs: now, value });
    // Whoever asks is told of a failure; nobody may have asked yet, and the next one asks anew.
    value.catch(() => {
      if (answers.get(name)?.value === value) answers.delete(name);
    });
    return value;
  }
}

interface KeptFilesOptions extends CachedStoreOptions {
  readonly directory: ByteString;
}

/** Files of the cache: each a digest and the bytes it is of. Whatever fails, the store is asked. */
class KeptFiles {
  readonly #options: KeptFilesOptions;
  /** Read whole, with the right digest, by this process. */
  readonly #proven = new Set<string>();
  #sizeBytes: number | undefined;

  constructor(options: KeptFilesOptions) {
    this.#options = options;
  }

  read({ name, sizeBytes }: StoredObject, range: ByteRange | undefined): Uint8Array | undefined {
    return this.#try(() => {
      const { disk, tools } = this.#options;
      const path = this.#path(name);
      if (disk.size(path) !== DIGEST_SIZE + sizeBytes) return undefined;
      if (this.#proven.has(name) && range !== undefined) {
        return disk.read(path, { ...range, offset: DIGEST_SIZE + range.offset });
      }
      const file = disk.read(path);
      const bytes = file.subarray(DIGEST_SIZE);
      const digest = tools.codec.textOf(file.subarray(0, DIGEST_SIZE));
      if (digest !== String(tools.hash.sha256(bytes))) return undefined;
      this.#proven.add(name);
      return partOf(bytes, range);
    });
  }

  keep(name: string, bytes: Uint8Array): void {
    const { disk, tools, directory, sizeMax = SIZE_MAX } = this.#options;
    const digest = tools.hash.sha256(bytes);
    // What is wrong already is not kept: asking again may give what is right.
    if (name.startsWith(INDEX) && name !== INDEX + hexOf(digest)) return;
    this.#try(() => {
      const sizeBytes = DIGEST_SIZE + bytes.length;
      if (this.#total() + sizeBytes > sizeMax) return undefined;
      disk.makeDir(directory);
      const random = hexOf(tools.codec.textOf(tools.random.bytes(8)));
      const temporary = byteString(`${this.#path(name)}.${random}.tmp`);
      const file = disk.create(temporary);
      try {
        file.write(tools.codec.bytesOf(byteString(digest)));
        file.write(bytes);
      } finally {
        file.close();
      }
      disk.move(temporary, this.#path(name));
      this.#proven.delete(name);
      this.#sizeBytes = this.#total() + sizeBytes;
      return undefined;
    });
  }

  /** Removes what the vault has no more, and what killed runs left. */
  sweep(folder: string, listed: ReadonlyMap<string, StoredObject>): void {
    this.#try(() => {
      const { disk, directory } = this.#options;
      for (const file of disk.list(directory) ?? []) {
        const name = file.replaceAll('+', '/');
        if (!name.startsWith(folder) || listed.has(name)) continue;
        disk.unlink(byteString(`${directory}/${file}`));
        this.#sizeBytes = undefined;
      }
      return undefined;
    });
  }

  #total(): number {
    if (this.#sizeBytes !== undefined) return this.#sizeBytes;
    const { disk, directory } = this.#options;
    const files = disk.list(directory) ?? [];
    const sizes = files.map((file) => disk.size(byteString(`${directory}/${file}`)) ?? 0);
    this.#sizeBytes = sizes.reduce((sum, size) => sum + size, 0);
    return this.#sizeBytes;
  }

  /** A name of an object has no `+`, and begins in a folder. */
  #path(name: string): ByteString {
    return byteString(`${this.#options.directory}/${name.replaceAll('/', '+')}`);
  }

  /** A full disk, or another process that sweeps too, costs a request and no more. */
  #try<T>(act: () => T | undefined): T | undefined {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return undefined;
    }
  }
}

function partOf(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array {
  if (range === undefined) return bytes;
  return bytes.subarray(range.offset, range.offset + range.length);
}

function byName(a: StoredObject, b: StoredObject): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

function none(): undefined {
  return undefined;
}
