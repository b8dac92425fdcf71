import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import { bytesOfUtf8, isUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import { demand } from './corruption.ts';
import { JsonFields } from './json-fields.ts';

/** One line of JSON whose last member says something about the line without it. */
export interface CanonicalLine {
  /** The line without that member and without its end: what a digest, tag or MAC is over. */
  readonly head: Uint8Array;
  readonly fields: JsonFields;
  /** The value of the last member. */
  readonly last: string;
}

/** No spaces, members in the order given, UTF-8. */
export function canonicalText(value: object): ByteString {
  return bytesOfUtf8(JSON.stringify(value));
}

export function canonicalBytes(codec: Codec, value: object): Uint8Array {
  return codec.bytesOf(canonicalText(value));
}

/** The line, `head` with the member `name` at its end, and `\n`. */
export function withLast(
  codec: Codec,
  head: Uint8Array,
  last: readonly [string, string],
): Uint8Array {
  const open = codec.textOf(head.subarray(0, head.length - 1));
  return codec.bytesOf(byteString(`${open},"${last[0]}":"${last[1]}"}\n`));
}

/**
 * Takes a line apart by its bytes, so that what is checked is what was written and not what some
 * parser made of it.
 *
 * @param bytes one line with its `\n`, and nothing else
 * @param name of the last member, whose value is hexadecimal or base64
 * @throws Fault HF_VAULT_CORRUPT; nothing else
 */
export function splitLine(
  codec: Codec,
  bytes: Uint8Array,
  { what, name }: { readonly what: string; readonly name: string },
): CanonicalLine {
  const text = codec.textOf(bytes);
  demand(text.endsWith('"}\n') && text.indexOf('\n') === text.length - 1, what, 'it is no line');
  const marker = `,"${name}":"`;
  const at = text.lastIndexOf(marker);
  demand(at > 0, what, `it has no ${name}`);
  const last = text.slice(at + marker.length, -3);
  demand(/^[0-9A-Za-z+/=]*$/.test(last), what, `${name} does not end it`);
  const head = byteString(`${text.slice(0, at)}}`);
  demand(isUtf8(head), what, 'it is no UTF-8');
  return { head: codec.bytesOf(head), fields: JsonFields.parse(what, utf8Of(head)), last };
}
