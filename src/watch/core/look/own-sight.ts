/** What a host showed of itself, under the name that its server knows it by, and of nobody else. */
import { type UnixMs, unixMs } from '../../../base/units.ts';
import type { Discovery } from '../discovery.ts';
import type { Place } from '../place.ts';
import type { HostLook, HostSight } from './host-sight.ts';

export type AnsweredLook = Extract<HostLook, { readonly kind: 'answered' }>;

export interface ShownBy {
  /** As it was enrolled. */
  readonly host: string;
  /** How far its wall clock was ahead; what it dates was so much earlier. */
  readonly aheadMs: number;
}

/** Prefix of a machine that is known by what others mount from it or write to it. */
export const SERVER = 'server ';

/**
 * The one look of a frame. Undefined where it is no look of one host at itself: several hosts, none
 * that answered, or something that lies on another host.
 */
export function ownSight(
  looks: readonly HostLook[],
  { host, aheadMs }: ShownBy,
): AnsweredLook | undefined {
  const [look] = looks;
  if (looks.length !== 1 || look?.kind !== 'answered') return undefined;
  const { sight } = look;
  const { discovery } = sight;
  const itself = discovery.host;
  const placed = (place: Place): Place => ({
    ...place,
    host: place.host === itself ? host : place.host,
  });
  const isOwn = (place: Place): boolean => place.host === itself || place.host.startsWith(SERVER);
  const places = [
    ...discovery.data.map(({ place }) => place),
    ...discovery.backups.flatMap(({ place }) => place ?? []),
  ];
  if (!places.every(isOwn)) return undefined;
  const data = discovery.data.map((each) => ({
    ...each,
    place: placed(each.place),
    newestChange: earlierBy(each.newestChange, aheadMs),
  }));
  const backups = discovery.backups.map((each) => ({
    ...each,
    place: each.place && placed(each.place),
    lastRun: earlierBy(each.lastRun, aheadMs),
    lastWritten: earlierBy(each.lastWritten, aheadMs),
  }));
  return {
    ...{ host, kind: 'answered', tookMs: look.tookMs },
    sight: { ...sight, discovery: { ...discovery, host, data, backups } },
  };
}

export function earlierBy<T extends UnixMs | undefined>(at: T, ms: number): T {
  return at === undefined ? at : (unixMs(Math.max(0, at - ms)) as T);
}

/** As it counts now: by the server's clock, or not at all. */
export function sightAt(look: AnsweredLook, seenAt: UnixMs): AnsweredLook {
  const { sight } = look;
  return { ...look, sight: { ...sight, discovery: { ...sight.discovery, seenAt } } };
}

/** Without what only changes are told from: of a thousand hosts it would fill the memory. */
export function slimSight(look: AnsweredLook): AnsweredLook {
  const { besides, ...rest } = look.sight;
  const sight: HostSight = {
    ...rest,
    packages: undefined,
    ...(besides === undefined
      ? {}
      : { besides: { ...besides, firewall: undefined, accounts: undefined } }),
  };
  return { ...look, sight };
}

/** As a Holdfast reads it that knows none of what was added since: its readers are strict. */
export function plainLook(look: AnsweredLook): AnsweredLook {
  const { discovery: seen } = look.sight;
  const { writes: _writes, ...rest } = seen;
  const discovery: Discovery = {
    ...rest,
    disks: seen.disks.map(({ writeCache: _cache, ...disk }) => disk),
    fileSystems: seen.fileSystems.map(({ writeOptions: _options, ...mount }) => mount),
  };
  const { besides: _besides, ...sight } = { ...look.sight, discovery };
  return { ...look, sight };
}

/**
 * Machines that claim to be one: a guest that was cloned, or a host that says it is another. Neither
 * speaks for the other, so neither keeps the id by which they would be one.
 */
export function toldApart(looks: readonly AnsweredLook[]): {
  readonly looks: readonly AnsweredLook[];
  /** Hosts that gave the same id. */
  readonly same: readonly (readonly string[])[];
} {
  const byId = new Map<string, string[]>();
  for (const { host, sight } of looks) {
    const { id } = sight.machine;
    if (id !== undefined) byId.set(id, [...(byId.get(id) ?? []), host]);
  }
  const same = [...byId.values()].filter((hosts) => hosts.length > 1);
  const doubted = new Set(same.flat());
  return {
    same,
    looks: looks.map((look) =>
      doubted.has(look.host)
        ? { ...look, sight: { ...look.sight, machine: { ...look.sight.machine, id: undefined } } }
        : look,
    ),
  };
}
