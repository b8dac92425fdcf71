/** What differs between two sights of one machine, topic by topic. */
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { utf8Of, utf8OrEscaped } from '../../../manifest/core/utf8.ts';
import { isWithin } from '../place.ts';
import type { HostSight, Mount, OpenPort, Volume } from './host-sight.ts';

export const TOPICS = [
  ...(['system', 'kernel', 'boot', 'disks', 'volumes', 'mounts', 'guests', 'links'] as const),
  ...(['ports', 'firewall', 'logins', 'keys', 'units', 'packages'] as const),
] as const;
export type Topic = (typeof TOPICS)[number];

/** Names and values are as the host sent them. */
export interface Change {
  readonly topic: Topic;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly name: string;
  /** Undefined where it was not there. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What cannot be told from these two looks, and why. */
export interface NotComparable {
  readonly topic: Topic;
  readonly why: string;
}

export interface SightChanges {
  readonly changes: readonly Change[];
  readonly notComparable: readonly NotComparable[];
}

/** What is there, by name. Values that were not seen are undefined, and equal to everything. */
type Things = ReadonlyMap<string, Readonly<Record<string, string | undefined>>>;

interface Reading {
  /** Undefined: nothing of it was seen. */
  readonly thingsOf: (sight: HostSight) => Things | undefined;
  /** Words of `notSeen` by which a look says that it saw not all of it; commands among them. */
  readonly unseenWords: RegExp | undefined;
  /** What another user sees may be another part of it. */
  readonly dependsOnUser: boolean;
}

export function compareSights(before: HostSight, after: HostSight): SightChanges {
  const changes: Change[] = [];
  const notComparable: NotComparable[] = [];
  for (const topic of TOPICS) {
    const reading = READINGS[topic];
    const first = reading.thingsOf(before);
    const second = reading.thingsOf(after);
    const limits = [limitOf(before, after, reading), limitOf(after, before, reading)] as const;
    const why = whyNot(first, second, limits) ?? unseenInBoth(after, reading);
    if (why !== undefined) notComparable.push({ topic, why });
    if (first === undefined || second === undefined) continue;
    const isWhole = { before: limits[0] === undefined, after: limits[1] === undefined };
    // A host may show more of them than a call has room for arguments.
    for (const change of compareThings(topic, { first, second, isWhole })) changes.push(change);
  }
  return { changes, notComparable };
}

/** Whether what is missing in `sight` is not there: of guests, those of the other look too. */
export function seesAll(sight: HostSight, other: HostSight, topic: Topic): boolean {
  return limitOf(sight, other, READINGS[topic]) === undefined;
}

/** Why something that is missing in `sight` may be there all the same. */
function limitOf(sight: HostSight, other: HostSight, reading: Reading): string | undefined {
  if (reading.thingsOf(sight) === undefined) return 'not seen';
  if (sight.cut !== undefined) return 'the look was not whole';
  const { user } = sight.discovery;
  const unseen = unseenIn(sight, reading);
  const isSameView =
    user.name === other.discovery.user.name && unseen.join() === unseenIn(other, reading).join();
  if (isSameView) return undefined;
  if (unseen.length > 0) return `not all of it was seen, as ${user.name}`;
  if (reading.dependsOnUser && !user.isRoot && user.name !== other.discovery.user.name) {
    return `seen as ${user.name}, who may not see all of it`;
  }
  return undefined;
}

function unseenIn({ discovery }: HostSight, { unseenWords }: Reading): readonly string[] {
  if (unseenWords === undefined) return [];
  return discovery.notSeen
    .map(({ what }) => what)
    .filter((what) => unseenWords.test(what))
    .sort();
}

function whyNot(
  first: Things | undefined,
  second: Things | undefined,
  [before, after]: readonly [string | undefined, string | undefined],
): string | undefined {
  if (first === undefined && second === undefined) return 'seen in neither look';
  if (before !== undefined && after !== undefined) return `${before}, in both looks`;
  if (before !== undefined) return `${before}, in the first look`;
  return after === undefined ? undefined : `${after}, in the second look`;
}

/** The same part of it was seen twice: what differs there counts, and the rest is not known. */
function unseenInBoth(sight: HostSight, reading: Reading): string | undefined {
  if (unseenIn(sight, reading).length === 0) return undefined;
  return `not all of it was seen, as ${sight.discovery.user.name}, in both looks`;
}

function compareThings(
  topic: Topic,
  of: {
    readonly first: Things;
    readonly second: Things;
    readonly isWhole: { readonly before: boolean; readonly after: boolean };
  },
): readonly Change[] {
  const { first, second, isWhole } = of;
  const names = [...new Set([...first.keys(), ...second.keys()])].sort();
  return names.flatMap((name): readonly Change[] => {
    const one = first.get(name);
    const other = second.get(name);
    if (one === undefined && other !== undefined) {
      if (!isWhole.before) return [];
      return [{ topic, kind: 'added', name, before: undefined, after: wordsOf(other) }];
    }
    if (one !== undefined && other === undefined) {
      if (!isWhole.after) return [];
      return [{ topic, kind: 'removed', name, before: wordsOf(one), after: undefined }];
    }
    const keys = Object.keys(one ?? {}).filter((key) => {
      const [was, is] = [one?.[key], other?.[key]];
      return was !== undefined && is !== undefined && was !== is;
    });
    if (keys.length === 0) return [];
    const before = keys.map((key) => one?.[key] ?? '').join(', ');
    const after = keys.map((key) => other?.[key] ?? '').join(', ');
    return [{ topic, kind: 'changed', name, before, after }];
  });
}

function wordsOf(thing: Readonly<Record<string, string | undefined>>): string {
  return Object.values(thing)
    .filter((value) => value !== undefined && value !== '')
    .join(', ');
}

const text = (bytes: ByteString): string => utf8Of(utf8OrEscaped(bytes));

function only(name: string, value: string | undefined): Things | undefined {
  return value === undefined || value === '' ? undefined : new Map([[name, { value }]]);
}

const READINGS: Readonly<Record<Topic, Reading>> = {
  system: {
    thingsOf: ({ machine }) => only('system', machine.system),
    ...{ unseenWords: undefined, dependsOnUser: false },
  },
  kernel: {
    thingsOf: ({ machine }) => only('kernel', machine.kernel),
    ...{ unseenWords: undefined, dependsOnUser: false },
  },
  boot: {
    thingsOf: ({ machine }) => only('boot', machine.bootId),
    ...{ unseenWords: undefined, dependsOnUser: false },
  },
  disks: { thingsOf: disksOf, unseenWords: /\bdisks?\b/i, dependsOnUser: false },
  volumes: {
    thingsOf: ({ volumes }) => byName(volumes, volumeName, volumeFacts),
    unseenWords: /\b(?:LVM|lvs|vgs|pvs|md|RAID|zpool|ZFS|btrfs|volumes?(?! of containers))\b/i,
    dependsOnUser: true,
  },
  mounts: { thingsOf: mountsOf, unseenWords: /\bmounts?\b/i, dependsOnUser: false },
  guests: {
    thingsOf: ({ guests }) => byName(guests, ({ name }) => name, guestFacts),
    unseenWords: /\b(?:guests?|libvirt|virsh)\b/i,
    dependsOnUser: true,
  },
  links: { thingsOf: linksOf, unseenWords: /\blinks?\b/i, dependsOnUser: false },
  ports: {
    thingsOf: portsOf,
    unseenWords: /^(?!programs\b).*\b(?:ports?|sockets?|ss|netstat)\b/i,
    dependsOnUser: false,
  },
  firewall: {
    thingsOf: ({ besides }) =>
      besides?.firewall && new Map(besides.firewall.map((rule) => [rule, {}])),
    ...{ unseenWords: /\bfirewall\b/i, dependsOnUser: true },
  },
  logins: { thingsOf: loginsOf, unseenWords: undefined, dependsOnUser: false },
  keys: {
    thingsOf: ({ adminKeys }) =>
      byName(
        adminKeys,
        ({ user, fingerprint }) => `${user} ${fingerprint}`,
        ({ comment }) => ({ comment }),
      ),
    ...{ unseenWords: /\b(?:keys that let others in|authorized keys)\b/i, dependsOnUser: true },
  },
  units: {
    thingsOf: unitsOf,
    unseenWords: /\b(?:units?|systemctl|rc-status|chkconfig)\b/i,
    dependsOnUser: false,
  },
  packages: {
    thingsOf: ({ packages }) =>
      packages && new Map([...packages].map(([name, version]) => [name, { version }])),
    ...{ unseenWords: /\b(?:packages?|dpkg-query|rpm|apk)\b/i, dependsOnUser: false },
  },
};

function byName<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  factsOf: (item: T) => Readonly<Record<string, string | undefined>>,
): Things {
  return new Map(items.map((item) => [nameOf(item), factsOf(item)]));
}

