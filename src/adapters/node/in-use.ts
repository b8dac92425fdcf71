/** Who has data in use on this Linux machine; the rules are in src/vault/core/torn.ts. */
import fs from 'node:fs';
import { assert } from '../../base/assert.ts';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Clock } from '../../host/clock.ts';
import type { InUse, SeenFile, TornFinding, UseWatch } from '../../host/in-use.ts';
import type { FileUse, TornSubject, User, WatchedRoot } from '../../vault/core/torn.ts';
import {
  findingsOf,
  tornBy,
  tornByPidFile,
  tornByWorkingIn,
  UNSEEN,
} from '../../vault/core/torn.ts';
import type { EngineHome, FileKind } from '../../vault/core/torn-layout.ts';
import {
  databaseOf,
  dirOf,
  fileKindOf,
  lockQuestions,
  lockShows,
  nameOf,
} from '../../vault/core/torn-layout.ts';
import {
  EngineHomes,
  headOf,
  identityOf,
  ifAllowed,
  markOf,
  outsideParts,
  realPathOf,
  statOf,
  within,
} from './in-use-files.ts';
import { locksInTheWay } from './in-use-locks.ts';
import type { Look, UsedPath } from './in-use-look.ts';
import { takeLook } from './in-use-look.ts';
import { MountPlaces } from './in-use-mounts.ts';
import { lookAtPid } from './in-use-processes.ts';

/** More files with telling names are taken one for one directory: engines come by directory. */
const SEEN_MAX = 100_000;
/** The first namespace of processes; who is in it has all processes below /proc. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';
/** Names that a root inside an engine's directory does not show. */
const KEY_NAMES = [
  'postmaster.pid',
  'global/pg_control',
  'ibdata1',
  'aria_log_control',
  'mongod.lock',
  'WiredTiger.lock',
].map(byteString);

/** Few, and each tells of a whole directory. */
const KEY_KINDS: ReadonlySet<FileKind> = new Set([
  'postgres-pid',
  'postgres-control',
  'mariadb',
  'mongodb',
]);
/** What an engine changes when it starts, stops or commits. */
const CHANGING_KINDS: ReadonlySet<FileKind> = new Set([
  'postgres-control',
  'mariadb',
  'mongodb',
  'sqlite',
  'sqlite-log',
]);

/** A file with a telling name, by its real path. */
interface Known {
  readonly path: ByteString;
  readonly kind: FileKind;
  readonly device: bigint;
  readonly inode: bigint;
}

export function nodeInUse(clock: Clock): InUse {
  const namespace = ifAllowed(() => fs.readlinkSync('/proc/self/ns/pid'));
  const seesAllPids = namespace === FIRST_PID_NAMESPACE;
  return { begin: (roots) => new NodeUseWatch({ roots, clock, seesAllPids }) };
}

interface WatchOptions {
  readonly roots: readonly ByteString[];
  readonly clock: Clock;
  /** No process of this machine is out of our sight by a container around us. */
  readonly seesAllPids: boolean;
}

class NodeUseWatch implements UseWatch {
  readonly asksForKept: boolean;
  readonly #seesAllPids: boolean;
  readonly #beginNs: bigint;
  readonly #roots: readonly WatchedRoot[];
  readonly #mounts: MountPlaces;
  readonly #first: Look;
  readonly #known = new Map<ByteString, Known>();
  /** Directories that have a file in `#known` since there are too many. */
  readonly #crowded = new Set<ByteString>();
  /** Mounts that the walk got answers from. */
  readonly #answering = new Set<ByteString>();
  #homes = new EngineHomes();

