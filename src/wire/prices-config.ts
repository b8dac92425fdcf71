/** What keeping a vault costs, where somebody pays for it: part of holdfast.yaml. */
import { z } from 'zod';

export const pricesSchema = z.strictObject({
  /** As it is said behind a sum: `EUR`. */
  currency: z.string().regex(/^[\p{L}\p{Sc}]{1,8}$/u, 'a currency, as EUR'),
  /** Of a GiB that is stored for a month. */
  'gib-month': z.number().min(0).max(1_000_000),
});
