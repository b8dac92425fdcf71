/** Where a vault lies, in the terms of exposure: which machine's loss takes it along. */
import { machineIdHere } from '../../adapters/node/machine-id.ts';
import type { Place } from '../../watch/core/place.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import { placeOf } from '../../watch/core/locate.ts';
import { textOfBytes } from '../cli/places.ts';
import { nameOfPlace, type RemotePlace, type VaultPlace } from '../vault-place.ts';
import type { VaultLine } from '../vault-line.ts';
import { addressesHere, addressesOf, hostNameOf, isNameOfThis } from './machine-names.ts';

/** How a copy of a vault is called in evidence. */
export function copyName(host: string, place: VaultPlace): string {
  const name = textOfBytes(nameOfPlace(place));
  return place.kind === 'directory' ? `${host}:${name}` : name;
}

type Seen = Pick<Discovery, 'fileSystems' | 'host'>;

/**
 * Two names of one machine must not be taken for two: a vault on the machine whose data it holds
 * dies with it. The id of the machine decides where it can be seen, else what its name leads to; a name
 * that the resolver does not know stays itself.
 */
export async function placeOfVault(
  discovery: Seen,
  { place, machineId }: Pick<VaultLine, 'place' | 'machineId'>,
): Promise<Place> {
  if (place.kind === 'directory') return placeOf(discovery, place.root);
  const host = await machineOf(discovery, place, await machineId());
  return { host, beneath: undefined, path: undefined };
}

/** As `Place.host` names machines: this one by its name, others as `server NAME`. */
async function machineOf(
  discovery: Seen,
  { place }: RemotePlace,
  machineId: string | undefined,
): Promise<string> {
  const name = await hostNameOf(place.host);
  const isLocalName = isNameOfThis(name, discovery.host);
  const addresses = await addressesOf(name);
  const own = machineIdHere();
  if (machineId !== undefined && own !== undefined) {
    if (machineId === own) return discovery.host;
    // A port of this machine that leads to another.
    if (isLocalName) return `${SERVER}behind ${name}:${place.port ?? ''}`;
  } else if (isLocalName || addresses.some((address) => addressesHere().has(address))) {
    return discovery.host;
  }
  for (const server of mountedServers(discovery)) {
    const others = await addressesOf(server.slice(SERVER.length));
    if (others.some((address) => addresses.includes(address))) return server;
  }
  return `${SERVER}${name}`;
}

const SERVER = 'server ';

/** Machines whose directories are mounted here: their loss is asked about, since data lie there. */
function mountedServers(discovery: Seen): readonly string[] {
  const hosts = discovery.fileSystems
    .filter((each) => each.class === 'network')
    .map((each) => placeOf(discovery, each.mountPoint).host);
  return [...new Set(hosts)].filter((host) => host.startsWith(SERVER));
}
