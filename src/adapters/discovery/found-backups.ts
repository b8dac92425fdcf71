import { type ByteString, byteString } from '../../base/bytes.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { Discovery, FoundBackup, FoundBy } from '../../watch/core/discovery.ts';
import { placeOf } from '../../watch/core/locate.ts';
import type { Place } from '../../watch/core/place.ts';
import type { BackupTrace } from './backup-trace.ts';
import { openingCommand } from '../../watch/core/backup-opening.ts';
import { isSnapshots, mountsHeld } from './snapshots-held.ts';
import type { BackupInside } from './things.ts';

interface Where extends Pick<Discovery, 'fileSystems' | 'host'> {
  /** A repository on a disk that is not plugged in now lies somewhere else. */
  readonly isThere: (path: ByteString) => boolean;
}

/** One row for each backup, however many signs of it there are. */
export function foundBackups(
  where: Where,
  traces: readonly BackupTrace[],
  inside: readonly BackupInside[],
): readonly FoundBackup[] {
  const all = [...traces, ...inside.map(traceOf)];
  const groups = new Map<string, BackupTrace[]>();
  for (const trace of all) {
    const id = `${trace.tool === 'borgmatic' ? 'borg' : trace.tool} ${trace.repository ?? ''}`;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [trace]);
    else group.push(trace);
  }
  // A sign without an address belongs to the one that has it, where there is only one such.
  for (const [id, nameless] of groups) {
    if (!id.endsWith(' ')) continue;
    const named = [...groups].filter(([other]) => other.startsWith(id) && other !== id);
    const only = named[0];
    if (named.length !== 1 || only === undefined) continue;
    groups.set(only[0], [...only[1], ...nameless]);
    groups.delete(id);
  }
  return [...groups.values()].map((group) => merged(where, group)).sort(byName);
}

function traceOf(found: BackupInside): BackupTrace {
  // Dumps of one directory are one row; a repository is a directory by itself.
  const at = found.isFile ? found.path.slice(0, found.path.lastIndexOf('/')) || '/' : found.path;
  return {
    tool: found.tool,
    repository: Buffer.from(at, 'latin1').toString('utf8'),
    paths: undefined,
    by: 'files',
    trace: Buffer.from(found.path, 'latin1').toString('utf8'),
    lastRunMs: undefined,
    lastWrittenMs: found.changedMs,
  };
}

const WAYS: readonly FoundBy[] = ['process', 'timer', 'cron', 'configuration', 'files'];

function merged(where: Where, group: readonly BackupTrace[]): FoundBackup {
  const [first] = group;
  if (first === undefined) throw new Error('a group has at least one trace');
  const tool = group.find((trace) => trace.tool === 'borgmatic')?.tool ?? first.tool;
  const paths = [...new Set(group.flatMap((trace) => trace.paths ?? []))];
  const fetches = [...new Set(group.flatMap((trace) => trace.fetches ?? []))];
  const held = heldBy(where, group);
  const place =
    isSnapshots(tool) && held?.[0] !== undefined
      ? placeOf(where, held[0])
      : placeOfRepository(where, first.repository);
  return {
    tool,
    foundBy: WAYS.filter((way) => group.some((trace) => trace.by === way)),
    traces: [...new Set(group.map((trace) => trace.trace))].slice(0, 5),
    repository: first.repository,
    place,
    lastRun: newest(group.map((trace) => trace.lastRunMs)),
    lastWritten: newest(group.map((trace) => trace.lastWrittenMs)),
    jobPaths: paths.length === 0 ? undefined : paths,
    ...(held === undefined ? {} : { holdsOnly: held }),
    ...(fetches.length === 0 ? {} : { fetches }),
    openCommand: openingCommand(tool, first.repository),
    count: Math.max(1, group.filter((trace) => trace.by === 'files').length),
  };
}

/** A snapshot holds its own file system, a copy what it was told to copy; others hold anything. */
function heldBy(where: Where, group: readonly BackupTrace[]): readonly ByteString[] | undefined {
  const [first] = group;
  if (first === undefined) return undefined;
  const { tool, repository } = first;
  if (isSnapshots(tool)) return mountsHeld(where.fileSystems, { tool, repository });
  if (tool !== 'rsync' && tool !== 'rclone') return undefined;
  const isTold = group.every(({ paths, fetches }) => (paths ?? fetches) !== undefined);
  return isTold ? [...new Set(group.flatMap(({ paths }) => paths ?? []))] : undefined;
}

/** A path lies here; an address with a host lies there; of anything else nothing is known. */
function placeOfRepository(where: Where, repository: string | undefined): Place | undefined {
  if (repository === undefined) return undefined;
  if (repository.startsWith('/')) {
    const path = byteString(Buffer.from(repository).toString('latin1'));
    return where.isThere(path) ? placeOf(where, path) : undefined;
  }
  if (repository.startsWith('file:///')) return placeOfRepository(where, repository.slice(7));
  // A user of Proxmox has a realm: `root@pam@host:store`.
  const address = repository.replace(/^[^/:]*@(?=[^@/:]+:)/, '');
  const host = /^(?:[a-z0-9+]+:)?(?:\/\/)?(?:[^@/:]*@)?(\[[^\]]+\]|[^:/@]+)[:/]/i.exec(
    address,
  )?.[1];
  return host === undefined
    ? undefined
    : { host: `server ${host}`, beneath: undefined, path: undefined };
}

function newest(times: readonly (number | undefined)[]): UnixMs | undefined {
  let last = 0;
  for (const time of times) last = Math.max(last, time ?? 0);
  return last === 0 ? undefined : unixMs(last);
}

function byName(one: FoundBackup, other: FoundBackup): number {
  const id = (backup: FoundBackup): string => `${backup.tool} ${backup.repository ?? ''}`;
  return id(one) < id(other) ? -1 : 1;
}
