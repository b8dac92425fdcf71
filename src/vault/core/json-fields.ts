import type { ByteString } from '../../base/bytes.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Codec } from '../../host/codec.ts';
import { base64OfText, textOfBase64 } from '../../manifest/core/base64.ts';
import { bytesOfUtf8, isUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import { demand } from './corruption.ts';
import { parseIsoTime } from '../../base/iso-time.ts';

/** Members of an object that somebody else wrote: each is asked for by name and shape. */
export class JsonFields {
  readonly #what: string;
  readonly #values: ReadonlyMap<string, unknown>;

  /** @param what the object, for people */
  constructor(what: string, value: unknown) {
    demand(typeof value === 'object' && value !== null, what, 'it is no JSON object');
    demand(!Array.isArray(value), what, 'it is no JSON object');
    this.#what = what;
    this.#values = new Map(Object.entries(value));
  }

  static parse(what: string, json: string): JsonFields {
    return new JsonFields(what, parseJson(what, json));
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Every member that is not in `known`. */
  rest(known: readonly string[]): Record<string, unknown> {
    return Object.fromEntries([...this.#values].filter(([name]) => !known.includes(name)));
  }

  text(name: string): string {
    const value = this.#values.get(name);
    demand(typeof value === 'string', this.#what, `${name} is no text`);
    return value;
  }

  is(name: string, expected: string | number): boolean {
    return this.#values.get(name) === expected;
  }

  integer(name: string, range: { readonly min: number; readonly max: number }): number {
    const value = this.#values.get(name);
    const isInteger = typeof value === 'number' && Number.isSafeInteger(value);
    demand(isInteger, this.#what, `${name} is no integer`);
    demand(value >= range.min && value <= range.max, this.#what, `${name} is out of range`);
    return value;
  }

  /** A decimal string: bytes can pass 2^53. */
  count(name: string): bigint {
    const value = this.text(name);
    demand(/^(?:0|[1-9]\d{0,18})$/.test(value), this.#what, `${name} is no decimal number`);
    return BigInt(value);
  }

  hex(name: string, digitCount: number): string {
    const value = this.text(name);
    const isHex = value.length === digitCount && /^[0-9a-f]*$/.test(value);
    demand(isHex, this.#what, `${name} is not ${digitCount} hexadecimal digits`);
    return value;
  }

  time(name: string): UnixMs {
    const value = parseIsoTime(this.text(name));
    demand(value !== undefined, this.#what, `${name} is no time`);
    return value;
  }

  bytes(name: string, codec: Codec, length?: number): Uint8Array {
    return bytesFrom(this.text(name), { what: this.#what, name, codec, length });
  }

  /** As `named` writes them. */
  bytesNamed(name: string): ByteString {
    if (this.has(name)) return bytesOfUtf8(this.text(name));
    const bytes = textOfBase64(this.text(`${name}B64`));
    demand(bytes !== undefined, this.#what, `${name}B64 is no base64`);
    return bytes;
  }

  list(name: string): readonly unknown[] {
    const value: unknown = this.#values.get(name);
    demand(Array.isArray(value), this.#what, `${name} is no list`);
    return value;
  }

  texts(name: string): string[] {
    return this.list(name).map((item) => {
      demand(typeof item === 'string', this.#what, `${name} holds something that is no text`);
      return item;
    });
  }

  objects(name: string): JsonFields[] {
    return this.list(name).map((item) => new JsonFields(`${this.#what}, ${name}`, item));
  }

  object(name: string): JsonFields {
    return new JsonFields(`${this.#what}, ${name}`, this.#values.get(name));
  }
}

/** Bytes that are UTF-8 as text, others in base64 under the name with `B64`. */
export function named(name: string, bytes: ByteString): Record<string, string> {
  return isUtf8(bytes) ? { [name]: utf8Of(bytes) } : { [`${name}B64`]: base64OfText(bytes) };
}

interface Base64Field {
  readonly what: string;
  readonly name: string;
  readonly codec: Codec;
  readonly length: number | undefined;
}

export function bytesFrom(text: string, field: Base64Field): Uint8Array {
  const bytes = field.codec.bytesOfBase64(text);
  demand(bytes !== undefined, field.what, `${field.name} is no base64`);
  const fits = field.length === undefined || bytes.length === field.length;
  demand(fits, field.what, `${field.name} is not ${field.length} bytes`);
  return bytes;
}

function parseJson(what: string, json: string): unknown {
  let value: unknown;
  let isJson = true;
  try {
    value = JSON.parse(json);
  } catch {
    isJson = false;
  }
  demand(isJson, what, 'it is no JSON');
  return value;
}
