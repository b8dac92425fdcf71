/** Where what was lost could be put: file systems of machines that are left, with room to spare. */
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { type FailureDomain, fateOf, takesHost } from '../domain.ts';
import type { DataSet } from '../estate.ts';
import { fileSystemOf } from '../locate.ts';
import { type LookedHost, seenOf } from '../look/looked-hosts.ts';
import { freeFloorOf } from '../pacing.ts';
import { isOneFile } from './recovery-image.ts';

/** A file system that would be left, as the last look saw it. */
export interface Room {
  readonly host: string;
  readonly mountPoint: ByteString;
  /** Above what must stay free on it: the larger of 10 % and 5 GiB. */
  readonly spareBytes: number;
}

export interface RecoveryTarget extends Room {
  /** New, or no longer there: nobody's data are overwritten. */
  readonly path: ByteString;
  readonly isOwnPlace: boolean;
}

/** The most room first. What nobody looked at lately, or did not answer, has none. */
export function roomsLeft(
  machines: readonly LookedHost[],
  domains: readonly FailureDomain[],
): readonly Room[] {
  return seenOf(machines)
    .filter(({ host }) => !domains.some((domain) => takesHost(domain, host)))
    .flatMap(({ host, sight }) =>
      sight.discovery.fileSystems.flatMap((each): readonly Room[] => {
        const { mountPoint, beneath, bytes, freeBytes } = each;
        const isFit =
          each.class === 'local' && !each.isReadOnly && !/^\/(?:boot|efi)(?:\/|$)/.test(mountPoint);
        if (!isFit || bytes === undefined || freeBytes === undefined) return [];
        const medium = domains.filter(({ kind }) => kind !== 'directory');
        if (fateOf({ host, beneath, path: mountPoint }, medium) !== 'kept') return [];
        const spareBytes = freeBytes - freeFloorOf(bytes, undefined);
        return spareBytes > 0 ? [{ host, mountPoint, spareBytes }] : [];
      }),
    )
    .sort((one, other) => other.spareBytes - one.spareBytes || (one.host < other.host ? -1 : 1));
}

/** Gives room away, so that two data sets are not promised the same. */
export class RoomBook {
  readonly #rooms: Room[];
  readonly #machines: readonly LookedHost[];
  readonly #domains: readonly FailureDomain[];

  constructor(machines: readonly LookedHost[], domains: readonly FailureDomain[]) {
    this.#rooms = [...roomsLeft(machines, domains)];
    this.#machines = machines;
    this.#domains = domains;
  }

  get largest(): Room | undefined {
    return this.#rooms.reduce<Room | undefined>(
      (most, room) => (most === undefined || room.spareBytes > most.spareBytes ? room : most),
      undefined,
    );
  }

  /**
   * The best place that is left for `set`: where it lay, then its own machine, then one of `readers`
   * (Holdfast is there), then whichever has the most room. Undefined where none has enough.
   */
  take(set: DataSet, readers: ReadonlySet<string>): RecoveryTarget | undefined {
    const [own] = set.places;
    const home = own?.path === undefined ? undefined : this.#homeOf(own.host, own.path);
    let best: { readonly room: Room; readonly at: number; readonly rank: number } | undefined;
    for (const [at, room] of this.#rooms.entries()) {
      if (room.spareBytes < set.bytes) continue;
      const rank = this.#rankOf(room, { home, own, readers });
      const isBetter =
        best === undefined ||
        rank < best.rank ||
        (rank === best.rank && room.spareBytes > best.room.spareBytes);
      if (isBetter) best = { room, at, rank };
    }
    if (best === undefined) return undefined;
    const { room } = best;
    this.#rooms[best.at] = { ...room, spareBytes: room.spareBytes - set.bytes };
    const isOwnPlace = room === home && set.places.length === 1 && !isOneFile(set);
    const path = isOwnPlace && own?.path !== undefined ? own.path : newPath(room, set);
    return { ...room, path, isOwnPlace };
  }

  /** Where it lay, if its medium is left. */
  #homeOf(host: string, path: ByteString): Room | undefined {
    const isLeft = !this.#domains.some((domain) => takesHost(domain, host));
    const sight = seenOf(this.#machines).find((machine) => machine.host === host)?.sight;
    const mount = sight && isLeft ? fileSystemOf(sight.discovery, path)?.mountPoint : undefined;
    return this.#rooms.find((room) => room.host === host && room.mountPoint === mount);
  }

  #rankOf(
    room: Room,
    at: {
      readonly home: Room | undefined;
      readonly own: DataSet['places'][number] | undefined;
      readonly readers: ReadonlySet<string>;
    },
  ): number {
    if (room === at.home) return 0;
    if (room.host === at.own?.host) return 1;
    return at.readers.has(room.host) ? 2 : 3;
  }
}

/** Below a directory of its own, by the host and path that it had: over nobody's data. */
function newPath({ mountPoint }: Room, set: DataSet): ByteString {
  const { name, places } = set;
  const base = `${mountPoint === '/' ? '' : mountPoint}/restored`;
  const [own] = places;
  if (places.length === 1 && own?.path !== undefined) {
    const below = isOneFile(set) ? own.path.slice(0, own.path.lastIndexOf('/')) : own.path;
    return byteString(`${base}/${plain(own.host)}${below === '/' ? '' : below}`);
  }
  return byteString(`${base}/${plain(name)}`);
}

/** One name of a directory, whatever a host or a data set is called. */
function plain(name: string): string {
  return name.replaceAll(/[^\w.@-]+/g, '-').replace(/^[.-]+/, '') || 'data';
}
