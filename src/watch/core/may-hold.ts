/** Whether a backup that was found, and not opened, can hold some data at all. */
import type { ByteString } from '../../base/bytes.ts';
import type { DataKind } from './discovery.ts';
import type { DataSet, UnopenedBackup } from './estate.ts';
import { isWithin } from './place.ts';

/** Whether a backup that was found can hold any of a data set, by any name that a host has for it. */
export function mayHoldSet(backup: UnopenedBackup, { kind, places, usedAs }: DataSet): boolean {
  return [...places, ...(usedAs ?? [])].some(
    ({ host, path }) =>
      (backup.ofHosts === undefined || backup.ofHosts.includes(host)) &&
      mayHold(backup, { kind, path }),
  );
}

const DATABASE_TOOLS: Readonly<Partial<Record<UnopenedBackup['tool'], readonly DataKind[]>>> = {
  pgbackrest: ['postgres'],
  barman: ['postgres'],
  'wal-g': ['postgres', 'mysql', 'mongodb'],
  pg_dump: ['postgres'],
  mysqldump: ['mysql'],
  mongodump: ['mongodb'],
  'dump file': ['postgres', 'mysql', 'mongodb', 'sqlite'],
};

/**
 * Whether a backup that was found can hold this at all: a dump holds no web root, a snapshot of a
 * file system nothing of another one. Where a path is not known, it may.
 */
export function mayHold(
  { tool, holdsOnly }: Pick<UnopenedBackup, 'tool' | 'holdsOnly'>,
  data: { readonly kind: DataKind; readonly path: ByteString | undefined },
): boolean {
  if (DATABASE_TOOLS[tool]?.includes(data.kind) === false) return false;
  const { path } = data;
  if (holdsOnly === undefined || path === undefined) return true;
  // What lies above may hold a part of it, and then it is not in no recovery point.
  return holdsOnly.some((held) => isWithin(path, held) || isWithin(held, path));
}
