import os from 'node:os';
import type { Clock } from '../../host/clock.ts';
import type { ServerNow } from '../../watch/core/server/held.ts';

/** Time since boot counts sleep and never steps; to ten milliseconds. */
export function serverTime(clock: Pick<Clock, 'now'>): () => ServerNow {
  return () => ({ atMs: Math.floor(os.uptime() * 1000), wallMs: clock.now() });
}
