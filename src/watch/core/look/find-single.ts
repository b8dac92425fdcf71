/** Single points of failure that are no volumes: a disk, a machine, a link. */
import { formatBytes } from '../../../base/say-quantity.ts';
import type { DataKind } from '../discovery.ts';
import { pathText } from './across.ts';
import type { Finding } from './answer.ts';
import { bytesOf, dataOn, disksCovered, listed, manyWords } from './at-stake.ts';
import { change, finding } from './finding.ts';
import { isVirtual } from './guests.ts';
import type { SeenHost } from './looked-hosts.ts';
import { keptHosts } from './look-backups.ts';
import type { LookData, ManyEstate } from './look-estate.ts';

export function singleFindings(many: ManyEstate): readonly Finding[] {
  return [
    ...many.across.seen.flatMap((host) => singleDisks(many, host)),
    ...guestsTogether(many),
    ...servicesTogether(many),
    ...databasesAlone(many),
    ...backupsTogether(many),
  ];
}

const MATTERS_BYTES = 1024 ** 3;

/** A disk of a guest is a file: its hypervisor's disks tell. */
function singleDisks(many: ManyEstate, seen: SeenHost): readonly Finding[] {
  if (isVirtual(seen)) return [];
  const { host, sight } = seen;
  const told = disksCovered(sight);
  const byDisk = new Map<string, LookData[]>();
  for (const each of dataOn(many, host)) {
    const beneath = each.set.places[0]?.beneath;
    const [disk] = beneath?.disks ?? [];
    if (disk === undefined || beneath?.disks.length !== 1 || beneath.failuresSurvived > 0) continue;
    if (!told.has(disk)) byDisk.set(disk, [...(byDisk.get(disk) ?? []), each]);
  }
  return [...byDisk].flatMap(([disk, data]) => {
    const bytes = bytesOf(data);
    if (bytes < MATTERS_BYTES && !data.some((each) => isEngine(each.data.kind))) return [];
    const isOnly = sight.discovery.disks.filter((each) => !each.isRemovable).length === 1;
    const sentence = isOnly
      ? `${disk}, the only disk, beneath ${formatBytes(bytes)}`
      : `${disk} alone beneath ${namesOf(data)}, ${formatBytes(bytes)}`;
    const fix = change('A second disk as a mirror, or a copy on another machine.');
    return [finding('single-disk', { hosts: [host], subject: disk, sentence, bytes, fix })];
  });
}

function namesOf(data: readonly LookData[]): string {
  const [largest, ...rest] = [...data].sort((one, other) => other.data.bytes - one.data.bytes);
  const name = largest === undefined ? '' : pathText(largest.data.path);
  return rest.length === 0 ? name : `${name} and ${rest.length} more`;
}

const ENGINES: Readonly<Partial<Record<DataKind, string>>> = {
  postgres: 'PostgreSQL',
  mysql: 'MariaDB or MySQL',
  mongodb: 'MongoDB',
};

export function isEngine(kind: DataKind): boolean {
  return ENGINES[kind] !== undefined;
}

export function engineName(kind: DataKind): string | undefined {
  return ENGINES[kind];
}

/** The machine of metal that a host is or stands on, so far as it was looked at. */
function metalOf(many: ManyEstate, host: string): string {
  return many.guests.find((guest) => guest.host === host)?.on ?? host;
}

function metals(many: ManyEstate): readonly string[] {
  return [...new Set(many.across.seen.map(({ host }) => metalOf(many, host)))].sort();
}

function guestsTogether(many: ManyEstate): readonly Finding[] {
  const running = many.across.seen
    .map(({ host, sight }) => ({
      host,
      count: sight.guests.filter(({ state }) => state === 'running').length,
    }))
    .filter(({ count }) => count > 0);
  const [only] = running;
  if (only === undefined || running.length > 1 || only.count < 2) return [];
  const sentence = `all ${only.count} guests that were seen to run`;
  const fix = change('A second hypervisor that can start them from a copy of their images.');
  return [finding('guests-on-one-host', { hosts: [only.host], subject: '', sentence, fix })];
}

/** What people use, by the machine of metal that it runs on. */
function servicesTogether(many: ManyEstate): readonly Finding[] {
  if (metals(many).length < 2) return [];
  const services = many.across.seen.flatMap(({ host, sight }) => {
    const kinds = new Set(sight.discovery.data.map(({ kind }) => kind));
    const engines = [...kinds].flatMap((kind) => ENGINES[kind] ?? []);
    const web = kinds.has('www') || sight.webRoots.length > 0 ? ['web server'] : [];
    return [...engines, ...web].map((name) => ({ name, on: metalOf(many, host) }));
  });
  const on = [...new Set(services.map((each) => each.on))];
  const [only] = on;
  if (services.length < 2 || on.length !== 1 || only === undefined) return [];
  const names = [...new Set(services.map(({ name }) => name))].sort();
  return [
    finding('services-on-one-host', {
      hosts: [only],
      subject: '',
      sentence: `every service that was seen: ${listed(names)}`,
      fix: change('A second machine that can take them over, tried once.'),
    }),
  ];
}

function databasesAlone(many: ManyEstate): readonly Finding[] {
  return Object.entries(ENGINES).flatMap(([kind, name]) => {
    const all = many.data.filter((each) => each.data.kind === kind);
    const of = all.filter(({ set }) => set.isSeen);
    const [only] = new Set(of.map(({ host }) => host));
    // One of a host that answered in part may be the standby.
    if (only === undefined || all.some(({ host }) => host !== only)) return [];
    const sentence = `${name}, ${formatBytes(bytesOf(of))}, on one machine; no standby seen`;
    const fix = change('A standby on another machine, or its log archived there as it is written.');
    const base = { hosts: [only], subject: kind, sentence, bytes: bytesOf(of), fix };
    return [finding('database-without-standby', base)];
  });
}

/** One machine has all that was found of the backups of several. */
function backupsTogether(many: ManyEstate): readonly Finding[] {
  const holders = new Map<string, { readonly host: string; readonly tool: string }[]>();
  const elsewhere = new Set<string>();
  for (const { tool, claims, places } of many.backups) {
    const [place] = places;
    for (const host of keptHosts({ claims })) {
      if (place === undefined || place.host.startsWith('server ')) elsewhere.add(host);
      else if (place.host !== host)
        holders.set(place.host, [...(holders.get(place.host) ?? []), { host, tool }]);
    }
  }
  return [...holders].flatMap(([holder, of]) => {
    const isElsewhere = (host: string): boolean =>
      elsewhere.has(host) ||
      [...holders].some(
        ([other, its]) => other !== holder && its.some((each) => each.host === host),
      );
    const only = [...new Set(of.map(({ host }) => host))]
      .filter((host) => !isElsewhere(host))
      .sort();
    if (only.length < 2) return [];
    const tools = [...new Set(of.map(({ tool }) => tool))].sort().join(', ');
    const beside = dataOn(many, holder).some((each) => only.includes(each.host))
      ? ' beside their data'
      : '';
    const who = manyWords(only, 'machine');
    return [
      finding('backups-on-one-host', {
        hosts: [holder],
        subject: 'backups',
        sentence: `holds the only backups (${tools}) that were found of ${who}${beside}`,
        fix: change('A second copy of the repository on another machine.'),
      }),
    ];
  });
}
