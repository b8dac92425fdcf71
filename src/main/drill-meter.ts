/** What a restore uses while it is timed: link, processors, disks. What limits it is told from that. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fsPath } from '../adapters/node/syscalls-path.ts';
import type { ByteString } from '../base/bytes.ts';
import type { DrillSpent } from '../recover/core/drill-result.ts';
import type { VaultLine } from './vault-line.ts';

export interface Metered {
  readonly line: Pick<VaultLine, 'bytesMoved'>;
  /** On whose disks it reads and writes here. */
  readonly paths: readonly ByteString[];
  /** Threads that can work at once. */
  readonly hands: number;
}

/** @returns what was used since it was called */
export async function drillMeter(of: Metered): Promise<() => Promise<DrillSpent>> {
  const disks = [...new Set(of.paths.flatMap((each) => blockDevice(each) ?? []))];
  const before = new Map(disks.map((disk) => [disk, busyMs(disk)]));
  const moved = await of.line.bytesMoved();
  const cpu = process.cpuUsage();
  return async () => {
    const { user, system } = process.cpuUsage(cpu);
    const busy = disks.flatMap((disk) => {
      const [from, to] = [before.get(disk), busyMs(disk)];
      return from === undefined || to === undefined
        ? []
        : [{ name: path.basename(disk), busyMs: Math.max(0, to - from) }];
    });
    const now = await of.line.bytesMoved();
    return {
      linkBytes: now === undefined || moved === undefined ? undefined : now - moved,
      cpuMs: Math.round((user + system) / 1000),
      cpus: Math.min(of.hands, os.availableParallelism()),
      disk: busy.sort((one, other) => other.busyMs - one.busyMs)[0],
    };
  };
}

/** `io_ticks` of Documentation/block/stat.rst. */
const BUSY_AT = 9;

/** Milliseconds in which it had something to do, since it was there. */
function busyMs(disk: string): number | undefined {
  try {
    const fields = fs.readFileSync(`${disk}/stat`, 'utf8').trim().split(/\s+/);
    const busy = Number(fields[BUSY_AT]);
    return Number.isFinite(busy) ? busy : undefined;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return undefined; // It is gone.
  }
}

/** In /sys; of a partition its disk. Undefined where a file system is on none, or on several. */
function blockDevice(of: ByteString): string | undefined {
  try {
    const { dev } = fs.statSync(fsPath(of), { bigint: true });
    const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
    const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
    const own = fs.realpathSync(`/sys/dev/block/${major}:${minor}`);
    return fs.existsSync(`${own}/partition`) ? path.dirname(own) : own;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return undefined;
  }
}
