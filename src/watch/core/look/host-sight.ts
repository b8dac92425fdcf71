/** What a look at one of many machines saw, beyond what discovery sees. Data only, judged elsewhere. */
import type { ByteString } from '../../../base/bytes.ts';
import type { DurationMs, UnixMs } from '../../../base/units.ts';
import type { Discovery } from '../discovery.ts';

export interface HostSight {
  /** Its `host` is the name by which it was asked for: places, domains and answers use that name. */
  readonly discovery: Discovery;
  readonly machine: Machine;
  readonly disks: readonly DiskCache[];
  readonly volumes: readonly Volume[];
  readonly mounts: readonly Mount[];
  readonly links: readonly NetworkLink[];
  readonly guests: readonly Guest[];
  readonly gluster: readonly GlusterVolume[];
  readonly containers: readonly ContainerVolume[];
  readonly webRoots: readonly ByteString[];
  readonly gitTrees: readonly GitTree[];
  readonly automation: readonly Automation[];
  readonly storageErrors: readonly StorageError[];
  readonly clock: HostClock;
  readonly adminKeys: readonly AdminKey[];
  readonly ports: readonly OpenPort[];
  /** Names of units that start by themselves or run. */
  readonly units: readonly string[];
  /** Version by name of package; undefined where the package manager was not seen. */
  readonly packages: ReadonlyMap<string, string> | undefined;
  /** What a Holdfast before this one did not look for; absent in what it kept. */
  readonly besides?: SeenBesides;
  /** Undefined: it ended as it should. Else why it is not whole, in words. */
  readonly cut: string | undefined;
  /** Lines that were not as `docs/format/look.md` says. */
  readonly malformedCount: number;
}

export interface SeenBesides {
  /** `inet filter input: tcp dport 22 accept`; undefined where they were not seen. */
  readonly firewall: readonly string[] | undefined;
  /** Who may log in: `ann /bin/bash`; undefined where that was not seen. */
  readonly accounts: readonly string[] | undefined;
  readonly upstreams: readonly Upstream[];
}

/** Where a host gets packages from. */
export interface Upstream {
  readonly kind: 'apt' | 'yum' | 'apk' | 'pip' | 'npm' | 'docker';
  readonly server: string;
  /** What of it: a suite, a repository. */
  readonly what: string;
  /** Its line names a list of mirrors, or a network of them. */
  readonly isMirrored: boolean;
}

export interface Machine {
  /** What it calls itself. */
  readonly hostName: string;
  /** Digest of machine-id, hexadecimal; the same under whatever name it is asked. */
  readonly id: string | undefined;
  readonly bootId: string | undefined;
  readonly bootedAt: UnixMs | undefined;
  readonly kernel: string;
  /** `Debian GNU/Linux 12 (bookworm)`. */
  readonly system: string;
  readonly addresses: readonly string[];
  /** In words (`kvm`, `docker`), or `VIRTUALIZATION_UNSEEN`; undefined: a machine of its own. */
  readonly virtualization: string | undefined;
}

export interface DiskCache {
  readonly disk: string;
  /** `write back`: what was written may be in the disk's memory only. */
  readonly writeCache: 'write back' | 'write through' | undefined;
}

/** Anything that puts disks together: LVM, md, ZFS, btrfs. */
export interface Volume {
  readonly kind: 'lvm' | 'md' | 'zfs' | 'btrfs';
  /** `vg0/srv`, `md0`, `tank`, or where a btrfs is mounted. */
  readonly name: string;
  /** As its tool says: `linear`, `striped`, `raid1`, `raidz2`, `single`. */
  readonly layout: string;
  /** Disks or partitions beneath, as its tool names them. */
  readonly members: readonly string[];
  readonly missingCount: number;
  /** Further members that may fail; undefined where the tool did not say. */
  readonly failuresSurvived: number | undefined;
  readonly state: 'ok' | 'degraded' | 'failed' | 'unknown';
  readonly bytes: number | undefined;
  /** Since when it is degraded, where the kernel log says. */
  readonly since: UnixMs | undefined;
}

