import { z } from 'zod';
import { byteString } from '../../base/bytes.ts';
import { unixMs } from '../../base/units.ts';
import type { ConnectedPoint } from '../../watch/core/connected.ts';
import { microsecondsOf } from '../backup-tool/listed-time.ts';

// What restic prints, so far as it is used; fields that are not known are nobody's business.

const time = z.string().transform((text, context) => {
  const us = microsecondsOf(text);
  if (us === undefined) {
    context.addIssue({ code: 'custom', message: 'is no time' });
    return z.NEVER;
  }
  return us;
});

const snapshot = z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  time,
  hostname: z.string().optional(),
  paths: z.array(z.string()).nullish(),
  tags: z.array(z.string()).nullish(),
});

export const configSchema = z.object({ id: z.string().min(1), version: z.number() });
export const snapshotsSchema = z.array(snapshot).nullable();

export const statsSchema = z.object({ total_size: z.number().nonnegative() });

export const nodeSchema = z.object({
  struct_type: z.literal('node').optional(),
  message_type: z.literal('node').optional(),
  type: z.string(),
  path: z.string(),
  size: z.number().nonnegative().optional(),
  mtime: time,
  ctime: time.optional(),
});

export type ResticNode = z.infer<typeof nodeSchema>;

export function pointsOf(snapshots: z.infer<typeof snapshotsSchema>): readonly ConnectedPoint[] {
  return (snapshots ?? [])
    .map((each) => ({
      id: each.id,
      time: unixMs(Math.floor(each.time / 1000)),
      host: each.hostname,
      paths: (each.paths ?? []).map((path) => byteString(Buffer.from(path).toString('latin1'))),
      tags: each.tags ?? [],
    }))
    .sort((one, other) => one.time - other.time);
}
