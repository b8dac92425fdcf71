/** What of this machine is in the newest points of a repository: by its listing, entry by entry. */
import type { ByteString } from '../../base/bytes.ts';
import { days } from '../../base/units.ts';
import type { Mounts } from '../../host/mounts.ts';
import { isUtf8 } from '../../manifest/core/utf8.ts';
import {
  type ConnectedPoint,
  type ConnectedRepository,
  type HeldPath,
  isSameHost,
} from '../../watch/core/connected.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import { HeldPaths } from '../../watch/core/held-paths.ts';
import { newestOf } from '../../watch/core/proof.ts';
import type { ListedEntry } from '../../watch/core/sample.ts';
import type { FileRepository } from '../../watch/shell/team-repository.ts';
import { liveFileOf, oldFilesBelow } from './live-files.ts';

/** Of more jobs than that into one repository the others are not looked into, and so unknown. */
const GROUPS_MAX = 8;
const JOB_ENDED_AFTER = days(30);

export interface LookInside {
  readonly repository: FileRepository;
  readonly points: readonly ConnectedPoint[];
  readonly discovery: Discovery;
  readonly mounts: Mounts;
  /** Holdfast's own directories. */
  readonly exclude: readonly ByteString[];
  readonly seed: number;
  readonly nowMs: () => number;
  /** Entries of the newest point of all, for a sample. */
  readonly see: (entry: ListedEntry) => void;
}

export type Inside = Pick<
  ConnectedRepository,
  'lookedFor' | 'holds' | 'untelling' | 'liveLookedFor' | 'liveMissing'
> & {
  readonly newest: ConnectedPoint | undefined;
  /** Some of the live files that are in no point, for people. */
  readonly missing: readonly string[];
};

/** @throws Fault HF_CONNECT_* */
export async function lookInside(of: LookInside): Promise<Inside> {
  const { points, discovery, mounts } = of;
  const own = points.filter(({ host }) => isSameHost(host, discovery.host));
  const groups = newestOfGroups(own);
  const roots = groups.flatMap(({ paths }) => paths);
  const wanted = [...discovery.data.map(({ path }) => path), ...roots];
  // A name that is no UTF-8 is shown otherwise by the tools: of it nothing can be said.
  const lookedFor = [...new Set(wanted)].filter(isUtf8);
  const holds = new Map<string, HeldPath>();
  let untelling = whyUntelling(mounts, { own, all: points, groups });
  const live = { all: 0, missing: [] as string[] };
  const newest = newestOf(groups, ({ time }) => time);
  for (const point of groups) {
    const seen = await seeOne(of, point, { lookedFor, isNewest: point === newest });
    if (seen === undefined) {
      untelling ??= 'it lists paths that lay below an unknown directory';
      continue;
    }
    // Points come oldest first: a later one that holds it is the better answer.
    for (const held of seen.held(point)) holds.set(held.path, held);
    // What a job that ended left out says nothing of those that go on.
    if (!isCurrent(point, groups)) continue;
    live.all += seen.liveAll;
    live.missing.push(...seen.liveMissing);
  }
  return {
    lookedFor,
    holds: [...holds.values()],
    untelling,
    liveLookedFor: live.all,
    liveMissing: live.missing.length,
    missing: live.missing.slice(0, 5),
    newest,
  };
}

async function seeOne(
  of: LookInside,
  point: ConnectedPoint,
  how: { readonly lookedFor: readonly ByteString[]; readonly isNewest: boolean },
): Promise<HeldPaths | undefined> {
  const { seed, nowMs } = of;
  const live = point.paths
    .flatMap((root) =>
      oldFilesBelow(of.mounts, root, { before: point.time, seed, nowMs, exclude: of.exclude }),
    )
    .filter(isUtf8);
  const held = new HeldPaths(how.lookedFor, live);
  const isKnown = await of.repository.entries(point, (entry) => {
    held.see(entry);
    if (how.isNewest) of.see(entry);
  });
  return isKnown ? held : undefined;
}

/** The newest point of each set of roots; oldest first. */
function newestOfGroups(points: readonly ConnectedPoint[]): readonly ConnectedPoint[] {
  const groups = new Map<string, ConnectedPoint>();
  for (const point of points) {
    const id = point.paths.join('\0');
    const before = groups.get(id);
    if (before === undefined || point.time >= before.time) groups.set(id, point);
  }
  return [...groups.values()].sort((one, other) => one.time - other.time).slice(-GROUPS_MAX);
}

/** Where absence from a listing says nothing: a false "none" is as bad as a false "covered". */
function whyUntelling(
  mounts: Mounts,
  of: {
    readonly own: readonly ConnectedPoint[];
    readonly all: readonly ConnectedPoint[];
    readonly groups: readonly ConnectedPoint[];
  },
): string | undefined {
  const { own, all, groups } = of;
  if (all.length > 0 && own.length === 0) return 'no point in it names this host';
  const isAway = (path: ByteString): boolean => liveFileOf(mounts, path) === undefined;
  // What was removed long ago stands in old points only, and is no view of anything.
  const current = groups.filter((point) => isCurrent(point, groups));
  if (current.some(({ paths }) => paths.some(isAway))) {
    return 'it holds paths that are not here now, which may be a view of others';
  }
  const count = new Set(own.map(({ paths }) => paths.join('\0'))).size;
  return count > groups.length ? 'it has more jobs than were looked into' : undefined;
}

/** @param groups oldest first */
function isCurrent({ time }: ConnectedPoint, groups: readonly ConnectedPoint[]): boolean {
  return time >= (groups.at(-1)?.time ?? 0) - JOB_ENDED_AFTER;
}
