/** Where copies of a vault are kept, and how far they may be behind: part of holdfast.yaml. */
import { z } from 'zod';

const UNIT_MS = { min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const EVERY = 'a time from 1min to 366d, as 15min, 6h or 7d';
const EVERY_MAX_MS = 366 * UNIT_MS.d;
const HOUR_MS = UNIT_MS.h;

const every = z
  .string()
  .regex(/^[1-9][0-9]{0,5} *(min|h|d)$/, EVERY)
  .transform((given) => {
    const unit = given.endsWith('min') ? 'min' : given.endsWith('h') ? 'h' : 'd';
    return Number.parseInt(given, 10) * UNIT_MS[unit];
  })
  .refine((ms) => ms <= EVERY_MAX_MS, EVERY);

const copy = z.strictObject({
  /** A directory, `ssh://[user@]host[:port]/path`, or `https://host:port/name`. */
  to: z.string().min(1),
  /** The vault that is copied; that of `vault:` unless said here. */
  from: z.string().min(1).optional(),
  /** What the copy may be behind is twice that; 1h unless said here. */
  every: every.default(HOUR_MS),
});

export const copiesSchema = z.array(copy).superRefine((given, context) => {
  given.forEach(({ to, from }, at) => {
    const say = (message: string): void =>
      context.addIssue({ code: 'custom', path: [at, 'to'], message });
    if (to === from) say('another place than from: a vault is no copy of itself');
    if (given.findIndex((each) => each.to === to) < at) say('each place once');
  });
});

export const COPY_KEYS = Object.keys(copy.shape);
