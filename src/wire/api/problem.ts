/** How every refusal of the API looks. */
import { z } from 'zod';

export const problem = z.object({
  /** As docs/errors.md has it. */
  code: z.string(),
  /** What happened. */
  what: z.string(),
  /** What to do about it. */
  remedy: z.string(),
});

export type Problem = z.infer<typeof problem>;