  constructor(options: WatchOptions) {
    this.#beginNs = BigInt(Math.trunc(options.clock.now())) * 1_000_000n;
    this.#seesAllPids = options.seesAllPids;
    this.#mounts = new MountPlaces(fs.readFileSync('/proc/self/mountinfo', 'latin1'));
    this.#roots = options.roots.map((given) => ({ given, real: this.#realOf(given) }));
    for (const { real } of this.#roots) this.#addHomesAbove(real);
    this.#first = this.#look();
    const devices = this.#mounts.devicesOf(this.#roots.map(({ real }) => real));
    this.asksForKept =
      !options.seesAllPids ||
      this.#first.hasUnseenEngine ||
      this.#first.writtenElsewhere.size > 0 ||
      this.#first.workedInElsewhere.size > 0 ||
      this.#first.locks.some((lock) => devices.has(lock.device));
  }

  sawFile(file: SeenFile): void {
    const root = this.#roots.find(({ given }) => given === file.root);
    assert(root !== undefined, 'a file is seen below a root of the watch');
    const path = within(root.real, file.path);
    const kind = fileKindOf(nameOf(path));
    if (kind === undefined) return;
    if (this.#known.size >= SEEN_MAX && !KEY_KINDS.has(kind)) {
      const place = byteString(`${dirOf(path)}/${kind}`);
      if (this.#crowded.has(place)) return;
      this.#crowded.add(place);
    }
    this.#known.set(path, { path, kind, device: file.device, inode: file.inode });
  }

  end(): readonly TornFinding[] {
    // What was laid out before may be another now.
    this.#homes = new EngineHomes();
    const looks = [this.#first, this.#look()];
    for (const { path } of this.#known.values()) {
      const mount = this.#mounts.holding(path);
      if (mount !== undefined) this.#answering.add(mount.at);
    }
    const used = looks.flatMap((look) => [
      ...look.workedIn.flatMap((use) => this.#ofWorkingIn(use)),
      ...look.written.flatMap((use) => this.#ofWritten(use)),
    ]);
    const isComplete = this.#seesAllPids && looks.every((look) => look.isComplete);
    const locks = byInode(looks);
    const known = [...this.#known.values()].flatMap((file) => [
      ...looks.flatMap((look) => this.#ofIdentity(look, file)),
      ...this.#ofPidFile(file),
      ...this.#ofChange(file),
      ...this.#ofLocks(file, locks),
      ...(isComplete && this.#mounts.holding(file.path)?.isShared !== true
        ? []
        : this.#ofAsking(file, looks)),
    ]);
    return findingsOf(this.#roots, [...used, ...known]);
  }

  #look(): Look {
    return takeLook({ roots: this.#roots, mounts: this.#mounts, homes: this.#homes });
  }

  /** Not asked of mounts that may never answer, before anybody else has asked them. */
  #realOf(given: ByteString): ByteString {
    const plain = byteString(given.length > 1 ? given.replace(/\/+$/, '') || '/' : given);
    return this.#mounts.holding(plain)?.isRemote === true ? plain : realPathOf(plain);
  }

  /** A root inside the directory of an engine does not show what is beside it. */
  #addHomesAbove(root: ByteString): void {
    if (this.#mounts.holding(root)?.isRemote === true) return;
    const home = this.#homes.above(root);
    if (home === undefined) return;
    for (const name of KEY_NAMES) {
      const path = within(home.path, name);
      const stat = statOf(path);
      const kind = fileKindOf(nameOf(path));
      if (stat === undefined || kind === undefined) continue;
      this.#known.set(path, { path, kind, device: stat.dev, inode: stat.ino });
    }
  }

  #ofWorkingIn(use: UsedPath): readonly TornSubject[] {
    const subject = tornByWorkingIn({ user: use.user, home: this.#homeAt(use.path) });
    return subject === undefined ? [] : this.#withOutside(subject);
  }

  /** Parts of a cluster that lie elsewhere are as torn as the rest. */
  #withOutside(subject: TornSubject): readonly TornSubject[] {
    if (subject.engine !== 'postgres' || !this.#mayTouch(subject.path)) return [subject];
    return [subject, ...outsideParts(subject.path).map((path) => ({ ...subject, path }))];
  }

  #ofWritten(use: UsedPath): readonly TornSubject[] {
    const content = use.isGuestDisk ? 'image' : this.#markAt(use.path);
    return this.#of({ path: use.path, how: 'written', user: use.user, content });
  }

  #of(use: Omit<FileUse, 'home'>): readonly TornSubject[] {
    const subject = tornBy({ ...use, home: this.#homeAt(dirOf(use.path)) });
    return subject === undefined ? [] : [subject];
  }

  #homeAt(dir: ByteString): EngineHome | undefined {
    return this.#mayTouch(dir) ? this.#homes.above(dir) : undefined;
  }

  #markAt(path: ByteString): FileUse['content'] {
    return this.#mayTouch(path) ? markOf(databaseOf(path)) : undefined;
  }

  #mayTouch(path: ByteString): boolean {
    const mount = this.#mounts.holding(path);
    return mount === undefined || !mount.isRemote || this.#answering.has(mount.at);
  }

  /** A process names the file, or the directory it lies in, in another way than we do. */
  #ofIdentity(look: Look, file: Known): readonly TornSubject[] {
    const { path } = file;
    const writer = look.writtenElsewhere.get(`${file.device}:${file.inode}`);
    const written =
      writer === undefined ? [] : this.#ofWritten({ path, user: writer, isGuestDisk: false });
    if (look.workedInElsewhere.size === 0 || !KEY_KINDS.has(file.kind)) return written;
    const home = this.#homeAt(dirOf(path));
    const stat = home === undefined ? undefined : statOf(home.path);
    const worker = stat === undefined ? undefined : look.workedInElsewhere.get(identityOf(stat));
    if (home === undefined || worker === undefined) return written;
    return [
      ...written,
      ...this.#ofWorkingIn({ path: home.path, user: worker, isGuestDisk: false }),
    ];
  }

  #ofPidFile(file: Known): readonly TornSubject[] {
    if (file.kind !== 'postgres-pid') return [];
    const dir = dirOf(file.path);
    const text = this.#homeAt(dir)?.path === dir ? headOf(file.path) : undefined;
    if (text === undefined) return [];
    const subject = tornByPidFile({
      dir,
      text,
      process: (pid) => lookAtPid(pid, statOf(dir)),
      mayBeElsewhere: this.#mayBeElsewhere(dir),
    });
    return subject === undefined ? [] : this.#withOutside(subject);
  }

  /** A volume that we share with another container or machine; our own root we do not share. */
  #mayBeElsewhere(path: ByteString): boolean {
    const mount = this.#mounts.holding(path);
    return mount === undefined || mount.isShared || (!this.#seesAllPids && mount.at !== '/');
  }

  /** An engine that came and went between the looks has changed these. */
  #ofChange(file: Known): readonly TornSubject[] {
    const stat = CHANGING_KINDS.has(file.kind) ? statOf(file.path) : undefined;
    if (stat === undefined || stat.ctimeNs <= this.#beginNs) return [];
    // Who only reads an SQLite may leave an empty log beside it.
    if (file.kind === 'sqlite-log' && stat.size === 0n) return [];
    const content = this.#markAt(file.path);
    return this.#of({ path: file.path, how: 'changed', user: UNSEEN, content });
  }

  #ofLocks(file: Known, locks: ReadonlyMap<bigint, Look['locks']>): readonly TornSubject[] {
    return this.#lockable(file).flatMap((each) => {
      const device = this.#mounts.holding(each.path)?.device;
      return (locks.get(each.inode) ?? [])
        .filter((lock) => lock.device === each.device || lock.device === device)
        .flatMap((lock) =>
          this.#ofLock(each, { shows: lockShows(each.kind, lock), pid: lock.pid }),
        );
    });
  }

