/** What was discovered wrongly, as people corrected it in the file: what is no data, what runs on what. */
import type { FoundData } from '../discovery.ts';
import { isWithin, type Place } from '../place.ts';
import type { DeclaredEstate, DeclaredIgnored } from './declared.ts';
import type { GuestHost } from './guests.ts';
import type { HostOf } from './host-names.ts';
import type { HostLook } from './host-sight.ts';

/** Of a data set that was left out, and by whose word. */
export interface LeftOutData {
  readonly host: string;
  readonly data: FoundData;
  readonly why: string;
}

type Ignoring = Pick<DeclaredEstate, 'ignored'>;

/** Looks without the data that people say are none; what a backup of theirs holds is still seen. */
export function withoutIgnored(
  looks: readonly HostLook[],
  declared: Ignoring,
  hostOf: HostOf,
): { readonly looks: readonly HostLook[]; readonly leftOut: readonly LeftOutData[] } {
  const { ignored = [] } = declared;
  if (ignored.length === 0) return { looks, leftOut: [] };
  const leftOut: LeftOutData[] = [];
  const kept = looks.map((look): HostLook => {
    if (look.kind === 'failed') return look;
    const host = hostOf(look.host) ?? look.host;
    const own = ignored.filter((each) => (hostOf(each.host) ?? each.host) === host);
    const of = leftOutOf(own, look.sight.discovery.data);
    if (of.length === 0) return look;
    for (const each of of) leftOut.push({ host, ...each });
    const gone = new Set(of.map(({ data }) => data));
    const data = look.sight.discovery.data.filter((each) => !gone.has(each));
    return { ...look, sight: { ...look.sight, discovery: { ...look.sight.discovery, data } } };
  });
  return { looks: kept, leftOut };
}

/** What lies at or below an ignored path; never what an ignored path is only a part of. */
export function leftOutOf(
  ignored: readonly DeclaredIgnored[],
  data: readonly FoundData[],
): readonly { readonly data: FoundData; readonly why: string }[] {
  return data.flatMap((each) => {
    const by = ignored.find(({ path }) => isWithin(each.path, path));
    return by === undefined ? [] : [{ data: each, why: by.why }];
  });
}

/** What the file says a host runs on stands for what was seen of it; its images stay where they were seen. */
export function correctedGuests(
  guests: readonly GuestHost[],
  { standsOn = [] }: Pick<DeclaredEstate, 'standsOn'>,
  hostOf: HostOf,
): readonly GuestHost[] {
  if (standsOn.length === 0) return guests;
  const said = standsOn.map(({ host, on }) => ({
    host: hostOf(host) ?? host,
    on: on.map((each) => hostOf(each) ?? each),
  }));
  const declared = new Map(said.map(({ host, on }) => [host, on]));
  const seen = guests.filter(({ host, on }) => declared.get(host)?.includes(on) !== false);
  const unseen = said.flatMap(({ host, on }) =>
    on
      .filter((each) => !seen.some((guest) => guest.host === host && guest.on === each))
      .map(
        (each): GuestHost => ({ host, on: each, places: [someOf(each)], usedAs: [], images: [] }),
      ),
  );
  return [...seen, ...unseen];
}

/** Of what it stands there was not seen: some disk of that machine. */
function someOf(host: string): Place {
  return { host, beneath: undefined, path: undefined };
}
