/**
 * What a program believes written and what may still take it: the kernel writes late, disks cache,
 * and flushes hold only where nothing beneath ignores them. Judged from settings as they were seen;
 * one that was not seen counts as the worst that it can be. docs/design/036-unflushed.md.
 */
import { largest } from '../../base/long-list.ts';
import { formatDuration } from '../../base/say-time.ts';
import { utf8Of, utf8OrEscaped } from '../../manifest/core/utf8.ts';
import type { Disk, FileSystem, WriteSettings } from './discovery.ts';

/** Of one kind of failure. */
export interface HeldBack {
  /** Undefined: nothing bounds it. */
  readonly atMostMs: number | undefined;
  /** False where a setting was not seen: the figure is then the widest that it allows. */
  readonly isKnown: boolean;
  /** What it is made of, in words, each with its source; what decides stands first. */
  readonly parts: readonly string[];
}

/** By a power cut, the crash of a host, or the loss of what it lies on. */
export interface Unflushed extends HeldBack {
  /** By the crash of a program alone: the kernel goes on, and writes what it was given. */
  readonly crash: HeldBack;
}

/** What a file system may hold back of bytes that nobody flushed, and of those that were. */
export interface FileSystemHeld {
  readonly late: HeldBack;
  readonly flushed: HeldBack;
}

const NOTHING_HELD: HeldBack = { atMostMs: 0, isKnown: true, parts: [] };

export function notBounded(why: string, isKnown: boolean): HeldBack {
  return { atMostMs: undefined, isKnown, parts: [why] };
}

export function within(ms: number, parts: readonly string[], isKnown = true): HeldBack {
  return { atMostMs: ms, isKnown, parts };
}

/** The worse of two that act on the same bytes; parts of both. */
export function widestOf(all: readonly HeldBack[]): HeldBack {
  const worstFirst = [...all].sort((one, other) => rank(other) - rank(one));
  return {
    atMostMs: all.every(({ atMostMs }) => atMostMs !== undefined)
      ? largest(
          all.map(({ atMostMs }) => atMostMs ?? 0),
          0,
        )
      : undefined,
    isKnown: all.every(({ isKnown }) => isKnown),
    parts: [...new Set(worstFirst.flatMap(({ parts }) => parts))],
  };
}

function rank({ atMostMs }: HeldBack): number {
  return atMostMs ?? Number.MAX_VALUE;
}

/** Of a data set that lies in several places. */
export function widestUnflushed(all: readonly Unflushed[]): Unflushed {
  return { ...widestOf(all), crash: widestOf(all.map(({ crash }) => crash)) };
}

/** Where nothing is known of what it lies on. */
export const UNFLUSHED_UNSEEN: Unflushed = {
  ...notBounded('the file system that it lies on was not seen', false),
  crash: NOTHING_HELD,
};

/** Of files: what a program wrote is the kernel's, and outlives the program. */
export function unflushedFiles({ late }: FileSystemHeld): Unflushed {
  return { ...late, crash: NOTHING_HELD };
}

export function fileSystemHeld(
  fileSystem: FileSystem | undefined,
  seen: { readonly disks: readonly Disk[]; readonly writes?: WriteSettings | undefined },
): FileSystemHeld {
  if (fileSystem === undefined) return both(notBounded(UNFLUSHED_UNSEEN.parts[0] ?? '', false));
  const { type, mountPoint, isReadOnly, writeOptions } = fileSystem;
  const at = `${utf8Of(utf8OrEscaped(mountPoint))} (${type})`;
  if (fileSystem.class === 'memory') return both(notBounded(`${at} is in memory`, true));
  if (isReadOnly) return both(within(0, [`${at} is mounted read-only`]));
  if (type === 'zfs') return poolHeld(at, seen.writes);
  const commit = COMMITS[type];
  if (commit === undefined) return both(notBounded(`when ${at} writes is not known`, false));
  if (writeOptions === undefined) {
    return both(notBounded(`how ${at} is mounted was not seen`, false));
  }
  const broken = withoutBarriers(at, { fileSystem, writeOptions, disks: seen.disks });
  if (broken !== undefined) return both(broken);
  const flushed = within(0, [`${at}: what was flushed is on disk (barriers are on)`]);
  if (writeOptions.includes('sync')) {
    return { late: within(0, [`${at} writes at once (mount option sync)`]), flushed };
  }
  return {
    late: lateOf(at, commit(writeOptions, seen.writes), { writeOptions, ...seen }),
    flushed,
  };
}

