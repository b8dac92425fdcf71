/**
 * A vault in a directory. The order of create, write, sync, publish and sync of the directory is
 * the promise of this file: docs/design/003-disk-and-store.md lists each step as W1 to W8 with what
 * is lost without it, and a simulated disk shows it.
 */
import type { ByteString, Digest } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Disk, DiskFile, SizedName } from '../../host/disk.ts';
import type { Random } from '../../host/random.ts';
import type { ByteRange, Mending, Store, StoredObject } from './store.ts';
import {
  ASIDE,
  byName,
  checkName,
  checkPrefix,
  checkRange,
  DEPTH_MAX,
  isNameIn,
  mayHold,
  TEMPORARY,
} from './store-request.ts';
import { isLeftOver, temporaryName } from './temporary-name.ts';

/** Looked at in one step of a list: some milliseconds. */
const STEP_NAMES = 256;

export interface DirectoryStoreOptions {
  readonly disk: Disk;
  /** Made by the first put, unless something was found in it before; without a slash at its end. */
  readonly root: ByteString;
  /** It was there when somebody else looked: it is never made. */
  readonly isThere?: boolean;
  /** Names unfinished files, together with `clock`. */
  readonly random: Random;
  readonly clock: Pick<Clock, 'now'>;
}

/** Worker threads and the writer thread work synchronously, beside the asynchronous port. */
export interface DirectoryStore extends Store, Mending {
  /** As `putIfAbsent`: durable when it returns. The digest is not looked at. */
  putIfAbsentSync(name: string, bytes: Uint8Array): 'stored' | 'present';
  /** For an object that comes in pieces and is never held whole. */
  beginPut(name: string): DirectoryPut;
  getSync(name: string, range?: ByteRange): Uint8Array;
  listSync(prefix: string): readonly StoredObject[];
  /** The same in small steps, for whoever lets others have a turn between them. */
  listSteps(prefix: string): Generator<undefined, readonly StoredObject[]>;
  /** Removes what puts that were killed left more than a day before `now`; returns how many. */
  sweepTemporary(now: UnixMs): number;
}

/** An object on its way. After a method has thrown nothing is left of it, and none is called. */
export interface DirectoryPut {
  /** Something lies there already, and what is written goes nowhere. */
  readonly isPresent: boolean;
  write(bytes: Uint8Array): void;
  /** As `putIfAbsent`: durable when it returns. */
  finish(): 'stored' | 'present';
  /** Instead of `finish`: nothing was put. */
  giveUp(): void;
}

export function directoryStore(options: DirectoryStoreOptions): DirectoryStore {
  const directory = new Directory(options);
  return {
    promises: { durable: true, digest: 'none' },
    putIfAbsentSync: (name, bytes) => directory.put(name, bytes),
    beginPut: (name) => directory.begin(name),
    getSync: (name, range) => directory.get(name, range),
    listSync: (prefix) => directory.list(prefix),
    listSteps: (prefix) => directory.listSteps(prefix),
    sweepTemporary: (now) => directory.sweep(now),
    replace: (name, bytes) => directory.replace(name, bytes),
    setAside: (name) => directory.setAside(name),
    async putIfAbsent(name: string, bytes: Uint8Array, _sha256: Digest) {
      return directory.put(name, bytes);
    },
    async get(name: string, range?: ByteRange) {
      return directory.get(name, range);
    },
    async list(prefix: string) {
      return directory.list(prefix);
    },
  };
}

class Directory {
  readonly #disk: Disk;
  readonly #root: ByteString;
  readonly #options: DirectoryStoreOptions;
  /** Directories that this process has made durable. */
  readonly #durable = new Set<ByteString>();
  /** A disk that was pulled, a mount that went: what is put in its place is nowhere. */
  #wasThere: boolean;

  constructor(options: DirectoryStoreOptions) {
    this.#disk = options.disk;
    this.#wasThere = options.isThere === true;
    this.#root = options.root;
    this.#options = options;
  }

  put(name: string, bytes: Uint8Array): 'stored' | 'present' {
    const begun = this.begin(name);
    begun.write(bytes);
    return begun.finish();
  }