export interface Mount {
  readonly mountPoint: ByteString;
  readonly device: ByteString;
  readonly type: string;
  readonly options: readonly string[];
}

export interface NetworkLink {
  readonly name: string;
  readonly isUp: boolean;
  readonly speedMbit: number | undefined;
  readonly duplex: 'full' | 'half' | undefined;
  /** Of a bond: its mode, and its members with their state. */
  readonly bond:
    | {
        readonly mode: string;
        readonly members: readonly { readonly name: string; readonly isUp: boolean }[];
      }
    | undefined;
}

export interface Guest {
  readonly name: string;
  readonly state: 'running' | 'shut off' | 'unknown';
  readonly startsByItself: boolean | undefined;
  readonly images: readonly {
    readonly path: ByteString;
    /** QEMU's cache mode as configured (`none`, `writeback`, `unsafe`); undefined: its default. */
    readonly cache: string | undefined;
    readonly format: string | undefined;
  }[];
}

export interface GlusterVolume {
  readonly name: string;
  readonly type: string;
  readonly isStarted: boolean;
  /** Copies of each file; 1 where there is one only. */
  readonly replicas: number;
  readonly hasArbiter: boolean;
  readonly bricks: readonly { readonly host: string; readonly path: ByteString }[];
}

export interface ContainerVolume {
  readonly runtime: 'docker' | 'podman' | 'lxc';
  readonly container: string | undefined;
  readonly path: ByteString;
}

export interface GitTree {
  readonly path: ByteString;
  readonly untrackedCount: number;
  readonly changedCount: number;
  /** Commits that no remote branch known here has; undefined where that was not seen. */
  readonly unpushedCount: number | undefined;
  readonly remoteCount: number;
  readonly submodulesMissing: number;
}

/** Something that runs by itself and could delete, or put back what a person changed. */
export interface Automation {
  readonly kind: 'rsync --delete' | 'rclone sync' | 'puppet' | 'ansible-pull' | 'chef' | 'salt';
  readonly foundBy: 'process' | 'timer' | 'cron' | 'configuration';
  /** Where it was found: a unit, a crontab, a process. */
  readonly trace: string;
  /** What it writes to, where it names that: a path, or HOST:PATH. */
  readonly target: string | undefined;
}

export interface StorageError {
  /** Newest of its kind; undefined where the log has no time. */
  readonly at: UnixMs | undefined;
  readonly device: string | undefined;
  /** One line of the log, as it stands. */
  readonly text: string;
  readonly count: number;
}

export interface HostClock {
  /** Its clock less ours, within `offsetWithinMs` of that; undefined where that was not measured. */
  readonly offsetMs: number | undefined;
  readonly offsetWithinMs: DurationMs | undefined;
  readonly isSynchronised: boolean | undefined;
}

/** A key that lets somebody in as `user`. */
export interface AdminKey {
  readonly user: string;
  /** `SHA256:...`, as ssh-keygen -l says. */
  readonly fingerprint: string;
  readonly comment: string;
}

export interface OpenPort {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly program: string | undefined;
}

/** How a host was asked, where that is more than its name. */
interface AskedAs {
  /** What ssh is told: `[user@]host[:port]`. */
  readonly address?: string | undefined;
  /** Of an inventory. */
  readonly groups?: readonly string[] | undefined;
}

/** One host of a look: what was seen, or why nothing was. */
export type HostLook = AskedAs &
  (
    | {
        readonly host: string;
        readonly kind: 'answered';
        readonly tookMs: DurationMs;
        readonly sight: HostSight;
      }
    | {
        readonly host: string;
        readonly kind: 'failed';
        readonly tookMs: DurationMs;
        /** In words, and what to do. */
        readonly why: string;
        readonly remedy: string;
      }
  );

/** It may be a guest: what is said of machines of their own is not said of it. */
export const VIRTUALIZATION_UNSEEN = 'unknown';
