/** What losing something cannot have to do with, told before anything is computed. */
import type { FailureDomain } from '../domain.ts';
import type { Place } from '../place.ts';
import { storePlaces } from '../survival.ts';
import type { ExposedDataSet, ExposureIndex } from './exposure-index.ts';

/** Whether a data set is as it would be without any loss, and bare of nothing: it is no row. */
export function untouchedBy(
  { shared }: ExposureIndex,
  lost: readonly FailureDomain[],
): (entry: ExposedDataSet) => boolean {
  const hosts = new Set(lost.flatMap(hostsOf));
  const keys = new Set(lost.flatMap((domain) => (domain.kind === 'key' ? domain.key : [])));
  // What none of them can read any more is hit wherever it lies.
  if (!shared.readers.some((host) => !hosts.has(host))) return () => false;
  const isOn = ({ host, mayBeOn = [] }: Place): boolean =>
    hosts.has(host) || mayBeOn.some((each) => hosts.has(each));
  return ({ dataSet, madeFrom: { vaults, heldCount } }) =>
    !dataSet.places.some(isOn) &&
    vaults.every((copies, at) => {
      const isReached = copies.some(
        ({ copy, keys: own }) =>
          storePlaces(copy).some(isOn) ||
          own.some(({ id, places }) => keys.has(id) || places.some(isOn)),
      );
      return !isReached && (at >= heldCount || !shared.vaultFate(copies).isNone);
    });
}

/** On no other host does any of it take a thing. */
function hostsOf(domain: FailureDomain): readonly string[] {
  switch (domain.kind) {
    case 'disk':
    case 'host':
    case 'directory':
      return [domain.host];
    case 'group':
    case 'credential':
      return domain.hosts;
    case 'volume':
      return domain.roots.map(({ host }) => host);
    case 'key':
      return [];
  }
}
