/** Alerts and messages as they stand in `body`, parsed. Keys that tell adds later are kept. */
import { z } from 'zod';
import type { Alert, AlertMark, Confirmation, OutboxRow } from '../../tell/core/alert.ts';
import { words } from '../../wire/words.ts';
import { time } from './server-rows.ts';

const text = z.string();
const mark = words<AlertMark>({ ok: true, degraded: true, unknown: true, failed: true });

export const alertRow: z.ZodType<Alert> = z.looseObject({
  ...{ id: text, subject: text, mark, why: text, consequences: z.array(text) },
  ...{ openedAt: time, changedAt: time, since: time, closedAt: time.optional() },
  state: words<Alert['state']>({ open: true, acknowledged: true, closed: true }),
  acknowledgedBy: text.optional(),
  told: z.looseObject({
    at: time,
    mark,
    worst: mark,
    failed: z.array(text),
    causes: z.array(text).optional(),
    channels: z.array(text).optional(),
  }),
  ...{ flaps: z.number(), steadySince: time.optional() },
});

export const outboxRow: z.ZodType<OutboxRow> = z.looseObject({
  ...{ id: text, channel: text, alert: text.optional(), body: text },
  what: words<OutboxRow['what']>({
    ...{ opened: true, changed: true, closed: true, reminder: true, test: true, repeat: true },
  }),
  ...{ createdAt: time, dueAt: time, attempts: z.number(), receipt: text.optional() },
  state: words<OutboxRow['state']>({ waiting: true, sending: true, sent: true, 'given-up': true }),
});

export const confirmationRow: z.ZodType<Confirmation> = z.looseObject({
  ...{ channel: text, person: text, askedAt: time, testedAt: time },
  confirmedAt: time.optional(),
});
