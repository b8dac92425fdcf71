import { byteString } from '../../../base/bytes.ts';
import { isWithin, type Place } from '../place.ts';
import { type Across, placesOf } from './across.ts';

type Named = Pick<Place, 'host' | 'path'>;

/** What one host mounts from another that was looked at too. */
export interface RemoteMount {
  readonly by: Named;
  readonly place: Place;
}

export function remoteMounts(across: Across): readonly RemoteMount[] {
  return across.seen.flatMap(({ host, sight }) =>
    sight.discovery.fileSystems.flatMap(({ mountPoint }) =>
      placesOf(across, sight, mountPoint).flatMap((place) =>
        place.host === host || place.path === undefined
          ? []
          : [{ by: { host, path: mountPoint }, place }],
      ),
    ),
  );
}

/** What other hosts call a place that they mount, or the part of it that they do: they may back it up. */
export function mountersOf(
  mounts: readonly RemoteMount[],
  { host, path }: Place,
): readonly Named[] {
  if (path === undefined) return [];
  return mounts.flatMap(({ by, place }) => {
    const { path: exported } = place;
    if (place.host !== host || exported === undefined || by.path === undefined) return [];
    if (isWithin(exported, path)) return [by];
    if (!isWithin(path, exported)) return [];
    return [
      { ...by, path: byteString((by.path === '/' ? '' : by.path) + path.slice(exported.length)) },
    ];
  });
}
