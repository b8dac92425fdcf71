/** Lines of JSON that end in their own digest, all ASCII: docs/format/saved-look.md, ledger-report.md. */
import { z } from 'zod';
import { byteString, hexOf } from '../base/bytes.ts';
import type { Result } from '../base/result.ts';
import type { Hash } from '../host/hash.ts';

const tailSchema = z.strictObject({ sha256: z.string() });

/** What a host sent never reaches a terminal from it, whoever prints the file. */
export function linesText(lines: readonly object[], hash: Hash): string {
  const body = lines.map((line) => `${lineOf(line)}\n`).join('');
  return `${body}${lineOf({ sha256: sha256Of(body, hash) })}\n`;
}

/** The lines before the last; why there are none, in words, where their digest is another. */
export function linesOf(text: string, hash: Hash): Result<readonly string[], string> {
  if (!text.endsWith('\n')) return { ok: false, error: 'it ends in the middle of a line' };
  const lines = text.slice(0, -1).split('\n');
  const tail = parsedLine(tailSchema, lines.at(-1));
  const body = `${lines.slice(0, -1).join('\n')}\n`;
  if (tail?.sha256 !== sha256Of(body, hash)) {
    return { ok: false, error: 'its digest is not that of its bytes' };
  }
  return { ok: true, value: lines.slice(0, -1) };
}

export function parsedLine<T>(schema: z.ZodType<T>, line: string | undefined): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line ?? '')).data;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

export function lineOf(value: object): string {
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
