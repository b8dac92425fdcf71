/** How far a job is, read from its leash: docs/format/job-leash.md. The words are ours. */
import type { Stream } from 'node:stream';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { formatBytes, formatBytesOf, formatRate } from '../../base/say-quantity.ts';

const LINE_BYTES_MAX = 1024;

const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const progress = z.object({
  share: z.int().min(0).max(1000).optional(),
  bytes: amount,
  bytesTotal: amount.optional(),
  bytesPerS: amount.optional(),
});

/** @param leash our end of it, as `spawn` gives it */
export function hearProgress(
  leash: Stream | null | undefined,
  tell: (share: number | undefined, why: string) => void,
): void {
  if (!(leash instanceof Readable)) return;
  let line = '';
  let isTooLong = false;
  leash.on('error', () => undefined); // It has ended then, and its end is told by its exit.
  leash.on('data', (some) => {
    const parts = String(some).split('\n');
    for (const [at, part] of parts.entries()) {
      isTooLong ||= line.length + part.length > LINE_BYTES_MAX;
      if (!isTooLong) line += part;
      if (at === parts.length - 1) break;
      if (!isTooLong) tellOf(line, tell);
      line = '';
      isTooLong = false;
    }
  });
}

function tellOf(line: string, tell: Parameters<typeof hearProgress>[1]): void {
  const parsed = progress.safeParse(jsonIn(line));
  if (!parsed.success) return;
  const { share, bytes, bytesTotal, bytesPerS } = parsed.data;
  const amountOf = bytesTotal === undefined ? formatBytes(bytes) : formatBytesOf(bytes, bytesTotal);
  tell(share, bytesPerS === undefined ? amountOf : `${amountOf}, ${formatRate(bytesPerS)}`);
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined; // No line of ours.
  }
}
