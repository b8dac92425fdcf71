/** Where the places of a vault lie, in the terms of exposure: which machine's loss takes them along. */
import { directoryIdAt } from '../../adapters/node/directory-id.ts';
import { machineIdHere } from '../../adapters/node/machine-id.ts';
import { truePathHere } from '../../adapters/discovery/true-path.ts';
import { assert } from '../../base/assert.ts';
import type { ByteString } from '../../base/bytes.ts';
import type { Place } from '../../watch/core/place.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import { placeOf } from '../../watch/core/locate.ts';
import { textOfBytes } from '../cli/places.ts';
import { directoryPlace, nameOfPlace, type RemotePlace, type VaultPlace } from '../vault-place.ts';
import type { VaultLine } from '../vault-line.ts';
import { hostKeysHere, hostKeysOf, type HostKeys, isSameServer, NO_KEYS } from './host-keys.ts';
import { addressesHere, addressesOf, hostNameOf, isNameOfThis } from './machine-names.ts';

/** How a copy of a vault is called in evidence. */
export function copyName(host: string, place: VaultPlace): string {
  const name = textOfBytes(nameOfPlace(place));
  return place.kind === 'directory' ? `${host}:${name}` : name;
}

type Seen = Pick<Discovery, 'fileSystems' | 'host'>;

/** What is known of a place of a vault. */
export interface VaultAt {
  readonly place: VaultPlace;
  /** Of the other machine, where it told. */
  readonly machineId: string | undefined;
  /** Of the directory there, where it told. */
  readonly directoryId: string | undefined;
}

export interface StoredAt {
  readonly place: Place;
  /** By which other paths it is deleted too. */
  readonly standsOn: readonly Place[];
  /** Two that share one are one directory. */
  readonly directoryNames: readonly string[];
}

/**
 * Two names of one machine must not be taken for two: a vault on the machine whose data it holds
 * dies with it, and so does a copy beside the vault. The id of the machine decides where both tell
 * it; else what their names lead to, and the keys by which their SSH servers are known. Of what
 * nothing tells apart either may be the other.
 */
export async function placesOfVaults(
  discovery: Seen,
  all: readonly VaultAt[],
): Promise<readonly StoredAt[]> {
  const machines = new Map<VaultAt, Machine>();
  for (const at of all) {
    if (at.place.kind === 'directory') continue;
    machines.set(at, await machineOf(discovery, at.place, at.machineId));
  }
  await tellApart([...machines.values()]);
  return all.map((at) => {
    const machine = machines.get(at);
    if (machine === undefined) return storedAt(discovery, nameOfPlace(at.place));
    return elsewhereAt(discovery, at, machine);
  });
}

/** Where a vault lies that is open. */
export async function storedOn(discovery: Seen, line: OpenLine): Promise<StoredAt> {
  const [stored] = await placesOfVaults(discovery, [await seenAt(line)]);
  assert(stored !== undefined, 'each has its place');
  return stored;
}

type OpenLine = Pick<VaultLine, 'place' | 'machineId' | 'facts'>;

export async function seenAt(line: OpenLine): Promise<VaultAt> {
  const [machineId, facts] = await Promise.all([line.machineId(), line.facts()]);
  return { place: line.place, machineId, directoryId: facts?.directoryId };
}

/** Two places of which names are shared are one directory; of some places nothing is known. */
export function directoryNames(at: Pick<VaultAt, 'place' | 'directoryId'>): readonly string[] {
  const { place, directoryId } = at;
  if (place.kind !== 'directory') return directoryId === undefined ? [] : [`id ${directoryId}`];
  const { path, alsoAt, mayHang } = truePathHere(place.root);
  const id = mayHang ? undefined : directoryIdAt(path);
  const paths = [path, ...alsoAt].map((each) => `path ${each}`);
  return id === undefined ? paths : [...paths, `id ${id}`];
}

/** @param root on this machine */
function storedAt(discovery: Seen, root: ByteString): StoredAt {
  const { path, alsoAt } = truePathHere(root);
  const place = placeOf(discovery, path);
  const others = place.path === undefined ? [] : alsoAt;
  return {
    place,
    standsOn: others.map((other) => ({ ...place, path: other })),
    directoryNames: directoryNames({ place: directoryPlace(root), directoryId: undefined }),
  };
}

