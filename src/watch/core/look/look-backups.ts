/** Backups that were found, each once, however many hosts told of it. */
import type { ByteString } from '../../../base/bytes.ts';
import { bytesOfUtf8 } from '../../../manifest/core/utf8.ts';
import type { BackupTool, FoundBackup } from '../discovery.ts';
import type { Place } from '../place.ts';
import { addressOf } from '../repository-address.ts';
import { type Across, pathText, placesOf, placesOfAddress } from './across.ts';
import type { HostSight } from './host-sight.ts';

/** What one host's look showed of a backup. */
export interface Claim {
  readonly host: string;
  readonly backup: FoundBackup;
  /** A job of that host, in contrast to files that lie there. */
  readonly isJob: boolean;
  /** What the job fetches from other hosts; undefined where it keeps what is its own host's. */
  readonly fetched: readonly Fetched[] | undefined;
}

interface Fetched {
  /** By the name that the look uses, where it was looked at. */
  readonly host: string;
  /** Undefined where only a name for it was said. */
  readonly path: ByteString | undefined;
}

export interface LookBackup {
  readonly tool: BackupTool;
  /** `st1:/srv/borg`, or the address as it was named. */
  readonly where: string | undefined;
  /** Of several it is lost with the last one only; empty where it is not known. */
  readonly places: readonly Place[];
  readonly claims: readonly Claim[];
}

export function lookBackups(across: Across): readonly LookBackup[] {
  const merged = new Map<string, LookBackup>();
  for (const { host, sight } of across.seen) {
    for (const each of sight.discovery.backups) {
      const backup = inDirectory(each);
      const places = placesOfBackup(across, sight, backup);
      const where = whereOf(host, backup, places);
      const tool = backup.tool === 'borgmatic' ? 'borg' : backup.tool;
      const isJob = isOfJob(backup);
      const fetched = backup.fetches?.map((source) => fetchedOf(across, source));
      const claim = { host, backup, isJob, fetched };
      // A job whose repository is not known is that of one host.
      const id = `${tool} ${where ?? ''} ${where === undefined ? host : ''}`;
      const before = merged.get(id);
      const claims = [...(before?.claims ?? []), claim];
      // A file that a job will write may not be there yet; the directory is.
      const known = before === undefined || before.places.length === 0 ? places : before.places;
      merged.set(id, { tool, where, places: known, claims });
    }
  }
  return [...merged.values()].sort((one, other) => (idOf(one) < idOf(other) ? -1 : 1));
}

/** Files alone do not say whose they are. */
export function isOfJob({ foundBy }: FoundBackup): boolean {
  return foundBy.some((by) => by !== 'files');
}

const DUMPS: readonly BackupTool[] = ['pg_dump', 'mysqldump', 'mongodump', 'dump file'];

/** A job names the file that it writes; what lies there is told by directory. */
export function inDirectory(backup: FoundBackup): FoundBackup {
  const { tool, repository, place } = backup;
  const directory = /^(\/.+)\/[^/]*\.[^/]*$/.exec(repository ?? '')?.[1];
  if (directory === undefined || !DUMPS.includes(tool)) return backup;
  const at = place && { ...place, path: bytesOfUtf8(directory) };
  return { ...backup, repository: directory, place: at };
}

/** `root@web1:/srv/www/`, `db1::dumps`, `rsync://db1/dumps`. */
function fetchedOf(across: Across, source: string): Fetched {
  const url = /^rsync:\/\/(?:[^@/]*@)?([^/:]+)/.exec(source)?.[1];
  const [, name, path] = /^(?:[^@/:]*@)?(\[[^\]]+\]|[^:/]+):(.*)$/.exec(source) ?? [];
  const called = url ?? name ?? source;
  const isPath = url === undefined && path?.startsWith('/') === true;
  return {
    host: across.hostOf(called) ?? called,
    path: isPath ? bytesOfUtf8(trimmed(path)) : undefined,
  };
}

/** The hosts whose data the jobs keep. */
export function keptHosts({ claims }: Pick<LookBackup, 'claims'>): readonly string[] {
  const of = claims
    .filter(({ isJob }) => isJob)
    .flatMap(({ host, fetched }) => fetched?.map((each) => each.host) ?? [host]);
  return [...new Set(of)].sort();
}

export function hasJob({ claims }: LookBackup): boolean {
  return claims.some(({ isJob }) => isJob);
}

function idOf({ tool, where, claims }: LookBackup): string {
  return `${tool} ${where ?? ''} ${claims[0]?.host ?? ''}`;
}

function placesOfBackup(
  across: Across,
  sight: HostSight,
  { repository, place }: FoundBackup,
): readonly Place[] {
  if (repository !== undefined && isPath(repository)) {
    // Not there now: it lies on a disk that is not plugged in.
    if (place === undefined) return [];
    const address = addressOf(repository);
    const path = address.kind === 'path' ? address.path : undefined;
    return placesOfAddress(across, sight.discovery.host, { host: undefined, path });
  }
  const remote = repository === undefined ? [] : remoteOf(across, sight.discovery.host, repository);
  if (remote.length > 0 || place === undefined) return remote;
  if (place.path !== undefined) return placesOf(across, sight, place.path);
  const server = /^server (.+)$/.exec(place.host)?.[1];
  if (server === undefined) return [place];
  return placesOfAddress(across, sight.discovery.host, { host: server, path: undefined });
}

function isPath(repository: string): boolean {
  return /^(?:local:|file:\/\/)?\//.test(repository);
}

/** Of an address with a host; of a service or a path that is not there, nothing is known. */
export function remoteOf(across: Across, host: string, repository: string): readonly Place[] {
  const address = addressOf(repository);
  if (address.kind !== 'host') return [];
  return placesOfAddress(across, host, { host: address.host, path: remotePath(repository) });
}

/** `/srv/borg` of `ssh://borg@st1/srv/borg`, `borg@st1:/srv/borg`; relative ones name no place. */
function remotePath(repository: string): string | undefined {
  const url = /^(?:ssh|sftp|rsync):\/\/[^/]+(\/.*)$/.exec(repository)?.[1];
  if (url !== undefined) return /^\/(?:~|\.\/)/.test(url) ? undefined : trimmed(url);
  const path = /^(?:sftp:)?(?:[^@/:]*@)?(?:\[[^\]]+\]|[^:/@]+):(\/(?!\/).*)$/.exec(repository)?.[1];
  return path === undefined ? undefined : trimmed(path);
}

function trimmed(path: string): string {
  return path.replaceAll(/\/{2,}/g, '/').replace(/(?<=.)\/+$/, '');
}

function whereOf(
  host: string,
  { repository }: FoundBackup,
  places: readonly Place[],
): string | undefined {
  const [place] = places;
  if (places.length === 1 && place?.path !== undefined) {
    return `${place.host}:${pathText(place.path)}`;
  }
  if (repository === undefined) return undefined;
  return isPath(repository) ? `${host}:${repository}` : repository;
}