  begin(name: string): DirectoryPut {
    checkName(name);
    const target = this.#at(name);
    const directory = this.#at(name.slice(0, Math.max(0, name.lastIndexOf('/'))));
    if (this.#disk.size(target) !== undefined) {
      this.#ensure(directory); // Also for what is present: W7.
      return this.#present({ name, target, directory });
    }
    const temporary = this.#createTemporary();
    return {
      isPresent: false,
      write: (bytes) => this.#orGiveUp(temporary, () => temporary.file.write(bytes)),
      finish: () => {
        this.#orGiveUp(temporary, () => temporary.file.sync());
        temporary.file.close();
        // Not before: of what is refused, or cut off, no directory is left.
        this.#orUnlink(temporary.path, () => this.#ensure(directory));
        const published = this.#publish(temporary, { name, target });
        this.#disk.syncDir(directory);
        return published === 'exists' ? 'present' : 'stored';
      },
      giveUp: () => this.#abandon(temporary),
    };
  }

  #orUnlink(temporary: ByteString, act: () => void): void {
    let isDone = false;
    try {
      act();
      isDone = true;
    } finally {
      if (!isDone) this.#giveUp(temporary);
    }
  }

  #publish(
    temporary: Temporary,
    { name, target }: { readonly name: string; readonly target: ByteString },
  ): 'published' | 'exists' {
    let isPublished = false;
    try {
      const published = this.#disk.publish(temporary.path, target);
      isPublished = published === 'published';
      if (isPublished || this.#disk.size(target) !== undefined) return published;
      throw new Fault('HF_STORE_NAME', `${name} is a directory in this store`, { name });
    } finally {
      if (!isPublished) this.#giveUp(temporary.path);
    }
  }

  #present(of: {
    readonly name: string;
    readonly target: ByteString;
    readonly directory: ByteString;
  }): DirectoryPut {
    const nothing = (): void => undefined;
    const finish = (): 'present' => {
      this.#disk.syncDir(of.directory); // W5: who published it may not have come so far.
      // Who collects may have taken it away since: what was sent was not kept.
      if (this.#disk.size(of.target) !== undefined) return 'present';
      throw new Fault('HF_STORE_FAILED', `${of.name} was taken away while it was sent again`);
    };
    return { isPresent: true, write: nothing, finish, giveUp: nothing };
  }

  replace(name: string, bytes: Uint8Array): string {
    checkName(name);
    const target = this.#at(name);
    const fresh = this.#createTemporary();
    this.#orGiveUp(fresh, () => {
      fresh.file.write(bytes);
      fresh.file.sync(); // M1
    });
    fresh.file.close();
    let isReplaced = false;
    try {
      const aside = this.#keepAside(name);
      this.#disk.move(fresh.path, target);
      isReplaced = true;
      this.#disk.syncDir(directoryOf(target)); // M3
      return aside;
    } finally {
      if (!isReplaced) this.#giveUp(fresh.path);
    }
  }

  setAside(name: string): string {
    checkName(name);
    const target = this.#at(name);
    const aside = this.#keepAside(name);
    if (this.#disk.size(target) !== undefined) this.#disk.unlink(target);
    this.#disk.syncDir(directoryOf(target)); // M3
    return aside;
  }

  /**
   * What lies under a name has a second one, durably, before the first is taken away: M2. Where
   * there are no second names it is moved, and a crash may leave it with the new one alone.
   */
  #keepAside(name: string): string {
    const { random, clock } = this.#options;
    const aside = `${ASIDE}/${name}.${temporaryName(random, clock.now())}`;
    const path = this.#at(aside);
    this.#ensure(directoryOf(path));
    const linked = this.#disk.link(this.#at(name), path);
    if (linked === 'unsupported') this.#disk.move(this.#at(name), path);
    this.#disk.syncDir(directoryOf(path));
    return aside;
  }

  get(name: string, range?: ByteRange): Uint8Array {
    checkName(name);
    checkRange(range);
    try {
      const bytes = this.#disk.read(this.#at(name), range);
      this.#wasThere = true;
      return bytes;
    } catch (cause) {
      if (!(cause instanceof Fault) || cause.code !== 'HF_DISK_ABSENT') throw cause;
      throw new Fault('HF_STORE_ABSENT', `no object ${name}`, { name }, { cause });
    }
  }

  list(prefix: string): readonly StoredObject[] {
    return endOf(this.listSteps(prefix, (path) => this.#sizesIn(path)));
  }

  *listSteps(
    prefix: string,
    namesIn = (path: ByteString): Iterable<SizedName> => this.#namesIn(path),
  ): Generator<undefined, readonly StoredObject[]> {
    checkPrefix(prefix);
    const found: StoredObject[] = [];
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    yield* this.#collect({ folder, prefix, depth: 0, namesIn }, found);
    // An empty vault and one that is not mounted look alike below; only one of them is an answer.
    if (found.length === 0) this.#demandRoot();
    else this.#wasThere = true;
    return found.sort(byName);
  }

  #demandRoot(): void {
    if (this.#disk.list(this.#root) !== undefined) return;
    const path = this.#root;
    throw new Fault('HF_DISK_ABSENT', `no directory ${path}`, { path, errno: 'ENOENT' });
  }

  sweep(now: UnixMs): number {
    let count = 0;
    const folder = this.#at(TEMPORARY);
    for (const name of this.#disk.list(folder) ?? []) {
      if (!isLeftOver(name, now)) continue;
      if (this.#giveUp(byteString(`${folder}/${name}`))) count += 1;
    }
    return count;
  }

  #at(name: string): ByteString {
    return name === '' ? this.#root : byteString(`${this.#root}/${name}`);
  }

  #ensure(directory: ByteString): void {
    if (this.#durable.has(directory)) return;
    if (this.#wasThere) this.#demandRoot();
    this.#disk.makeDir(directory);
    this.#durable.add(directory);
  }

  #createTemporary(): Temporary {
    const folder = this.#at(TEMPORARY);
    this.#ensure(folder);
    const { random, clock } = this.#options;
    const path = byteString(`${folder}/${temporaryName(random, clock.now())}`);
    return { path, file: this.#disk.create(path) };
  }

  /** W8: what could not be written or synced is not tried again under this name. */
  #orGiveUp(temporary: Temporary, act: () => void): void {
    let isDone = false;
    try {
      act();
      isDone = true;
    } finally {
      if (!isDone) this.#abandon(temporary);
    }
  }

  #abandon({ path, file }: Temporary): void {
    file.close();
    this.#giveUp(path);
  }

  /** Nobody refers to it; if it cannot be removed now, a sweep does it another day. */
  #giveUp(temporary: ByteString): boolean {
    try {
      this.#disk.unlink(temporary);
      return true;
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause;
      return false;
    }
  }

  /** Each is looked at in its turn. */
  #namesIn(path: ByteString): Iterable<SizedName> {
    return (this.#disk.list(path) ?? []).map((name) => ({ name, sizeBytes: undefined }));
  }

  /** All at once, for whoever waits for all of it anyway. */
  #sizesIn(path: ByteString): Iterable<SizedName> {
    return this.#disk.listSizes?.(path) ?? this.#namesIn(path);
  }

  *#collect(at: Position, found: StoredObject[]): Generator<undefined, void> {
    if (at.depth > DEPTH_MAX) {
      const path = this.#root;
      const message = `directories in ${path} lead into each other`;
      throw new Fault('HF_DISK_FAILED', message, { path, errno: 'ELOOP' });
    }
    let looked = 0;
    for (const { name: segment, sizeBytes } of at.namesIn(this.#at(at.folder.slice(0, -1)))) {
      looked += 1;
      if (looked % STEP_NAMES === 0) yield undefined;
      const name = at.folder + segment;
      // What has another form is none of ours (`lost+found`, `.nfs...`); `tmp` is none either.
      if (!isNameIn(at.folder, segment) || !mayHold(name, at.prefix)) continue;
      const size = sizeBytes ?? this.#disk.size(this.#at(name));
      if (size === undefined) {
        yield* this.#collect({ ...at, folder: `${name}/`, depth: at.depth + 1 }, found);
      } else if (name.startsWith(at.prefix)) {
        found.push({ name, sizeBytes: size });
      }
    }
  }
}

/** All of it at once. */
function endOf<T>(steps: Generator<undefined, T>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

function directoryOf(path: ByteString): ByteString {
  return byteString(path.slice(0, path.lastIndexOf('/')));
}

interface Temporary {
  readonly path: ByteString;
  readonly file: DiskFile;
}

interface Position {
  /** With a slash at its end; empty at the root. */
  readonly folder: string;
  readonly prefix: string;
  readonly depth: number;
  readonly namesIn: (path: ByteString) => Iterable<SizedName>;
}
