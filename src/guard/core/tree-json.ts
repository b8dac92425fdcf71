/** Small records of state, read back from canonical JSON. */
import type { ByteString } from '../../base/bytes.ts';
import { base64OfText, textOfBase64 } from '../../manifest/core/base64.ts';
import { bytesOfUtf8, isUtf8, utf8Of } from '../../manifest/core/utf8.ts';

/** Undefined where it is no JSON object. */
export function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const given: unknown = JSON.parse(text);
    const isRecord = typeof given === 'object' && given !== null && !Array.isArray(given);
    return isRecord ? (given as Readonly<Record<string, unknown>>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** `{"place":TEXT}` or `{"placeB64":BASE64}`. */
export function bytesMember(name: string, bytes: ByteString): Readonly<Record<string, string>> {
  if (isUtf8(bytes)) return { [name]: utf8Of(bytes) };
  return { [`${name}B64`]: base64OfText(bytes) };
}

export function bytesIn(
  given: Readonly<Record<string, unknown>>,
  name: string,
): ByteString | undefined {
  const [text, base64] = [given[name], given[`${name}B64`]];
  if (typeof text === 'string') return bytesOfUtf8(text);
  return typeof base64 === 'string' ? textOfBase64(base64) : undefined;
}
