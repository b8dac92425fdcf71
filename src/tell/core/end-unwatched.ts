/** Ends what nobody here looks at any more, and says so: that it is well is not known, and not said. */
import type { UnixMs } from '../../base/units.ts';
import type { Alert, TellChange } from './alert.ts';
import { hearersOf } from './hearers.ts';
import { messageJson, unwatchedMessage } from './message.ts';
import type { TellPolicy } from './tell-policy.ts';

/** @param of.why a sentence: who watches what instead */
export function endUnwatched(
  alert: Alert,
  of: {
    readonly why: string;
    readonly now: UnixMs;
    readonly policy: TellPolicy;
    readonly newId: () => string;
  },
): readonly TellChange[] {
  if (alert.state === 'closed') return [];
  const { why, now, policy, newId } = of;
  // It keeps the mark that it had: nothing better was seen.
  const closed: Alert = {
    ...alert,
    ...{ why, state: 'closed', changedAt: now, closedAt: now, steadySince: undefined },
  };
  const body = messageJson(unwatchedMessage(closed, why, now));
  const rows = hearersOf(alert, policy).map(
    ({ name }): TellChange => ({
      do: 'outbox',
      row: {
        ...{ id: newId(), channel: name, alert: alert.id, what: 'closed', body },
        ...{ createdAt: now, dueAt: now, attempts: 0, state: 'waiting' },
      },
    }),
  );
  return [{ do: 'alert', alert: closed }, ...rows];
}
