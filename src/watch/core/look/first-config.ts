/** What the first holdfast.yaml of an estate says: what a look saw, and guesses that people mend. */
import { addAll } from '../../../base/long-list.ts';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import type { UnixMs } from '../../../base/units.ts';
import { isUtf8, utf8Of } from '../../../manifest/core/utf8.ts';
import { outermost } from '../connected.ts';
import type { BackupTool, DataKind, FoundBackup, FoundData } from '../discovery.ts';
import { isWithin } from '../place.ts';
import { sameRepository } from '../repository-address.ts';
import type { DeclaredEstate } from './declared.ts';
import type { HostLook, HostSight } from './host-sight.ts';
import { inDirectory, isOfJob } from './look-backups.ts';
import { openCommandOf } from './open-command.ts';
import { onceEach } from './same-machine.ts';

export interface FirstConfig {
  readonly at: UnixMs;
  readonly hosts: readonly GuessedHost[];
  readonly dataSets: readonly GuessedDataSet[];
  readonly services: readonly GuessedService[];
  /** Guests that were asked themselves, by the host that they run on; that host among them. */
  readonly hypervisors: ReadonlyMap<string, readonly string[]>;
  readonly points: readonly GuessedPoint[];
  /** Data for which there was no room, and paths that are no UTF-8 and cannot be written here. */
  readonly leftOutCount: number;
  readonly pointsLeftOutCount: number;
}

export interface GuessedHost {
  readonly host: string;
  /** What ssh is told: `[user@]name[:port]`. */
  readonly address: string;
  readonly groups: readonly string[];
  /** Undefined where it answered. */
  readonly why: string | undefined;
}

export interface GuessedDataSet {
  readonly name: string;
  readonly host: string;
  readonly part: Part;
  readonly paths: readonly string[];
  readonly bytes: number;
  /** Guests whose images are in it. */
  readonly guests: readonly string[];
}

export interface GuessedService {
  readonly name: string;
  readonly dataSets: readonly string[];
}

export interface GuessedPoint {
  readonly name: string;
  readonly tool: BackupTool;
  readonly repository: string | undefined;
  /** Hosts whose jobs write to it; empty where no job was seen. */
  readonly of: readonly string[];
  readonly openCommand: string;
}

/** So that twelve hosts take less than sixty lines. */
const DATA_SETS_PER_HOST = 1.6;
const DATA_SETS_MIN = 8;
const POINTS_PER_HOST = 0.5;
const POINTS_MIN = 4;
const SERVICES_PER_HOST = 0.25;
const SERVICES_MIN = 3;
const PATHS_MAX = 12;

type Part = 'postgres' | 'mysql' | 'mongodb' | 'images' | 'www' | 'files';

/** What is one data set: of one host, restored together. Engines and images have their own. */
const PARTS: Readonly<Record<DataKind, Part>> = {
  ...{ postgres: 'postgres', mysql: 'mysql', mongodb: 'mongodb', image: 'images', www: 'www' },
  ...{ tree: 'files', home: 'files', config: 'files', repository: 'files', sqlite: 'files' },
};
const ENGINES: readonly Part[] = ['postgres', 'mysql', 'mongodb'];
/** What is kept first where not all has room. */
const PART_ORDER: readonly Part[] = [...ENGINES, 'images', 'www', 'files'];

interface Answered {
  readonly name: string;
  /** Its name as part of others. */
  readonly slug: string;
  readonly sight: HostSight;
}

export function firstConfig(looks: readonly HostLook[], at: UnixMs): FirstConfig {
  const hosts = looks.map((look): GuessedHost => {
    const { host, address = host, groups = [] } = look;
    return { host, address, groups, why: look.kind === 'failed' ? look.why : undefined };
  });
  const answered = answeredOnce(looks);
  const all = answered.flatMap(dataSetsOf).sort(mostNeededFirst);
  const room = Math.max(DATA_SETS_MIN, Math.floor(hosts.length * DATA_SETS_PER_HOST));
  const kept = new Set(all.slice(0, room));
  const points = pointsOf(answered, looks);
  const pointsRoom = roomFor(hosts, POINTS_PER_HOST, POINTS_MIN);
  const dataSets = answered.flatMap(({ name }) => [...kept].filter(({ host }) => host === name));
  return {
    at,
    hosts,
    dataSets,
    services: servicesOf(answered, dataSets).slice(
      0,
      roomFor(hosts, SERVICES_PER_HOST, SERVICES_MIN),
    ),
    hypervisors: hypervisorsOf(answered),
    points: points.slice(0, pointsRoom),
    pointsLeftOutCount: Math.max(0, points.length - pointsRoom),
    leftOutCount: answered.reduce((sum, each) => sum + unwrittenIn(each, dataSets), 0),
  };
}

