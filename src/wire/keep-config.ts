/** What of a vault stays when `holdfast vault gc` forgets: part of holdfast.yaml. */
import { z } from 'zod';

const count = z.int().min(0).max(99_999);
/** As on the command line: `36h`, `30d`. */
const age = z.string().regex(/^[1-9][0-9]{0,4}[smhd]$/, 'a time, as 36h or 30d');

export const keepSchema = z.strictObject({
  /** The newest of each data set. */
  last: count.optional(),
  /** The newest of each of the newest so many hours, days, ... that have one. */
  hourly: count.optional(),
  daily: count.optional(),
  weekly: count.optional(),
  monthly: count.optional(),
  yearly: count.optional(),
  /** All that are younger. */
  within: age.optional(),
  /** All that were given one of these by `backup --tag`. */
  tags: z.array(z.string().min(1)).optional(),
  /** Nothing younger goes; 7d unless said here. */
  'min-age': age.optional(),
  /** So many of each data set stay; 1 unless said here. */
  floor: count.optional(),
});

export type KeepConfig = z.infer<typeof keepSchema>;
