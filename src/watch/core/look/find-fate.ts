/** What would be lost together although it looks apart. */
import { formatBytes } from '../../../base/say-quantity.ts';
import { fateOfAny } from '../domain.ts';
import { mayHoldSet } from '../may-hold.ts';
import type { Place } from '../place.ts';
import type { Finding } from './answer.ts';
import { bytesOf, dataWithPartOn, foundFor, listed } from './at-stake.ts';
import { change, finding } from './finding.ts';
import { standsOn } from './guests.ts';
import type { LookData, ManyEstate } from './look-estate.ts';
import type { Unopened } from './unopened.ts';

export function fateFindings(many: ManyEstate): readonly Finding[] {
  return [
    ...many.unopened.flatMap((each) => besideData(many, each)),
    ...sameCredential(many),
    ...oneKey(many),
  ];
}

type Sharing = 'disk' | 'host';

/** A backup that dies with what it holds. A copy elsewhere may still help: then it is said milder. */
function besideData(many: ManyEstate, each: Unopened): readonly Finding[] {
  const own = placesOf(many, each.backup.places);
  const [place] = each.backup.places;
  if (place === undefined) return [];
  const near = dataWithPartOn(many, new Set(own.map(({ host }) => host)));
  const shared = near.flatMap((data) => {
    const sharing = mayHoldSet(each.entry, data.set) ? sharingOf(own, data.set.places) : undefined;
    return sharing === undefined ? [] : [{ data, sharing, isOnly: isOnlyThere(many, data, place) }];
  });
  const isSnapshot = / snapshots$/.test(each.entry.tool);
  return (['disk', 'host'] as const).flatMap((sharing) => {
    const of = shared.filter((other) => other.sharing === sharing && (other.isOnly || !isSnapshot));
    if (of.length === 0) return [];
    const data = of.map((other) => other.data);
    const isOnly = of.some((other) => other.isOnly);
    return [fate(many, { each, place, sharing, data, isOnly })];
  });
}

function placesOf(many: ManyEstate, places: readonly Place[]): readonly Place[] {
  return places.flatMap((place) => [place, ...standsOn(many.guests, place)]);
}

function sharingOf(own: readonly Place[], data: readonly Place[]): Sharing | undefined {
  const pairs = own.flatMap((one) =>
    data.filter(({ host }) => host === one.host).map((other) => ({ one, other })),
  );
  if (pairs.length === 0) return undefined;
  const isDisk = pairs.some(({ one, other }) =>
    one.beneath?.disks.some((disk) => other.beneath?.disks.includes(disk) === true),
  );
  return isDisk ? 'disk' : 'host';
}

/** Nothing else that may hold it was found to lie on another machine. */
function isOnlyThere(many: ManyEstate, { set }: LookData, { host }: Place): boolean {
  return !foundFor(many, set).some(({ place, needs = [] }) =>
    place === undefined
      ? fateOfAny(needs.flat().map((each) => (each.host === host ? 'lost' : 'kept'))) === 'kept'
      : place.host !== host,
  );
}

function fate(
  many: ManyEstate,
  of: {
    readonly each: Unopened;
    readonly place: Place;
    readonly sharing: Sharing;
    readonly data: readonly LookData[];
    readonly isOnly: boolean;
  },
): Finding {
  const { each, place, sharing, data, isOnly } = of;
  const { where, tool } = each.backup;
  const owners = [...new Set(data.map(({ host }) => host))].filter((host) => host !== place.host);
  const whose = owners.length === 0 ? 'the data' : `data of ${listed(owners.sort())}`;
  const bytes = bytesOf(data);
  const name =
    where?.startsWith(`${place.host}:`) === true
      ? where.slice(place.host.length + 1)
      : (where ?? '');
  const lies = name === '' ? `${tool} lies` : `${tool} at ${name} lies`;
  const sentence = `${lies} on the same ${sharing} as ${whose}, ${formatBytes(bytes)}`;
  return finding(sharing === 'disk' ? 'backup-on-same-disk' : 'backup-on-same-host', {
    hosts: [many.across.hostOf(place.host) ?? place.host],
    subject: `${tool} ${name}`,
    sentence,
    bytes,
    ...(isOnly ? {} : { rank: 4 as const }),
    fix: change('Keep a second copy of it on another machine.'),
  });
}

/** Who is root where the data lie can delete what a job there writes, unless it may only append. */
function sameCredential(many: ManyEstate): readonly Finding[] {
  return many.backups.flatMap(({ tool, where, places, claims }) => {
    // What is fetched, whoever is root where it comes from cannot reach.
    const pushing = claims.filter(({ isJob, fetched }) => isJob && fetched === undefined);
    const from = [...new Set(pushing.map(({ host }) => host))].sort();
    const [place] = places;
    if (where === undefined || / snapshots$/.test(tool)) return [];
    const isLocal = from.some((host) => place?.host === host || where.startsWith(`${host}:/`));
    if (from.length === 0 || isLocal) return [];
    return [
      finding('backup-same-credential', {
        hosts: from,
        subject: `${tool} ${where}`,
        sentence: `a job there writes ${tool} to ${where}: whoever is root there can delete it too, unless it may only append`,
        fix: change(APPEND[tool] ?? 'Let the other machine fetch, or keep snapshots there.'),
      }),
    ];
  });
}

const APPEND: Readonly<Record<string, string>> = {
  borg: 'Where it is kept, allow that key only `borg serve --append-only`.',
  restic: 'Where it is kept, run rest-server with --append-only, or lock objects in the bucket.',
};

/** The same key opens root everywhere: with it all machines are lost at once. */
function oneKey(many: ManyEstate): readonly Finding[] {
  const told = many.across.seen.flatMap(({ host, sight }) => {
    const keys = sight.adminKeys.filter(({ user }) => user === 'root');
    return keys.length === 0 ? [] : [{ host, keys }];
  });
  if (told.length < 2 || told.length < many.across.seen.length) return [];
  const [first] = told;
  const everywhere = (first?.keys ?? []).filter(({ fingerprint }) =>
    told.every(({ keys }) => keys.some((key) => key.fingerprint === fingerprint)),
  );
  const holdsBackups = many.backups.some(({ places }) =>
    places.some(({ host }) => told.some((each) => each.host === host)),
  );
  const unique = new Map(everywhere.map((key) => [key.fingerprint, key]));
  return [...unique.values()].map(({ fingerprint, comment }) => {
    const whose = comment === '' ? fingerprint : `${comment} (${fingerprint})`;
    return finding('one-key-everywhere', {
      hosts: told.map(({ host }) => host),
      subject: fingerprint,
      sentence: `the key of ${whose} opens root on every machine that was seen${holdsBackups ? ', those with the backups too' : ''}`,
      fix: change('Another key where backups are kept, held by somebody else or on a token.'),
    });
  });
}