/** What another program serves from this machine is placed as a directory of it, where that is sure. */
function elsewhereAt(discovery: Seen, at: VaultAt, { host, mayBeOn }: Machine): StoredAt {
  const { place, directoryId } = at;
  const path = place.kind === 'ssh' ? place.place.path : undefined;
  if (host === discovery.host && directoryId !== undefined && path?.startsWith('/') === true) {
    const isIt = !truePathHere(path).mayHang && directoryIdAt(path) === directoryId;
    if (isIt) return storedAt(discovery, path);
  }
  const base: Place = { host, beneath: undefined, path: undefined };
  return {
    place: mayBeOn.size === 0 ? base : { ...base, mayBeOn: [...mayBeOn].sort() },
    standsOn: [],
    directoryNames: directoryNames(at),
  };
}

/** A machine that a place of a vault names. */
interface Machine {
  /** As `Place.host` names machines: this one by its name, others as `server NAME`. */
  host: string;
  readonly isHere: boolean;
  readonly id: string | undefined;
  readonly addresses: readonly string[];
  readonly keys: () => Promise<HostKeys>;
  readonly mayBeOn: Set<string>;
}

async function machineOf(
  discovery: Seen,
  place: RemotePlace,
  id: string | undefined,
): Promise<Machine> {
  const { host: given, port } = place.place;
  const name = await hostNameOf(given);
  const addresses = await addressesOf(name);
  let known: Promise<HostKeys> | undefined;
  const keys = (): Promise<HostKeys> => {
    known ??= place.kind === 'ssh' ? hostKeysOf(given, port) : Promise.resolve(NO_KEYS);
    return known;
  };
  const base = { id, addresses, keys, mayBeOn: new Set<string>() };
  const here = { ...base, host: discovery.host, isHere: true };
  const own = machineIdHere();
  const isLocalName = isNameOfThis(name, discovery.host);
  if (id !== undefined && own !== undefined) {
    if (id === own) return here;
    // A port of this machine that leads to another.
    const behind = `${SERVER}behind ${name}:${port ?? ''}`;
    if (isLocalName) return { ...base, host: behind, isHere: false };
  } else {
    const isHere = isLocalName || addresses.some((address) => addressesHere().has(address));
    const isSame = isHere || isSameServer(await keys(), hostKeysHere());
    if (isSame === true) return here;
    if (isSame === undefined) base.mayBeOn.add(discovery.host);
  }
  const server = await mountedAs(discovery, addresses);
  return { ...base, host: server ?? `${SERVER}${name}`, isHere: false };
}

const SERVER = 'server ';

/** Those that are one get one name; the first has it. */
async function tellApart(machines: readonly Machine[]): Promise<void> {
  const others = machines.filter(({ isHere }) => !isHere);
  for (const [at, machine] of others.entries()) {
    for (const before of others.slice(0, at)) {
      const isSame = await isSameMachine(machine, before);
      if (isSame === true) machine.host = before.host;
      if (isSame !== undefined || machine.host === before.host) continue;
      machine.mayBeOn.add(before.host);
      before.mayBeOn.add(machine.host);
    }
  }
}

/** `undefined`: nothing tells. */
async function isSameMachine(one: Machine, other: Machine): Promise<boolean | undefined> {
  if (one.id !== undefined && other.id !== undefined) return one.id === other.id;
  if (one.addresses.some((address) => other.addresses.includes(address))) return true;
  return isSameServer(await one.keys(), await other.keys());
}

/** A machine whose directories are mounted here: its loss is asked about, since data lie there. */
async function mountedAs(
  discovery: Seen,
  addresses: readonly string[],
): Promise<string | undefined> {
  for (const server of mountedServers(discovery)) {
    const others = await addressesOf(server.slice(SERVER.length));
    if (others.some((address) => addresses.includes(address))) return server;
  }
  return undefined;
}

function mountedServers(discovery: Seen): readonly string[] {
  const hosts = discovery.fileSystems
    .filter((each) => each.class === 'network')
    .map((each) => placeOf(discovery, each.mountPoint).host);
  return [...new Set(hosts)].filter((host) => host.startsWith(SERVER));
}
