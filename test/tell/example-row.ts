import { unixMs } from '../../src/base/units.ts';
import type { OutboxRow } from '../../src/tell/core/alert.ts';
import { type Message, messageJson } from '../../src/tell/core/message.ts';

/** 21 Nov 2026, 10:31:12 UTC. */
export const AT = unixMs(1_795_257_072_000);
export const ALERT = '0123456789abcdef0123456789abcdef';

export const MESSAGE: Message = {
  format: 'holdfast-message-0',
  what: 'opened',
  alert: ALERT,
  subject: 'host:web1',
  mark: 'failed',
  sentence: 'web1 failed at 10:31 UTC: XFS shut down. 2 things rest on it: 1 failed, 1 unknown.',
  since: unixMs(AT - 12_000),
  at: AT,
  evidence: [{ text: 'XFS (sda1): metadata I/O error', seenAt: unixMs(AT - 12_000) }],
  consequences: ['host:web1/disk-space:/srv', 'host:web1/http:www'],
  consequenceCount: 2,
};

export function row(message: Partial<Message> = {}, given: Partial<OutboxRow> = {}): OutboxRow {
  return {
    id: 'fedcba9876543210fedcba9876543210',
    channel: 'hook',
    alert: ALERT,
    what: 'opened',
    body: messageJson({ ...MESSAGE, ...message }),
    createdAt: AT,
    dueAt: AT,
    attempts: 1,
    state: 'sending',
    ...given,
  };
}
