import type { ByteString } from '../../base/bytes.ts';
import { countOf } from '../../base/say-quantity.ts';
import type { FileSystem, NotSeen } from '../../watch/core/discovery.ts';
import type { Tree } from './trees.ts';

export function mountsNotSeen(fileSystems: readonly FileSystem[]): readonly NotSeen[] {
  return fileSystems
    .filter((mount) => mount.class === 'network' || mount.class === 'fuse')
    .filter((mount) => mount.type !== 'autofs')
    .map((mount) => ({
      what: Buffer.from(mount.mountPoint, 'latin1').toString('utf8'),
      why:
        mount.answer === 'not answering'
          ? `${mount.type} does not answer`
          : `${mount.type}, not entered`,
      command: undefined,
      path: mount.mountPoint,
    }));
}

/** Who looked, and what would show the rest. */
export interface Looker {
  readonly user: string;
  /** The command that looks as root. */
  readonly asRoot: string;
}

/** Refused places that matter for the answer, told together by what they are. */
export function deniedPlaces(
  refused: readonly ByteString[],
  trees: readonly Tree[],
  { user, asRoot: command }: Looker,
): readonly NotSeen[] {
  const why = `not readable as ${user}`;
  const isCron = (path: string): boolean =>
    path.startsWith('/var/spool/cron') || path.startsWith('/etc/cron');
  const seen: NotSeen[] = [];
  const tables = refused.filter(isCron);
  if (tables.length > 0) seen.push({ what: 'crontabs of others', why, command, path: tables[0] });
  for (const { candidate, walked } of trees) {
    if (walked.unreadable === 0) continue;
    const path = Buffer.from(candidate.path, 'latin1').toString('utf8');
    const what =
      walked.directories === 0 ? path : `${countOf(walked.unreadable, 'place')} in ${path}`;
    seen.push({ what, why, command, path: walked.directories === 0 ? candidate.path : undefined });
  }
  return seen;
}

export function hiddenProcesses(hidden: number, { user, asRoot }: Looker): readonly NotSeen[] {
  if (hidden === 0) return [];
  return [
    {
      what: `open files of ${countOf(hidden, 'process', 'processes')}`,
      why: `not readable as ${user}`,
      command: asRoot,
      path: undefined,
    },
  ];
}
