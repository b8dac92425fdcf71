/** Where a copy of the page is kept that outlives the server: part of holdfast.yaml. */
import { z } from 'zod';

export const pagesSchema = z.strictObject({
  /** A directory that is there (a disk of another machine, a stick), or `ssh://user@host/path`. */
  copy: z
    .string()
    .regex(/^(\/|ssh:\/\/)[^\0]*$/, 'a directory from the root, or ssh://user@host/path')
    .optional(),
  /** How many of them stay; else 14. */
  keep: z.int().min(1).max(366).optional(),
});
