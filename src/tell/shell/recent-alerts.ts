import type { UnixMs } from '../../base/units.ts';
import type { Alert } from '../core/alert.ts';
import type { TellPolicy } from '../core/tell-policy.ts';
import type { TellStore } from './tell-store.ts';

const CLOSED_MAX = 500;

/** What `decide` goes by: all that are open, and those whose end still matters. */
export async function recentAlerts(
  store: Pick<TellStore, 'openAlerts' | 'alerts'>,
  { flapWindowMs, delayMs }: Pick<TellPolicy, 'flapWindowMs' | 'delayMs'>,
  now: UnixMs,
): Promise<readonly Alert[]> {
  const open = await store.openAlerts();
  const spanMs = Math.max(flapWindowMs, delayMs.unknown, delayMs.degraded);
  const closed = (await store.alerts(CLOSED_MAX)).filter(
    ({ state, closedAt = 0 }) => state === 'closed' && now - closedAt < spanMs,
  );
  return [...open, ...closed];
}
