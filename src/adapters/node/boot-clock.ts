/** The time by two clocks, so that a wall clock that steps ends nothing early. */
import fs from 'node:fs';
import type { Moment } from '../../base/moment.ts';
import type { Clock } from '../../host/clock.ts';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const UPTIME = '/proc/uptime';

export function momentHere(clock: Pick<Clock, 'now'>): Moment {
  const at = clock.now();
  const boot = read(BOOT_ID)?.trim();
  const up = Number.parseFloat(read(UPTIME) ?? '');
  if (boot === undefined || boot === '' || Number.isNaN(up)) return { at };
  return { at, boot, upMs: Math.round(up * 1000) };
}

/** Where there is no /proc the wall clock stands alone. */
function read(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
