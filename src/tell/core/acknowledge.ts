/** What a person does to an alert. */
import type { UnixMs } from '../../base/units.ts';
import type { Alert, TellChange } from './alert.ts';

interface ByPerson {
  readonly by: string;
  readonly now: UnixMs;
}

/** It sticks until the cause clears. Of an alert that is over, or that somebody has, nothing changes. */
export function acknowledge(alert: Alert, { by, now }: ByPerson): readonly TellChange[] {
  if (alert.state !== 'open') return [];
  const next: Alert = { ...alert, state: 'acknowledged', acknowledgedBy: by, changedAt: now };
  return [{ do: 'alert', alert: next }];
}

/**
 * A person says that what is not watched any more is not missed. The one way in which an alert ends
 * without its subject having been seen ok: it keeps its mark, and the name of whoever did it.
 */
export function dismiss(alert: Alert, { by, now }: ByPerson): readonly TellChange[] {
  if (alert.state === 'closed') return [];
  const closed: Alert = {
    ...alert,
    state: 'closed',
    acknowledgedBy: by,
    changedAt: now,
    closedAt: now,
    steadySince: undefined,
  };
  return [{ do: 'alert', alert: closed }];
}