/** What of it is not in the file that is there: lines to take over. */
export function notDeclared(config: FirstConfig, declared: DeclaredEstate): FirstConfig {
  const isDeclared = (host: string, path: string): boolean =>
    declared.dataSets.some(
      (each) => each.host === host && each.paths.some((own) => isWithin(path, utf8Of(own))),
    );
  const isKnown = ({ tool, repository, of }: GuessedPoint): boolean =>
    declared.points.some(
      (point) =>
        point.tool === tool &&
        of.every((host) => point.hosts?.includes(host) ?? true) &&
        (repository === undefined ||
          point.repository === undefined ||
          sameRepository(point.repository, repository)),
    );
  const dataSets = config.dataSets
    .map((each) => ({ ...each, paths: each.paths.filter((path) => !isDeclared(each.host, path)) }))
    .filter(({ paths }) => paths.length > 0);
  return {
    ...config,
    hosts: config.hosts.filter(({ host }) => !declared.hosts.includes(host)),
    dataSets,
    services: [],
    hypervisors: new Map(),
    points: config.points.filter((point) => !isKnown(point)),
  };
}

function roomFor(hosts: readonly unknown[], perHost: number, least: number): number {
  return Math.max(least, Math.floor(hosts.length * perHost));
}

/** Two names of one machine have one's data. */
function answeredOnce(looks: readonly HostLook[]): readonly Answered[] {
  const slugs = new Set<string>();
  return onceEach(looks).flatMap((look) => {
    if (look.kind === 'failed') return [];
    const own = unlike(slugs, slug(look.host));
    slugs.add(own);
    return [{ name: look.host, slug: own, sight: look.sight }];
  });
}

function unwrittenIn(of: Answered, dataSets: readonly GuessedDataSet[]): number {
  const paths = dataSets.filter(({ host }) => host === of.name).flatMap((each) => each.paths);
  const isWritten = ({ path }: FoundData): boolean =>
    isUtf8(path) && paths.some((each) => isWithin(utf8Of(path), each));
  return dataBesidesBackups(of.name, of.sight).filter((data) => !isWritten(data)).length;
}

/** All but what is a backup itself. */
export function dataBesidesBackups(
  host: string,
  { discovery: { data, backups } }: HostSight,
): readonly FoundData[] {
  const repositories = backups.flatMap(({ place }) =>
    place?.host === host ? (place.path ?? []) : [],
  );
  return data.filter(({ path }) => !repositories.some((repository) => isWithin(path, repository)));
}

function unlike(taken: ReadonlySet<string>, wanted: string): string {
  for (let at = 2, name = wanted; ; at++) {
    if (!taken.has(name)) return name;
    name = `${wanted}-${at}`;
  }
}

function dataSetsOf(of: Answered): readonly GuessedDataSet[] {
  const { name, slug, sight } = of;
  const own = dataBesidesBackups(name, sight).filter(({ path }) => isUtf8(path));
  return PART_ORDER.flatMap((part) => {
    const data = own.filter(({ kind }) => PARTS[kind] === part);
    if (data.length === 0) return [];
    const paths = pathsOf(part, data);
    const guests = part === 'images' ? sight.guests.map((guest) => guest.name) : [];
    const bytes = data.reduce((sum, each) => sum + each.bytes, 0);
    return [{ name: `${slug}-${part}`, host: name, part, paths, bytes, guests }];
  });
}