  #ofAsking(file: Known, looks: readonly Look[]): readonly TornSubject[] {
    return this.#lockable(file).flatMap((each) =>
      locksInTheWay(each.path, lockQuestions(each.kind))
        .filter(({ pid }) => pid === undefined || !looks.some((look) => look.visible.has(pid)))
        .flatMap(({ question, pid }) => this.#ofLock(each, { shows: question.shows, pid })),
    );
  }

  /** The file, and for the log of an SQLite the database, whose name may tell nothing. */
  #lockable(file: Known): readonly Known[] {
    if (file.kind !== 'sqlite-log') return [file];
    const path = databaseOf(file.path);
    const stat = this.#known.has(path) ? undefined : statOf(path);
    if (stat?.isFile() !== true) return [];
    return [{ path, kind: 'sqlite', device: stat.dev, inode: stat.ino }];
  }

  #ofLock(
    file: Known,
    lock: { shows: 'writer' | 'guest' | undefined; pid: number | undefined },
  ): readonly TornSubject[] {
    if (lock.shows === undefined) return [];
    const user: User = { pid: lock.pid, program: lock.shows === 'guest' ? 'qemu' : undefined };
    const content = this.#markAt(file.path);
    return this.#of({ path: file.path, how: 'locked', user, content });
  }
}

function byInode(looks: readonly Look[]): ReadonlyMap<bigint, Look['locks']> {
  return Map.groupBy(
    looks.flatMap((look) => look.locks),
    (lock) => lock.inode,
  );
}
