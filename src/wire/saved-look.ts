/** A saved look as text and back: docs/format/saved-look.md. What is read is parsed, not trusted. */
import { z } from 'zod';
import type { Result } from '../base/result.ts';
import { unixMs } from '../base/units.ts';
import type { Hash } from '../host/hash.ts';
import type { HostLook } from '../watch/core/look/host-sight.ts';
import type { SavedLook } from '../watch/core/look/saved-look.ts';
import { hostLookSchema } from './host-look.ts';
import { linesOf, linesText, parsedLine } from './line-text.ts';

const VERSION = 1;

const headSchema = z.strictObject({
  holdfast: z.literal('look'),
  version: z.literal(VERSION),
  at: z.number().transform(unixMs),
  hosts: z.int().min(0),
});

/** ASCII: what a host sent never reaches a terminal from it, whoever prints the file. */
export function savedLookText(look: SavedLook, hash: Hash): string {
  const head = { holdfast: 'look', version: VERSION, at: look.at, hosts: look.looks.length };
  return linesText([head, ...look.looks], hash);
}

/** Why it is none, in words, where it is not as the format says. */
export function savedLookOf(text: string, hash: Hash): Result<SavedLook, string> {
  const whole = linesOf(text, hash);
  if (!whole.ok) return whole;
  const [first, ...lines] = whole.value;
  const head = parsedLine(headSchema, first);
  if (head === undefined) return damaged('it is no look of version 1');
  const looks = lines.map((line) => parsedLine(hostLookSchema, line));
  if (looks.length !== head.hosts) return damaged('it has more hosts or fewer than it says');
  const read = looks.filter((look): look is HostLook => look !== undefined);
  if (read.length < looks.length) {
    return damaged(`host ${looks.indexOf(undefined) + 1} of it is not as the format says`);
  }
  return { ok: true, value: { at: head.at, looks: read } };
}

function damaged(why: string): Result<SavedLook, string> {
  return { ok: false, error: why };
}
