/** Whether what should tell people does: a channel that fails is told of by the others. */
import type { OutboxRow, Subject } from './alert.ts';
import { channelSubject } from './hearers.ts';

/** How a receipt begins of what was not taken for all who read a channel. */
export const IN_PART = 'in part: ';

/** Fails so often in a row before it counts: a mail server may be restarted. */
const ATTEMPTS_MAX = 3;

/**
 * Of each channel by which something was sent, or was to be. Later messages say more: one that got
 * through after another was given up shows that the channel works again.
 *
 * @param rows newest first, as `TellStore.rows` has them
 */
export function channelSubjects(
  rows: readonly OutboxRow[],
  channels: readonly string[],
): readonly Subject[] {
  return channels.flatMap((channel) => {
    const own = rows.filter((row) => row.channel === channel);
    const telling = own.find((row) => row.state === 'sent' || isFailing(row));
    return telling === undefined ? [] : [subjectOf(telling)];
  });
}

function isFailing({ state, attempts, receipt }: OutboxRow): boolean {
  if (state === 'given-up') return true;
  return attempts >= ATTEMPTS_MAX && receipt !== undefined && state !== 'sent';
}

function subjectOf({ channel, state, receipt = '', createdAt }: OutboxRow): Subject {
  const rest = { subject: channelSubject(channel), since: createdAt, restsOn: [] };
  if (state === 'sent' && receipt.startsWith(IN_PART)) {
    return { ...rest, mark: 'degraded', why: `a message reached only some: ${receipt}` };
  }
  if (state === 'sent') return { ...rest, mark: 'ok', why: `it took a message: ${receipt}` };
  const what = state === 'given-up' ? 'a message was given up' : 'it takes no message';
  return { ...rest, mark: 'failed', why: `${what}: ${receipt}` };
}
