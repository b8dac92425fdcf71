import type { ByteString } from '../../base/bytes.ts';
import { type DurationMs, days, type UnixMs } from '../../base/units.ts';
import type { FoundBackup } from './discovery.ts';
import { newestOf } from './proof.ts';
import { isWithin } from './place.ts';
import { sameRepository } from './repository-address.ts';
import type { RepositorySize } from './repository-size.ts';

/** Tools whose repositories can be opened. */
export type ConnectTool = 'restic' | 'borg' | 'pgbackrest';

export const CONNECT_TOOLS: readonly ConnectTool[] = ['restic', 'borg', 'pgbackrest'];

/** How the secret of a repository is come by. Never the secret itself. */
export type SecretSource =
  | { readonly kind: 'file'; readonly path: ByteString }
  | { readonly kind: 'command'; readonly line: string }
  | { readonly kind: 'environment'; readonly name: string }
  /** Somebody knows it: nobody else can open it again. */
  | { readonly kind: 'typed' }
  /** It is not encrypted, or the tool's own configuration has the secret. */
  | { readonly kind: 'none' };

/** A recovery point, as its tool lists it. */
export interface ConnectedPoint {
  readonly id: string;
  /** When its capture began; of a base backup with its WAL, when it ended. */
  readonly time: UnixMs;
  readonly host: string | undefined;
  /** Absolute; empty where the tool does not say them so. */
  readonly paths: readonly ByteString[];
  readonly tags: readonly string[];
}

/** What was seen of one path inside a point. */
export interface HeldPath {
  readonly path: ByteString;
  /** The newest point that holds it. */
  readonly point: string;
  readonly entries: number;
  readonly bytes: number;
}

/** A team's own repository that was opened, with what its last look showed. */
export interface ConnectedRepository {
  readonly tool: ConnectTool;
  /** As it was named, without secrets. */
  readonly repository: string;
  /** The host in its address is this machine, by whatever name. */
  readonly isHere: boolean;
  /** A file of the tool's own that is needed to open it. */
  readonly config: ByteString | undefined;
  /** The repository's own. Another one at the same address is another repository. */
  readonly id: string;
  readonly secret: SecretSource;
  readonly isEncrypted: boolean;
  /** A key that does not lie in the repository, beside the secret that opens it. */
  readonly keyFile: ByteString | undefined;
  readonly connectedAt: UnixMs;
  /** When it was last opened and listed. */
  readonly openedAt: UnixMs;
  readonly costMs: DurationMs;
  /** Oldest first. */
  readonly points: readonly ConnectedPoint[];
  /** Paths of this machine that were looked for in the newest points of it. */
  readonly lookedFor: readonly ByteString[];
  readonly holds: readonly HeldPath[];
  /** Why absence from it proves nothing; undefined where it does. */
  readonly untelling: string | undefined;
  /** Live files older than the point that were looked for in it, and those not found. */
  readonly liveLookedFor: number;
  readonly liveMissing: number;
  /** What it took up at earlier looks, oldest first; absent: it was not asked then. */
  readonly sizes?: readonly RepositorySize[];
  /** Why that was not known at the last look. */
  readonly sizeUnknown?: string;
  /** Why it could not be opened since. */
  readonly trouble: Trouble | undefined;
}

export interface Trouble {
  readonly at: UnixMs;
  readonly code: string;
  readonly message: string;
  /** It was opened and is wrong, in contrast to: it could not be opened. */
  readonly isBroken: boolean;
}

/** A listing says what is there for as long as a look at the machine does. */
export const LISTING_LIMIT: DurationMs = days(1);

export type ConnectedStanding = 'ok' | 'failed' | 'unknown';

/** What may be said of a connected repository at `now`. */
export function connectedStanding(of: ConnectedRepository, now: UnixMs): ConnectedStanding {
  if (of.trouble?.isBroken === true) return 'failed';
  const ageMs = now - of.openedAt;
  const isFresh = ageMs >= -1000 && ageMs < LISTING_LIMIT;
  return isFresh && of.trouble === undefined ? 'ok' : 'unknown';
}