function disksOf({ discovery, disks }: HostSight): Things {
  const caches = new Map(disks.map(({ disk, writeCache }) => [disk, writeCache]));
  return new Map(
    discovery.disks.map(({ name, bytes, model }) => [
      name,
      { model, bytes: `${bytes} bytes`, writeCache: caches.get(name) },
    ]),
  );
}

const volumeName = ({ kind, name }: Volume): string => `${kind} ${name}`;

function volumeFacts(volume: Volume): Readonly<Record<string, string | undefined>> {
  const { state, layout, members, missingCount, bytes } = volume;
  return {
    state: state === 'unknown' ? undefined : state,
    layout,
    members: [...members].sort().join(' '),
    missing: missingCount === 0 ? 'none missing' : `${missingCount} missing`,
    bytes: bytes === undefined ? undefined : `${bytes} bytes`,
  };
}

function guestFacts(
  guest: HostSight['guests'][number],
): Readonly<Record<string, string | undefined>> {
  const { state, startsByItself, images } = guest;
  return {
    state: state === 'unknown' ? undefined : state,
    starts:
      startsByItself === undefined ? undefined : startsByItself ? 'starts by itself' : 'by hand',
    images: images
      .map(({ path, cache }) => `${text(path)}${cache === undefined ? '' : ` cache=${cache}`}`)
      .sort()
      .join(' '),
  };
}

