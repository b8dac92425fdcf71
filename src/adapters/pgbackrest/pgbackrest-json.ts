import { z } from 'zod';
import { unixMs } from '../../base/units.ts';

// What `pgbackrest info --output=json` prints, so far as it is used.

const seconds = z.number().transform((count) => unixMs(count * 1000));

const backup = z.object({
  label: z.string().min(1),
  type: z.string(),
  error: z.boolean().nullish(),
  database: z.object({ id: z.number() }),
  timestamp: z.object({ start: seconds, stop: seconds }),
  info: z.object({ size: z.number().nonnegative() }),
});

const stanza = z.object({
  name: z.string().min(1),
  cipher: z.string().optional(),
  // Beyond what a number holds; the text has all digits.
  db: z.array(z.object({ id: z.number(), version: z.string() })),
  backup: z.array(backup),
  archive: z.array(z.object({ max: z.string().nullish() })).optional(),
  repo: z
    .array(z.object({ status: z.object({ code: z.number(), message: z.string() }) }))
    .optional(),
});

export const infoSchema = z.array(stanza);
export type Info = z.infer<typeof infoSchema>;

/**
 * System identifiers by stanza and number of the database. They have 64 bits, which JSON readers
 * round: here they are read as text.
 */
export function systemIdsOf(text: string): ReadonlyMap<string, string> {
  const whole = text.replaceAll(/"system-id":\s*(\d+)/g, '"system-id":"$1"');
  const ids = new Map<string, string>();
  const parsed = z
    .array(
      z.object({
        name: z.string(),
        db: z.array(z.object({ id: z.number(), 'system-id': z.string() })),
      }),
    )
    .safeParse(JSON.parse(whole));
  for (const { name, db } of parsed.data ?? []) {
    for (const each of db) ids.set(`${name}/${each.id}`, each['system-id']);
  }
  return ids;
}

/** What it could not read it quotes as it is: bytes that no JSON may hold. */
export function withoutControls(text: string): string {
  return text.replaceAll(/[\0-\x1f]/g, ' ');
}

/** Of a stanza that it could not look into: anything but its own sentence is noise. */
const UNREADABLE_STATUS = 99;
const NOT_TEXT = /key\/value found outside of section|invalid cipher|cipher/i;

/** What a sum says is damage; all else that a wrong secret makes of a file is noise of any kind. */
const SUM_DIFFERS = /checksum/i;

/**
 * Why a stanza cannot be read; undefined where each can. `sealed`: without its secret it is noise.
 *
 * @param isGiven a passphrase was given, which may be the wrong one
 */
export function whyUnread(info: Info, isGiven: boolean): 'sealed' | 'damaged' | undefined {
  const bad = info
    .flatMap(({ repo }) => repo ?? [])
    .find(({ status }) => status.code === UNREADABLE_STATUS);
  if (bad === undefined) return undefined;
  const { message } = bad.status;
  const isNoise = NOT_TEXT.test(message) || (isGiven && !SUM_DIFFERS.test(message));
  return isNoise ? 'sealed' : 'damaged';
}
