import fs from 'node:fs';
import type { Clock } from '../../host/clock.ts';
import type { DiskLoad } from '../../watch/core/yielding.ts';
import { errnoOf } from './errno.ts';

const SECTOR_SIZE = 512;
/** Columns of /proc/diskstats behind the name (Documentation/admin-guide/iostats.rst). */
const READS = 0;
const READ_SECTORS = 2;
const READ_MS = 3;
const WRITES = 4;
const WRITTEN_SECTORS = 6;
const WRITE_MS = 7;

/** Undefined where the kernel does not say: a container without /proc/diskstats, or no disk. */
export function diskLoad(clock: Pick<Clock, 'monotonic'>): DiskLoad | undefined {
  const stats = textOf('/proc/diskstats');
  const own = textOf('/proc/self/io');
  if (stats === undefined || own === undefined) return undefined;
  const sums = { requests: 0, requestMs: 0, bytes: 0 };
  let disks = 0;
  for (const line of stats.split('\n')) {
    const [, , name = '', ...columns] = line.trim().split(/\s+/);
    // Volumes and loops lie on disks and would count twice; so would partitions.
    if (name === '' || !fs.existsSync(`/sys/block/${name}/device`)) continue;
    const at = (column: number): number => Number(columns[column] ?? 0);
    disks += 1;
    sums.requests += at(READS) + at(WRITES);
    sums.requestMs += at(READ_MS) + at(WRITE_MS);
    sums.bytes += (at(READ_SECTORS) + at(WRITTEN_SECTORS)) * SECTOR_SIZE;
  }
  if (disks === 0) return undefined;
  const bytesOf = (key: string): number =>
    Number(new RegExp(`^${key}: (\\d+)$`, 'm').exec(own)?.[1] ?? 0);
  const ownBytes = bytesOf('read_bytes') + bytesOf('write_bytes');
  return { atMs: clock.monotonic(), ...sums, ownBytes };
}

function textOf(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'latin1');
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
