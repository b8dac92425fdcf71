/** The events of an exercise as they stand on disk: docs/format/exercise.md. */
import { z } from 'zod';
import { type UnixMs, unixMs } from '../base/units.ts';
import type { ExerciseEvent } from '../watch/core/exposure/exercise.ts';

const v = z.literal(0);
const at = z
  .int()
  .min(0)
  .max(8.64e15)
  .transform((ms): UnixMs => unixMs(ms));
const text = z.string().max(4000);
const name = z.string().min(1).max(256);
const span = z.int().min(1).max(86_400_000);
const session = z.int().min(1).max(1_000_000);

const event = z.discriminatedUnion('event', [
  z.strictObject({
    ...{ v, at, event: z.literal('start'), who: name, reason: text, until: at },
    ...{ pull: z.array(name).max(100), watch: z.record(name, text), everyMs: span, limitMs: span },
  }),
  z.strictObject({ v, at, event: z.enum(['note', 'hand']), who: name, text }),
  z.strictObject({ v, at, event: z.enum(['pulled', 'back']), who: name, what: name }),
  z.strictObject({ v, at, event: z.enum(['watching', 'unwatched']), session }),
  z.strictObject({
    ...{ v, at, event: z.literal('saw'), session, service: name, why: text },
    ...{ saw: z.enum(['healthy', 'impaired', 'broken', 'unreadable']), before: at.optional() },
  }),
  z.strictObject({ v, at, event: z.literal('stop'), who: name }),
]);

const looked = z.strictObject({ v, at });

/** @returns undefined where it is no such event */
export function parseExerciseEvent(json: unknown): ExerciseEvent | undefined {
  const read = event.safeParse(json);
  if (!read.success) return undefined;
  const { v: _, ...rest } = read.data;
  return rest.event === 'saw' ? { ...rest, before: rest.before } : rest;
}

export function parseLooked(json: unknown): UnixMs | undefined {
  return looked.safeParse(json).data?.at;
}
