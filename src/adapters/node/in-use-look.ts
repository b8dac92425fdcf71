/** One look at the machine: who has what in use, as far as paths below the roots tell. */
import fs from 'node:fs';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { engineOfProgram, isAtOrBelow, LOOP_DEVICE } from '../../vault/core/torn.ts';
import type { User, WatchedRoot } from '../../vault/core/torn.ts';
import { fileKindOf, lockShows, nameOf } from '../../vault/core/torn-layout.ts';
import type { EngineHomes } from './in-use-files.ts';
import { identityOf, ifAllowed, realPathOf, statOf } from './in-use-files.ts';
import type { HeldLock } from './in-use-locks.ts';
import { heldLocks } from './in-use-locks.ts';
import { MountPlaces } from './in-use-mounts.ts';
import type { OpenName, ProcessSeen } from './in-use-processes.ts';
import { isOpenForWriting, mountsOf, scanProcesses, statBehind } from './in-use-processes.ts';

/** Something in use by a path that is ours. */
export interface UsedPath {
  readonly path: ByteString;
  readonly user: User;
  /** A QEMU holds it with a writer's lock: an image, whatever its name. */
  readonly isGuestDisk: boolean;
}

export interface Look {
  readonly written: readonly UsedPath[];
  readonly workedIn: readonly UsedPath[];
  /** Used under a path that is not below a root: by identity. */
  readonly writtenElsewhere: ReadonlyMap<string, User>;
  readonly workedInElsewhere: ReadonlyMap<string, User>;
  /** Those whose holder could not be looked into. */
  readonly locks: readonly HeldLock[];
  readonly visible: ReadonlySet<number>;
  /** Every process could be looked into. */
  readonly isComplete: boolean;
  /** Among those that could not be looked into is a process named as an engine. */
  readonly hasUnseenEngine: boolean;
}

export interface LookContext {
  readonly roots: readonly WatchedRoot[];
  readonly mounts: MountPlaces;
  readonly homes: EngineHomes;
}

export function takeLook(context: LookContext): Look {
  return new Looking(context).take();
}

class Looking {
  readonly #context: LookContext;
  readonly #locks = heldLocks();
  readonly #guestDisks: ReadonlySet<bigint>;
  readonly #ourMounts = mountsOf('self');
  readonly #foreignMounts = new Map<string, MountPlaces | undefined>();
  readonly #written = new Map<ByteString, UsedPath>();
  readonly #workedIn = new Map<ByteString, UsedPath>();
  readonly #writtenElsewhere = new Map<string, User>();
  readonly #workedInElsewhere = new Map<string, User>();
  /** Of files that visible processes have open for writing. */
  readonly #writtenInodes = new Set<bigint>();

  constructor(context: LookContext) {
    this.#context = context;
    const isGuest = (lock: HeldLock): boolean => lockShows('image', lock) === 'guest';
    this.#guestDisks = new Set(this.#locks.filter(isGuest).map((lock) => lock.inode));
  }

  take(): Look {
    const processes = scanProcesses({
      isWanted: (path) => this.#isWanted(path),
      isHome: (dir) => !this.#isRemote(dir) && this.#context.homes.above(dir)?.path === dir,
    });
    for (const process of processes) {
      for (const file of process.files) this.#file(process, file);
      if (process.worksIn !== undefined) this.#cwd(process, process.worksIn);
    }
    this.#loops();
    const visible = new Set(
      processes.filter((each) => each.isVisible).map((each) => each.user.pid),
    );
    const unseen = processes.filter((each) => !each.isVisible);
    return {
      written: [...this.#written.values()],
      workedIn: [...this.#workedIn.values()],
      writtenElsewhere: this.#writtenElsewhere,
      workedInElsewhere: this.#workedInElsewhere,
      locks: this.#locks.filter((lock) =>
        lock.pid === undefined ? this.#isUnexplained(lock) : !visible.has(lock.pid),
      ),
      visible,
      isComplete: unseen.length === 0,
      hasUnseenEngine: unseen.some(({ user }) => engineOfProgram(user.program) !== undefined),
    };
  }

  /** A lock of an open file names no process; that of a reader shows nothing. */
  #isUnexplained(lock: HeldLock): boolean {
    return lockShows('image', lock) !== undefined && !this.#writtenInodes.has(lock.inode);
  }

