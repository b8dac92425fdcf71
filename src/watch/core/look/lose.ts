/** What `--lose` names, as what can be lost: `host:hv3`, `disk:st1/sda`, `st1:/srv/borg`, `site:b`. */
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { Fault } from '../../../base/fault.ts';
import { nearestWord } from '../../../base/nearest-word.ts';
import { sayText } from '../../../base/say-name.ts';
import { utf8Of } from '../../../manifest/core/utf8.ts';
import type { FailureDomain } from '../domain.ts';
import type { Estate, StorageVolume } from '../estate.ts';
import type { DeclaredDomain, DeclaredEstate } from './declared.ts';
import { type HostOf, hostNames } from './host-names.ts';
import type { HostSight } from './host-sight.ts';
import type { LookedHost } from './looked-hosts.ts';

/** The names that there are. */
export interface LoseNames {
  /** The name that places use, of any name that a host has. */
  readonly hostOf: HostOf;
  /** Of looks and of the file. */
  readonly hosts: readonly string[];
  readonly disksOf: ReadonlyMap<string, readonly string[]>;
  readonly domains: readonly DeclaredDomain[];
  readonly volumes: readonly StorageVolume[];
  /** Hosts of places that nobody looked at: `server nas.example.org`. */
  readonly servers: readonly string[];
}

/** One thing that was named, and all that goes with it. */
export interface Lost {
  /** `site b`, for people. */
  readonly name: string;
  readonly domains: readonly FailureDomain[];
  /** The hosts of it that are lost whole. */
  readonly hosts: readonly string[];
}

const NAMES_SHOWN = 40;

export function loseNames(
  machines: readonly LookedHost[],
  estate: Estate,
  declared: Pick<DeclaredEstate, 'hosts' | 'domains'>,
): LoseNames {
  const hostOf = hostNames(machines);
  const looked = machines.flatMap(({ host, alsoAs }) => [host, ...alsoAs]);
  const places = [
    ...estate.dataSets.flatMap((dataSet) => dataSet.places),
    ...estate.vaults.flatMap(({ place, standsOn = [] }) => [place, ...standsOn]),
    ...estate.found.flatMap(({ place, needs = [] }) => [
      ...(place ? [place] : []),
      ...needs.flat(),
    ]),
    ...estate.keys.flatMap((key) => key.places),
  ];
  const known = new Set(machines.map(({ host }) => host));
  return {
    hostOf,
    hosts: [...new Set([...looked, ...declared.hosts])].sort(),
    disksOf: new Map(
      machines.flatMap(({ host, sight }) => (sight === undefined ? [] : [[host, disksIn(sight)]])),
    ),
    domains: declared.domains,
    volumes: estate.volumes ?? [],
    servers: [...new Set(places.map(({ host }) => host))].filter((host) => !known.has(host)),
  };
}

function disksIn({ discovery }: HostSight): readonly string[] {
  const beneath = discovery.fileSystems.flatMap((each) => each.beneath?.disks ?? []);
  return [...new Set([...discovery.disks.map(({ name }) => name), ...beneath])].sort();
}

/** @throws Fault HF_LOSE_UNKNOWN with the names that there are, and the nearest */
export function lostBy(text: ByteString, names: LoseNames): Lost {
  const path = /^(?:directory:)?([^/]+):(\/.*)$/.exec(text);
  if (path !== null) return directoryLost(text, names, path);
  const named = utf8Of(text);
  const [kind = '', ...rest] = named.split(':');
  const name = rest.join(':');
  if (kind === 'host') return hostLost(named, name, names);
  if (kind === 'disk') return diskLost(named, name, names);
  const volumes = names.volumes.filter((each) => kind === 'volume' && each.name === name);
  if (volumes.length > 0) {
    // Of several that are called the same all are lost: which was meant, the name does not say.
    const said = volumes.map(({ of }) => `${of} ${name}`).join(' and ');
    return { name: said, domains: volumes, hosts: [] };
  }
  const domain = names.domains.find((each) => each.kind === kind && each.name === name);
  if (domain === undefined) throw unknown(named, names);
  const hosts = domain.hosts.flatMap((host) => allNames(host, names));
  const group: FailureDomain = { kind: 'group', of: kind, name, hosts };
  return { name: `${kind} ${name}`, domains: [group], hosts: domain.hosts.map(placedAs(names)) };
}

