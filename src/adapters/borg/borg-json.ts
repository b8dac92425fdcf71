import { z } from 'zod';
import { byteString } from '../../base/bytes.ts';
import { unixMs } from '../../base/units.ts';
import type { ConnectedPoint } from '../../watch/core/connected.ts';
import { microsecondsOf } from '../backup-tool/listed-time.ts';

// What borg 1 prints, so far as it is used. It is run with TZ=UTC: its times name no zone.

const time = z.string().transform((text, context) => {
  const us = microsecondsOf(text);
  if (us === undefined) {
    context.addIssue({ code: 'custom', message: 'is no time' });
    return z.NEVER;
  }
  return us;
});

export const listSchema = z.object({
  archives: z.array(
    z.object({
      name: z.string().min(1),
      id: z.string().min(1),
      start: time,
      hostname: z.string().optional(),
      comment: z.string().optional(),
      command_line: z.union([z.array(z.string()), z.string()]).optional(),
    }),
  ),
  encryption: z.object({ mode: z.string() }),
  repository: z.object({ id: z.string().min(1) }),
});

export type BorgList = z.infer<typeof listSchema>;
type BorgArchive = BorgList['archives'][number];

export const itemSchema = z.object({
  type: z.string(),
  path: z.string(),
  size: z.number().nonnegative().optional(),
  mtime: time,
  ctime: time.optional(),
});

export type BorgItem = z.infer<typeof itemSchema>;

export function pointsOf({ archives }: BorgList): readonly ConnectedPoint[] {
  return archives
    .map((archive) => ({
      // Archives are named by people; the name is what the tool takes.
      id: archive.name,
      time: unixMs(Math.floor(archive.start / 1000)),
      host: archive.hostname,
      paths: pathsOf(archive),
      tags: [],
    }))
    .sort((one, other) => one.time - other.time);
}

/** Options of `borg create` that take the next word. */
const WITH_VALUE =
  /^(?:-e|--exclude|--exclude-from|--pattern|--patterns-from|--exclude-if-present|--comment|--timestamp|-c|--checkpoint-interval|--chunker-params|-C|--compression|--files-cache|--remote-path|--umask|--rsh|--debug-topic|--lock-wait|--paths-delimiter|--stdin-name|--stdin-user|--stdin-group|--stdin-mode|--upload-ratelimit|--upload-buffer)$/;

/** Paths that its command names; of relative ones nobody knows below what they lay. */
function pathsOf({ command_line: line }: BorgArchive): ConnectedPoint['paths'] {
  if (!Array.isArray(line)) return [];
  const place = line.findIndex((word) => word.includes('::'));
  const words = line
    .slice(place + 1)
    .filter((word, at, rest) => !word.startsWith('-') && !WITH_VALUE.test(rest[at - 1] ?? ''));
  if (place < 0 || !words.every((word) => word.startsWith('/'))) return [];
  return words.map((word) =>
    byteString(Buffer.from(word.replace(/(?<=.)\/+$/, '')).toString('latin1')),
  );
}
