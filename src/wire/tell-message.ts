/** docs/format/message.md, as it comes out of the outbox. */
import { z } from 'zod';
import { unixMs } from '../base/units.ts';
import type { Message } from '../tell/core/message.ts';

const time = z.int().transform((ms) => unixMs(ms));
const mark = z.enum(['ok', 'degraded', 'unknown', 'failed']);

const messageSchema = z.strictObject({
  format: z.literal('holdfast-message-0'),
  what: z.enum(['opened', 'changed', 'closed', 'reminder', 'test']),
  alert: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  subject: z.string().max(2048),
  mark,
  sentence: z.string().max(2048),
  since: time,
  at: time,
  evidence: z.array(z.strictObject({ text: z.string().max(2048), seenAt: time })).max(20),
  consequences: z.array(z.string().max(2048)).max(20),
  consequenceCount: z.int().min(0),
  acknowledgedBy: z.string().max(256).optional(),
  person: z.string().max(256).optional(),
});

/** Undefined where it is none: another version wrote it, or it is damaged. */
export function readMessage(body: string): Message | undefined {
  try {
    const parsed = messageSchema.safeParse(JSON.parse(body));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
