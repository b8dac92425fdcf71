import type { BackupTool, DataKind, Discovery, FoundData } from '../discovery.ts';
import type { UnopenedBackup } from '../estate.ts';
import type { Place } from '../place.ts';
import type { Across } from './across.ts';
import { type GuestHost, standsOn } from './guests.ts';
import { type Claim, hasJob, type LookBackup } from './look-backups.ts';

/** What one host told of a backup, as the estate counts it. */
export interface Unopened {
  readonly entry: UnopenedBackup;
  readonly backup: LookBackup;
  readonly claim: Claim;
}

/** What the backups that were found may hold, host by host: neither protection nor none. */
export function unopenedOfLooks(
  seen: { readonly across: Across; readonly guests: readonly GuestHost[] },
  backups: readonly LookBackup[],
): readonly Unopened[] {
  return backups.flatMap((backup) => {
    const shared = placed(backup.places, seen.guests);
    // A repository that a job was seen to write to holds what those jobs keep.
    const claims = hasJob(backup) ? backup.claims.filter(({ isJob }) => isJob) : backup.claims;
    return claims.flatMap((claim) =>
      holdingsOf(claim, seen.across).map((holding) => {
        const entry = { tool: claim.backup.tool, ...shared, ...holding };
        return { entry, backup, claim };
      }),
    );
  });
}

type Holding = Pick<UnopenedBackup, 'ofHosts' | 'holdsOnly'>;

/** What a claim may hold: of its own host, of anybody, or what it fetches. */
function holdingsOf(claim: Claim, across: Across): readonly Holding[] {
  if (claim.fetched !== undefined) {
    return claim.fetched.map(({ host, path }) => ({
      ofHosts: [host],
      ...(path === undefined ? {} : { holdsOnly: [path] }),
    }));
  }
  const ofHosts = hostsOf(claim, across.sightOf(claim.host)?.discovery);
  const { holdsOnly } = claim.backup;
  return [
    {
      ...(ofHosts === undefined ? {} : { ofHosts }),
      ...(holdsOnly === undefined ? {} : { holdsOnly }),
    },
  ];
}

/** On a guest it is lost with the image of that guest too. */
function placed(
  places: readonly Place[],
  guests: readonly GuestHost[],
): Pick<UnopenedBackup, 'place' | 'needs'> {
  const [place, ...more] = places;
  const images = standsOn(guests, place).map((each) => [each]);
  const needs = more.length > 0 ? [places, ...images] : images;
  return {
    place: more.length > 0 ? undefined : place,
    ...(needs.length === 0 ? {} : { needs }),
  };
}

/** These may fetch from other hosts, and their command lines do not say from which. */
const FETCHING: readonly BackupTool[] = ['rsnapshot', 'barman'];

const SNAPSHOTS: readonly BackupTool[] = ['zfs snapshots', 'btrfs snapshots', 'lvm snapshots'];

const DUMPS: Readonly<Partial<Record<BackupTool, readonly DataKind[]>>> = {
  'dump file': ['postgres', 'mysql', 'mongodb', 'sqlite'],
  pg_dump: ['postgres'],
  mysqldump: ['mysql'],
  mongodump: ['mongodb'],
};

/** Whose data may be in it; undefined where it may be anybody's. */
function hostsOf(
  { host, backup, isJob }: Claim,
  discovery: Discovery | undefined,
): readonly string[] | undefined {
  if (isJob && backup.jobPaths === undefined && FETCHING.includes(backup.tool)) return undefined;
  if (isJob || SNAPSHOTS.includes(backup.tool)) return [host];
  const kinds = DUMPS[backup.tool];
  // A dump beside a database is of that one. Where there is none, it came from elsewhere.
  const isDumped = ({ kind }: FoundData): boolean => kinds?.includes(kind) === true;
  return discovery?.data.some(isDumped) === true ? [host] : undefined;
}