function both(held: HeldBack): FileSystemHeld {
  return { late: held, flushed: held };
}

interface Span {
  /** Undefined: not seen. */
  readonly ms: number | undefined;
  readonly words: string;
}

type CommitOf = (options: readonly string[], writes: WriteSettings | undefined) => Span;

const COMMITS: Readonly<Record<string, CommitOf | undefined>> = {
  ext3: commitOption('ext3', 5),
  ext4: commitOption('ext4', 5),
  btrfs: commitOption('btrfs', 30),
  xfs: (_, writes) => ({ ms: writes?.xfsSyncMs, words: 'fs.xfs.xfssyncd_centisecs' }),
};

function commitOption(type: string, defaultSeconds: number): CommitOf {
  return (options) => {
    const set = options.map((each) => /^commit=(\d{1,9})$/.exec(each)?.[1]).findLast(Boolean);
    // commit=0 means the default.
    if (set === undefined || Number(set) === 0) {
      return { ms: defaultSeconds * 1000, words: `the default commit interval of ${type}` };
    }
    return { ms: Number(set) * 1000, words: `mount option commit=${set}` };
  };
}

function lateOf(
  at: string,
  commit: Span,
  of: { readonly writeOptions: readonly string[]; readonly writes?: WriteSettings | undefined },
): HeldBack {
  const { writeOptions, writes } = of;
  const isJournaled = writeOptions.includes('data=journal');
  const spans: readonly Span[] = isJournaled
    ? [commit]
    : [
        { ms: writes?.dirtyExpireMs, words: 'vm.dirty_expire_centisecs' },
        { ms: writes?.dirtyWritebackMs, words: 'vm.dirty_writeback_centisecs' },
        commit,
      ];
  if (!isJournaled && writes?.dirtyWritebackMs === 0) {
    return notBounded(`${at} writes when asked only (vm.dirty_writeback_centisecs is 0)`, true);
  }
  const unseen = spans.filter(({ ms }) => ms === undefined);
  if (unseen.length > 0) {
    return notBounded(`${at}: not seen: ${unseen.map(({ words }) => words).join(', ')}`, false);
  }
  const sum = spans.reduce((total, { ms = 0 }) => total + ms, 0);
  const made = spans.map(({ ms = 0, words }) => `${formatDuration(ms)} (${words})`).join(' + ');
  return within(sum, [
    `${at} writes what nobody flushed within ${made}`,
    ...(writeOptions.includes('data=writeback')
      ? [`${at} may show older blocks in files then (data=writeback)`]
      : []),
  ]);
}

/** A flush that stops above a cache says nothing of what is on disk, nor in which order. */
function withoutBarriers(
  at: string,
  of: {
    readonly fileSystem: FileSystem;
    readonly writeOptions: readonly string[];
    readonly disks: readonly Disk[];
  },
): HeldBack | undefined {
  const { fileSystem, writeOptions, disks } = of;
  const option = writeOptions.findLast((each) => /^(?:no)?barrier(?:=\d)?$/.test(each));
  if (option !== 'nobarrier' && option !== 'barrier=0') return undefined;
  const beneath = fileSystem.beneath?.disks;
  const caches = beneath?.map((name) => disks.find((disk) => disk.name === name)?.writeCache);
  if (caches !== undefined && caches.length > 0) {
    if (caches.every((cache) => cache === 'write through')) return undefined;
    const caching = beneath?.filter((_, i) => caches[i] === 'write back') ?? [];
    if (caching.length > 0) {
      const words = `${at} is mounted with ${option} and ${caching.join(', ')} caches writes`;
      return notBounded(`${words}: what was flushed may be lost too, in any order`, true);
    }
  }
  const words = `${at} is mounted with ${option}, and whether its disks cache writes was not seen`;
  return notBounded(words, false);
}

/** Whole groups, in order: what was flushed is lost only where the property sync is disabled. */
function poolHeld(at: string, writes: WriteSettings | undefined): FileSystemHeld {
  const ms = writes?.zfsGroupMs;
  if (ms === undefined) return both(notBounded(`${at}: not seen: zfs_txg_timeout`, false));
  const span = formatDuration(ms);
  return {
    late: within(ms, [`${at} writes each ${span} (zfs_txg_timeout)`]),
    flushed: within(
      ms,
      [`${at}: up to ${span} where its property sync is disabled, which was not seen`],
      false,
    ),
  };
}
