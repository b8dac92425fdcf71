/** Packs of one place that a check has found damaged: docs/format/damaged-packs.md. */
import { byteString, hexOf } from '../../base/bytes.ts';
import type { Tools } from '../../host/tools.ts';

const FIRST_LINE = 'holdfast-damaged-packs-0\n';
const LAST_LINE = /^sha256 ([0-9a-f]{64})\n$/;
const PACK_LINE = /^[0-9a-f]{64}\n$/;
const LAST_LENGTH = 'sha256 '.length + 64 + 1;

/** @param packs names, 64 hex digits */
export function encodeDamageNote(tools: Tools, packs: ReadonlySet<string>): Uint8Array {
  const lines = [...packs].sort().map((name) => `${name}\n`);
  const head = byteString(FIRST_LINE + lines.join(''));
  const digest = hexOf(tools.hash.sha256Text(head));
  return tools.codec.bytesOf(byteString(`${head}sha256 ${digest}\n`));
}

/** Undefined where it is not what was written there. */
export function parseDamageNote(tools: Tools, bytes: Uint8Array): ReadonlySet<string> | undefined {
  const text = tools.codec.textOf(bytes);
  const head = byteString(text.slice(0, -LAST_LENGTH));
  const digest = LAST_LINE.exec(text.slice(head.length))?.[1];
  if (digest !== hexOf(tools.hash.sha256Text(head)) || !head.startsWith(FIRST_LINE)) {
    return undefined;
  }
  const lines = head.slice(FIRST_LINE.length).match(/[^\n]*\n/g) ?? [];
  if (!lines.every((line) => PACK_LINE.test(line))) return undefined;
  return new Set(lines.map((line) => line.slice(0, -1)));
}