  #isWanted(path: ByteString): boolean {
    return this.#isBelowRoot(path) || fileKindOf(nameOf(path)) !== undefined;
  }

  #isBelowRoot(path: ByteString): boolean {
    return this.#context.roots.some(({ real }) => isAtOrBelow(path, real));
  }

  #file(process: ProcessSeen, file: OpenName): void {
    const { path, link } = file;
    const isOurs = process.mounts !== undefined && process.mounts === this.#ourMounts;
    // One log of many workers is one file.
    if (isOurs && this.#written.has(path)) return;
    if (!isOpenForWriting(link)) return;
    if (this.#isRemoteFor(process, path)) {
      // Its name alone is believed: the file may lie where nobody answers.
      if (isOurs && this.#isBelowRoot(path)) this.#addWritten(path, process.user);
      return;
    }
    const stat = statBehind(link);
    if (stat?.isFile() !== true || stat.nlink === 0n) return;
    this.#writtenInodes.add(stat.ino);
    const isGuestDisk =
      engineOfProgram(process.user.program) === 'qemu' && this.#guestDisks.has(stat.ino);
    if (this.#isBelowRoot(path) && this.#isSame(path, stat)) {
      this.#addWritten(path, process.user, isGuestDisk);
    } else if (isGuestDisk || fileKindOf(nameOf(path)) !== undefined) {
      this.#writtenElsewhere.set(identityOf(stat), process.user);
    }
  }

  #addWritten(path: ByteString, user: User, isGuestDisk = false): void {
    if (!this.#written.has(path)) this.#written.set(path, { path, user, isGuestDisk });
  }

  #cwd(process: ProcessSeen, path: ByteString): void {
    const { user } = process;
    const isNear = this.#context.roots.some(
      ({ real }) => isAtOrBelow(path, real) || isAtOrBelow(real, path),
    );
    const used = { path, user, isGuestDisk: false };
    if (this.#isRemoteFor(process, path)) {
      const isOurs = process.mounts !== undefined && process.mounts === this.#ourMounts;
      if (isOurs && isNear) this.#workedIn.set(path, used);
      return;
    }
    const stat = statBehind(byteString(`/proc/${user.pid}/cwd`));
    if (stat === undefined) return;
    // Kept even where it is not near a root: tablespaces of this cluster may be.
    if (this.#isSame(path, stat)) this.#workedIn.set(path, used);
    if (!isNear || !this.#workedIn.has(path)) this.#workedInElsewhere.set(identityOf(stat), user);
  }

  #isSame(path: ByteString, stat: fs.BigIntStats): boolean {
    if (this.#isRemote(path)) return false;
    const here = statOf(path);
    return here !== undefined && identityOf(here) === identityOf(stat);
  }

  #isRemote(path: ByteString): boolean {
    return this.#context.mounts.holding(path)?.isRemote === true;
  }

  #isRemoteFor(process: ProcessSeen, path: ByteString): boolean {
    const { mounts, user } = process;
    if (mounts === undefined || mounts === this.#ourMounts) return this.#isRemote(path);
    if (!this.#foreignMounts.has(mounts)) {
      const table = ifAllowed(() => fs.readFileSync(`/proc/${user.pid}/mountinfo`, 'latin1'));
      this.#foreignMounts.set(mounts, table === undefined ? undefined : new MountPlaces(table));
    }
    return this.#foreignMounts.get(mounts)?.holding(path)?.isRemote !== false;
  }

  /** Images that are attached as disks of this machine: the kernel writes, no process has them. */
  #loops(): void {
    const names = ifAllowed(() => fs.readdirSync('/sys/block')) ?? [];
    for (const name of names.filter((each) => /^loop[0-9]+$/.test(each))) {
      const read = (part: string): string | undefined =>
        ifAllowed(() => fs.readFileSync(`/sys/block/${name}/${part}`, 'latin1'))?.replace(
          /\n$/,
          '',
        );
      const file = read('loop/backing_file');
      if (file === undefined || read('ro') !== '0') continue;
      const user = { pid: undefined, program: LOOP_DEVICE };
      const path = byteString(file);
      if (this.#isBelowRoot(path)) {
        this.#addWritten(path, user, true);
      } else if (!this.#isRemote(path)) {
        const stat = statOf(realPathOf(path));
        if (stat !== undefined) this.#writtenElsewhere.set(identityOf(stat), user);
      }
    }
  }
}