function hostLost(text: string, name: string, names: LoseNames): Lost {
  if (!names.hosts.includes(name)) throw unknown(text, names);
  const domains = allNames(name, names).map((host): FailureDomain => ({ kind: 'host', host }));
  return { name, domains, hosts: [placedAs(names)(name)] };
}

function diskLost(text: string, name: string, names: LoseNames): Lost {
  const [host = '', ...rest] = name.split('/');
  const disk = rest.join('/');
  const place = placedAs(names)(host);
  const disks = names.disksOf.get(place);
  if (!names.hosts.includes(host) || disks?.includes(disk) !== true) throw unknown(text, names);
  const domain: FailureDomain = { kind: 'disk', host: place, disk };
  return { name: `disk ${disk} of ${host}`, domains: [domain], hosts: [] };
}

function directoryLost(text: ByteString, names: LoseNames, [, host = '', at = '']: string[]): Lost {
  const name = utf8Of(byteString(host));
  const path = byteString(at.replace(/(?<=.)\/+$/, ''));
  const isPlain = path === '/' || path.slice(1).split('/').every(isName);
  if (!names.hosts.includes(name) || !isPlain) throw unknown(utf8Of(text), names);
  const place = placedAs(names)(name);
  const domain: FailureDomain = { kind: 'directory', host: place, path, spared: [] };
  return { name: `${name}:${utf8Of(path)}`, domains: [domain], hosts: [] };
}

function isName(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..';
}

function placedAs({ hostOf }: LoseNames): (name: string) => string {
  return (name) => hostOf(name) ?? name;
}

/** With a host goes what others call it and nobody looked at: it may be the same, so it is lost. */
function allNames(name: string, names: LoseNames): readonly string[] {
  const place = placedAs(names)(name);
  const short = shortName(name);
  const servers = names.servers.filter(
    (server) => shortName(server.replace(/^server /, '')) === short,
  );
  return [...new Set([place, name, ...servers])];
}

function shortName(name: string): string {
  const host = name.replace(/^.*@/, '');
  return (/^[0-9.]+$/.test(host) ? host : (host.split('.')[0] ?? host)).toLowerCase();
}

function unknown(text: string, names: LoseNames): Fault {
  const plain = [
    ...names.hosts.map((host) => `host:${host}`),
    ...names.domains.map(({ kind, name }) => `${kind}:${name}`),
    ...names.volumes.map(({ name }) => `volume:${name}`),
  ];
  const disks = [...names.disksOf].flatMap(([host, own]) =>
    own.map((disk) => `disk:${host}/${disk}`),
  );
  const known = [...plain, ...disks];
  const near = known.find((each) => each.endsWith(`:${text}`)) ?? nearestWord(text, known);
  const meant = near === undefined ? '' : `Did you mean ${sayText(near)}? `;
  const isDisk = text.startsWith('disk:');
  const all = isDisk ? disks : plain;
  const more = all.length > NAMES_SHOWN ? `, and ${all.length - NAMES_SHOWN} more` : '';
  const others = isDisk ? '' : ', disk:HOST/NAME or HOST:/PATH';
  const shown = all.slice(0, NAMES_SHOWN).map((each) => sayText(each));
  const instead = `${meant}Known are ${shown.join(', ')}${more}${others}.`;
  return new Fault('HF_LOSE_UNKNOWN', `there is no ${sayText(text)} that could be lost`, {
    instead,
  });
}
