/** A saved look as text and back: docs/format/saved-look.md. What is read is parsed, not trusted. */
import { z } from 'zod';
import type { Result } from '../base/result.ts';
import { unixMs } from '../base/units.ts';
import { byteString, hexOf } from '../base/bytes.ts';
import type { Hash } from '../host/hash.ts';
import type { HostLook } from '../watch/core/look/host-sight.ts';
import type { SavedLook } from '../watch/core/look/saved-look.ts';
import { hostLookSchema } from './host-look.ts';

const VERSION = 1;

const headSchema = z.strictObject({
  holdfast: z.literal('look'),
  version: z.literal(VERSION),
  at: z.number().transform(unixMs),
  hosts: z.int().min(0),
});
const tailSchema = z.strictObject({ sha256: z.string() });

/** ASCII: what a host sent never reaches a terminal from it, whoever prints the file. */
export function savedLookText(look: SavedLook, hash: Hash): string {
  const head = { holdfast: 'look', version: VERSION, at: look.at, hosts: look.looks.length };
  const body = [head, ...look.looks].map((line) => `${lineOf(line)}\n`).join('');
  return `${body}${lineOf({ sha256: sha256Of(body, hash) })}\n`;
}

/** Why it is none, in words, where it is not as the format says. */
export function savedLookOf(text: string, hash: Hash): Result<SavedLook, string> {
  if (!text.endsWith('\n')) return damaged('it ends in the middle of a line');
  const lines = text.slice(0, -1).split('\n');
  const tail = parsed(tailSchema, lines.at(-1));
  const body = `${lines.slice(0, -1).join('\n')}\n`;
  if (tail?.sha256 !== sha256Of(body, hash)) return damaged('its digest is not that of its bytes');
  const head = parsed(headSchema, lines[0]);
  if (head === undefined) return damaged('it is no look of version 1');
  const looks = lines.slice(1, -1).map((line) => parsed(hostLookSchema, line));
  if (looks.length !== head.hosts) return damaged('it has more hosts or fewer than it says');
  const whole = looks.filter((look): look is HostLook => look !== undefined);
  if (whole.length < looks.length) {
    return damaged(`host ${looks.indexOf(undefined) + 1} of it is not as the format says`);
  }
  return { ok: true, value: { at: head.at, looks: whole } };
}

function damaged(why: string): Result<SavedLook, string> {
  return { ok: false, error: why };
}

function parsed<T>(schema: z.ZodType<T>, line: string | undefined): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line ?? '')).data;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function lineOf(value: object): string {
  return JSON.stringify(value, plain).replaceAll(/[\x7f-\uffff]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Undefined would vanish, and absent is not the same as not seen. */
function plain(_key: string, value: unknown): unknown {
  if (value === undefined) return null;
  if (!(value instanceof Map)) return value;
  return [...(value as ReadonlyMap<string, unknown>)].sort(([one], [other]) =>
    one < other ? -1 : Number(one > other),
  );
}

function sha256Of(ascii: string, hash: Hash): string {
  return hexOf(hash.sha256Text(byteString(ascii)));
}
