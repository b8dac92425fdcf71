/** What this machine's own vault holds, as part of the estate over all hosts of a look. */
import os from 'node:os';
import type { Estate } from '../../watch/core/estate.ts';
import type { HostOf } from '../../watch/core/look/host-names.ts';
import type { HostLook } from '../../watch/core/look/host-sight.ts';
import type { Place } from '../../watch/core/place.ts';
import { isWithin } from '../../watch/core/place.ts';
import type { Cli } from '../cli/cli.ts';
import { openWith } from '../cli/open.ts';
import type { Settings, VaultOptions } from '../cli/settings.ts';
import { keyHereOf } from '../estate/key-here.ts';
import { readSnapshots } from '../estate/points.ts';
import { readEstate } from '../estate/read-estate.ts';
import { withEvidence } from '../estate/see-estate.ts';

type Answered = Extract<HostLook, { readonly kind: 'answered' }>;

/** The data sets of this machine that are in its vault, placed where the look saw them. */
export async function ownVaultEstate(
  cli: Cli,
  of: {
    readonly settings: Settings;
    readonly options: VaultOptions;
    readonly here: Answered;
    readonly hostOf: HostOf;
  },
): Promise<Estate> {
  const { settings, options, here, hostOf } = of;
  const opened = await openWith(cli, settings, { ...options, needs: 'names' });
  const { session } = opened;
  const snapshots = await readSnapshots(session);
  // Snapshots and proofs name this machine as it calls itself.
  const discovery = { ...here.sight.discovery, host: os.hostname() };
  const { estate } = await withEvidence(settings.state.value, (ledger) =>
    readEstate({
      ...{ session, discovery, snapshots, key: keyHereOf(opened) },
      // What was connected is counted for every host, elsewhere.
      ledger: {
        connected: () => Promise.resolve([]),
        current: (prefix) => ledger.current(prefix),
        drills: () => ledger.drills(),
      },
    }),
  );
  return renamed(estate, (host) =>
    host === os.hostname() ? here.host : (hostOf(host.replace(/^server /, '')) ?? host),
  );
}

/** Places of one estate in the names of another. */
function renamed(estate: Estate, nameOf: (host: string) => string): Estate {
  const placed = (place: Place): Place => {
    const host = nameOf(place.host);
    return host === place.host ? place : { ...place, host };
  };
  return {
    ...estate,
    dataSets: estate.dataSets.map((set) => ({ ...set, places: set.places.map(placed) })),
    vaults: estate.vaults.map((copy) => ({ ...copy, place: placed(copy.place) })),
    keys: estate.keys.map((key) => ({ ...key, places: key.places.map(placed) })),
    drills: estate.drills.map((drill) => ({ ...drill, target: placed(drill.target) })),
    readers: estate.readers.map((host) => nameOf(host)),
  };
}

/** One estate of both: what is in the vault stands for what the look saw at the same place. */
export function withVault(looked: Estate, own: Estate): Estate {
  const holds = (of: Place, place: Place): boolean =>
    of.host === place.host &&
    of.path !== undefined &&
    place.path !== undefined &&
    isWithin(place.path, of.path);
  const isHeld = (set: Estate['dataSets'][number]): boolean =>
    own.dataSets.some(({ places }) => places.some((of) => set.places.some((at) => holds(of, at))));
  const dataSets = own.dataSets.map((set) => {
    const same = looked.dataSets.filter((each) =>
      set.places.some((of) => each.places.some((at) => holds(of, at))),
    );
    // What a guest stands on was seen from its hypervisor.
    const others = same
      .flatMap(({ places }) => places)
      .filter(({ host }) => set.places.every((place) => place.host !== host));
    return { ...set, places: [...set.places, ...others] };
  });
  return {
    ...looked,
    dataSets: [...looked.dataSets.filter((set) => !isHeld(set)), ...dataSets],
    points: [...looked.points, ...own.points],
    vaults: [...looked.vaults, ...own.vaults],
    keys: [...looked.keys, ...own.keys],
    drills: [...looked.drills, ...own.drills],
    readers: [...new Set([...looked.readers, ...own.readers])],
  };
}