/** Made by programs for as long as they run, or for whoever is logged in. */
const PASSING_MOUNTS = ['/proc', '/sys', '/dev', '/run'].map(byteString);
const PASSING_CLASSES: ReadonlySet<string> = new Set(['kernel', 'memory', 'overlay', 'image']);

function mountsOf({ mounts, discovery }: HostSight): Things {
  const classes = new Map(discovery.fileSystems.map((each) => [each.mountPoint, each.class]));
  const isPassing = ({ mountPoint }: Mount): boolean =>
    PASSING_CLASSES.has(classes.get(mountPoint) ?? '') ||
    PASSING_MOUNTS.some((folder) => isWithin(mountPoint, folder));
  return byName(
    mounts.filter((mount) => !isPassing(mount)),
    ({ mountPoint }) => text(mountPoint),
    ({ device, type, options }) => ({
      device: text(device),
      type,
      options: [...options].sort().join(','),
    }),
  );
}

/** One for each guest or container that runs: they come and go with it. */
const PASSING_LINKS = /^(?:veth|vnet|tap|fwpr|fwln|fwbr|cali)/;

function linksOf({ links }: HostSight): Things {
  return byName(
    links.filter(({ name }) => !PASSING_LINKS.test(name)),
    ({ name }) => name,
    ({ isUp, speedMbit, duplex, bond }) => ({
      state: isUp ? 'up' : 'down',
      speed: speedMbit === undefined ? undefined : `${speedMbit} Mbit/s`,
      duplex,
      bond: bond?.mode,
      members: bond?.members
        .map((member) => `${member.name} ${member.isUp ? 'up' : 'down'}`)
        .sort()
        .join(' '),
    }),
  );
}

/** From here on the kernel hands out ports to whoever asks something elsewhere. */
const PASSING_PORT_MIN = 32_768;

/** Only root sees the programs of others: where one look has none, it is not compared. */
function portsOf({ ports }: HostSight): Things {
  const isPassing = ({ protocol, port }: OpenPort): boolean =>
    protocol === 'udp' && port >= PASSING_PORT_MIN;
  return byName(
    ports.filter((each) => !isPassing(each)),
    ({ protocol, address, port }) =>
      `${protocol} ${address.includes(':') ? `[${address}]` : address}:${port}`,
    ({ program }) => ({ program }),
  );
}

/** Accounts with a shell. */
function loginsOf({ besides }: HostSight): Things | undefined {
  const accounts = besides?.accounts?.map((each) => each.split(' ') as readonly string[]);
  return accounts && new Map(accounts.map(([name = '', shell = '']) => [name, { shell }]));
}

/** Of a login, a connection or one run; and what other topics show. */
const PASSING_UNITS = /^(?:session-|user@|user-|run-|sshd?@)|\.(?:scope|slice|device|mount|swap)$/;

function unitsOf({ units }: HostSight): Things {
  return new Map(units.filter((unit) => !PASSING_UNITS.test(unit)).map((unit) => [unit, {}]));
}