/** The connected repository that a found backup is; undefined where none is known to be. */
export function connectionOf(
  found: Pick<FoundBackup, 'tool' | 'repository'>,
  connected: readonly ConnectedRepository[],
): ConnectedRepository | undefined {
  const tool = found.tool === 'borgmatic' ? 'borg' : found.tool;
  const { repository } = found;
  if (repository === undefined) return undefined;
  return connected.find(
    (each) => each.tool === tool && sameRepository(each.repository, repository),
  );
}

/** `web1` and `web1.example.org` are one host to a backup that was named once. */
export function isSameHost(one: string | undefined, other: string): boolean {
  const short = (name: string): string => name.split('.')[0]?.toLowerCase() ?? '';
  return one !== undefined && short(one) === short(other);
}

export type Holding =
  | { readonly kind: 'held'; readonly held: HeldPath; readonly coveredUpTo: UnixMs }
  /** `isPart`: only something below it is in it. */
  | { readonly kind: 'absent'; readonly isPart: boolean }
  | { readonly kind: 'unknown'; readonly why: string };

/** Whether `path` of this machine is in the newest point of a repository, when it was opened. */
export function holdingOf(of: ConnectedRepository, path: ByteString): Holding {
  const held = of.holds.find((each) => each.path === path);
  const point = of.points.find(({ id }) => id === held?.point);
  if (held !== undefined && point !== undefined) {
    return { kind: 'held', held, coveredUpTo: point.time };
  }
  if (of.untelling !== undefined) return { kind: 'unknown', why: of.untelling };
  const roots = of.points.flatMap(({ paths }) => paths);
  const isNear = roots.some((root) => isWithin(path, root) || isWithin(root, path));
  if (of.lookedFor.includes(path) || (roots.length > 0 && !isNear)) {
    return { kind: 'absent', isPart: roots.some((root) => isWithin(root, path)) };
  }
  // Below a root it may have come since, or not have been entered.
  return { kind: 'unknown', why: 'not looked for since it was found' };
}

/** Points of the same roots as the one that was seen to hold `held`: they count as holding it. */
export function pointsWith(of: ConnectedRepository, held: HeldPath): readonly ConnectedPoint[] {
  const seen = of.points.find(({ id }) => id === held.point);
  if (seen === undefined) return [];
  const rootsOf = ({ host, paths }: ConnectedPoint): string => `${host ?? ''}\0${paths.join('\0')}`;
  const roots = rootsOf(seen);
  return of.points.filter((point) => point.time <= seen.time && rootsOf(point) === roots);
}

/** What is kept, as it is and not as it was configured: how many, since when, how far apart. */
export interface Retention {
  readonly count: number;
  readonly oldest: UnixMs;
  readonly newest: UnixMs;
  /** Between the newest ones, in the middle; undefined of one point. */
  readonly spacingMs: DurationMs | undefined;
}

const SPACINGS_MAX = 14;

export function retentionOf(points: readonly ConnectedPoint[]): Retention | undefined {
  const newest = newestOf(points, ({ time }) => time)?.time;
  const oldest = newestOf(points, ({ time }) => -time)?.time;
  if (newest === undefined || oldest === undefined) return undefined;
  const times = points.map(({ time }) => time).sort((one, other) => other - one);
  const gaps = times
    .slice(0, SPACINGS_MAX)
    .flatMap((time, at) => (times[at + 1] === undefined ? [] : [time - (times[at + 1] ?? time)]))
    .sort((one, other) => one - other);
  const middle = gaps[Math.floor(gaps.length / 2)];
  const spacingMs = middle === undefined ? undefined : (Math.max(0, middle) as DurationMs);
  return { count: points.length, oldest, newest, spacingMs };
}

/** Roots that lie in no other one. */
export function outermost(paths: readonly ByteString[]): readonly ByteString[] {
  const all = [...new Set(paths)].sort();
  return all.filter((path) => !all.some((other) => other !== path && isWithin(path, other)));
}