/** The largest few; images by the directories that they lie in. */
function pathsOf(part: Part, of: readonly FoundData[]): readonly string[] {
  const largest = [...of].sort((one, other) => other.bytes - one.bytes);
  const paths = largest.map(({ path }) => (part === 'images' ? parentOf(path) : path));
  const outer = outermost(paths);
  const first = [...new Set(paths)].filter((path) => outer.includes(path)).slice(0, PATHS_MAX);
  return first.map((path) => utf8Of(path)).sort();
}

function parentOf(path: ByteString): ByteString {
  return byteString(path.slice(0, Math.max(1, path.lastIndexOf('/'))));
}

function mostNeededFirst(one: GuessedDataSet, other: GuessedDataSet): number {
  const rank = ({ part }: GuessedDataSet): number =>
    ENGINES.includes(part) ? 0 : PART_ORDER.indexOf(part);
  return rank(one) - rank(other) || other.bytes - one.bytes || (one.name < other.name ? -1 : 1);
}

/** A web root and a database on one host belong together; the database is captured first. */
function servicesOf(
  answered: readonly Answered[],
  dataSets: readonly GuessedDataSet[],
): readonly GuessedService[] {
  return answered.flatMap(({ name, slug }) => {
    const own = dataSets.filter(({ host }) => host === name);
    const engines = own.filter(({ part }) => ENGINES.includes(part));
    const roots = own.filter(({ part }) => part === 'www');
    if (engines.length === 0 || roots.length === 0) return [];
    return [{ name: slug, dataSets: [...engines, ...roots].map((each) => each.name) }];
  });
}

/** A guest that was asked under its own name, or calls itself so. */
function hypervisorsOf(answered: readonly Answered[]): FirstConfig['hypervisors'] {
  const found = new Map<string, readonly string[]>();
  for (const { name, sight } of answered) {
    const names = new Set(sight.guests.map((guest) => shortName(guest.name)));
    const guests = answered
      .filter((each) => each.name !== name)
      .filter(
        (each) =>
          names.has(shortName(each.name)) || names.has(shortName(each.sight.machine.hostName)),
      )
      .map((each) => each.name);
    if (guests.length > 0) found.set(name, [name, ...guests]);
  }
  return found;
}

function shortName(name: string): string {
  return (name.split('@').at(-1)?.split('.')[0] ?? name).toLowerCase();
}

/** One for each repository, with the hosts whose jobs name it. */
function pointsOf(
  answered: readonly Answered[],
  looks: readonly HostLook[],
): readonly GuessedPoint[] {
  const found: {
    readonly host: string;
    readonly backup: FoundBackup;
    readonly repository: string | undefined;
    readonly of: string[];
  }[] = [];
  for (const { name, sight } of answered) {
    for (const backup of sight.discovery.backups.map(inDirectory)) {
      const repository = repositoryOf(backup, name);
      const of = isOfJob(backup) ? [name] : [];
      const same = found.find(
        (each) =>
          each.backup.tool === backup.tool &&
          each.repository !== undefined &&
          repository !== undefined &&
          sameRepository(each.repository, repository),
      );
      if (same === undefined) found.push({ host: name, backup, repository, of });
      else
        addAll(
          same.of,
          of.filter((host) => !same.of.includes(host)),
        );
    }
  }
  return found.map(({ host, backup, repository, of }, at) => {
    const { tool, place } = backup;
    const openCommand = openCommandOf({ host, backup, place }, looks);
    const name = `${slug(tool)}-${at + 1}`;
    return { name, tool, repository, of, openCommand };
  });
}

/** A path of that machine is told from the same path of another by its host. */
function repositoryOf({ repository, place }: FoundBackup, host: string): string | undefined {
  const own = repository ?? (place?.path === undefined ? '' : utf8Of(place.path));
  if (own === '') return undefined;
  return own.startsWith('/') ? `${host}:${own}` : own;
}

/** A name that needs no quotes and stands in no path. */
function slug(name: string): string {
  const plain = name.replace(/^.*@/, '').replaceAll(/[^A-Za-z0-9.]+/g, '-');
  return plain.replaceAll(/^[-.]+|[-.]+$/g, '') || 'host';
}
