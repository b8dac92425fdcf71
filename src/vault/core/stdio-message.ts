/** Requests and answers of docs/format/stdio.md, between bytes and what they mean. */
import type { ByteString, Digest } from '../../base/bytes.ts';
import { byteString, DIGEST_SIZE, digestOfBytes } from '../../base/bytes.ts';
import type { FaultCode } from '../../base/fault.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { Codec } from '../../host/codec.ts';
import { JsonFields } from './json-fields.ts';
import {
  demandOfPeer,
  encodeFields,
  encodeFrame,
  FieldReader,
  type Frame,
  JSON_SIZE_MAX,
  KIND,
  violation,
} from './stdio-frame.ts';

export type StdioRequest =
  | { readonly kind: 'hello'; readonly version: number }
  | {
      readonly kind: 'put';
      readonly sizeBytes: number;
      readonly sha256: Digest;
      readonly name: string;
    }
  | {
      readonly kind: 'get';
      readonly offset: number;
      readonly length: number;
      readonly name: string;
    }
  | { readonly kind: 'list'; readonly prefix: string }
  | { readonly kind: 'space' };

export interface StdioGreeting {
  readonly software: string;
  /** The directory that is served, as the other machine has it. */
  readonly path: ByteString;
  readonly home: ByteString;
  readonly features: readonly string[];
  /** Which machine it is, whatever it is called: hexadecimal. Servers of before do not tell. */
  readonly machine?: string;
  /** Which directory of that machine, by whatever path: hexadecimal. May not be told. */
  readonly directory?: string;
}

const ID_DIGITS = 32;

export function encodeRequest(codec: Codec, number: number, request: StdioRequest): Uint8Array {
  const bytes = (text: string): Uint8Array => codec.bytesOf(byteString(text));
  const frame = (kind: number, fields: Parameters<typeof encodeFields>[0]): Uint8Array =>
    encodeFrame({ kind, number, rest: encodeFields(fields) });
  switch (request.kind) {
    case 'hello':
      return frame(KIND.hello, [{ u16: request.version }]);
    case 'put': {
      const { sizeBytes, sha256, name } = request;
      const fields = [{ u64: sizeBytes }, { bytes: bytes(sha256) }, { bytes: bytes(name) }];
      return frame(KIND.put, fields);
    }
    case 'get': {
      const { offset, length, name } = request;
      return frame(KIND.get, [{ u64: offset }, { u64: length }, { bytes: bytes(name) }]);
    }
    case 'list':
      return frame(KIND.list, [{ bytes: bytes(request.prefix) }]);
    case 'space':
      return frame(KIND.askSpace, []);
  }
}

/** @throws Fault HF_STORE_PROTOCOL */
export function parseRequest(codec: Codec, { kind, rest }: Frame): StdioRequest {
  const fields = new FieldReader(rest, codec);
  switch (kind) {
    case KIND.hello: {
      const version = fields.u16();
      fields.end();
      return { kind: 'hello', version };
    }
    case KIND.put: {
      const sizeBytes = fields.u64();
      const sha256 = digestOfBytes(fields.text(DIGEST_SIZE));
      return { kind: 'put', sizeBytes, sha256, name: fields.text() };
    }
    case KIND.get: {
      const offset = fields.u64();
      const length = fields.u64();
      return { kind: 'get', offset, length, name: fields.text() };
    }
    case KIND.list:
      return { kind: 'list', prefix: fields.text() };
    case KIND.askSpace:
      fields.end();
      return { kind: 'space' };
    default:
      throw violation(`a request of kind ${kind}`);
  }
}

export function encodeGreeting(codec: Codec, greeting: StdioGreeting): Uint8Array {
  const { software, path, home, features, machine, directory } = greeting;
  const base64 = (text: ByteString): string => codec.base64Of(codec.bytesOf(text));
  const said = { software, path: base64(path), home: base64(home), features };
  const json = { ...said, machine, directory };
  return encodeFrame({ kind: KIND.greeting, number: 0, rest: jsonBytes(codec, json) });
}

/** @throws Fault HF_STORE_PROTOCOL */
export function parseGreeting(codec: Codec, frame: Frame): StdioGreeting {
  demandOfPeer(frame.kind === KIND.greeting && frame.number === 0, 'it does not greet');
  return asPeer(() => {
    const fields = jsonFields(codec, frame.rest);
    return {
      software: fields.text('software'),
      path: codec.textOf(fields.bytes('path', codec)),
      home: codec.textOf(fields.bytes('home', codec)),
      features: fields.texts('features'),
      ...(fields.has('machine') ? { machine: fields.hex('machine', ID_DIGITS) } : {}),
      ...(fields.has('directory') ? { directory: fields.hex('directory', ID_DIGITS) } : {}),
    };
  });
}

/** What a server may say of a request; any other code comes out as HF_STORE_FAILED. */
const CODES: ReadonlySet<string> = new Set<FaultCode>([
  'HF_DISK_ABSENT',
  'HF_DISK_DENIED',
  'HF_DISK_FAILED',
  'HF_DISK_FULL',
  'HF_STORE_ABSENT',
  'HF_STORE_CORRUPT',
  'HF_STORE_NAME',
  'HF_STORE_PROTOCOL',
]);
/** What remedies of these codes are filled with. */
const FACTS = ['name', 'path', 'errno'] as const;
const TEXT_SIZE_MAX = 500;

export function encodeFault(codec: Codec, number: number, fault: Fault): Uint8Array {
  const facts: Record<string, string> = {};
  for (const name of FACTS) {
    if (fault.facts[name] !== undefined) facts[name] = shorter(String(fault.facts[name]));
  }
  const json = { code: fault.code, message: shorter(fault.message), facts };
  return encodeFrame({ kind: KIND.fault, number, rest: jsonBytes(codec, json) });
}

/**
 * @param where the other machine, for people: before its message and before paths on it
 * @throws Fault HF_STORE_PROTOCOL
 */
export function parseFault(codec: Codec, rest: Uint8Array, where: string): Fault {
  return asPeer(() => {
    const fields = jsonFields(codec, rest);
    const code = fields.text('code');
    const given = fields.object('facts');
    const facts: Record<string, string> = { path: where };
    for (const name of FACTS) if (given.has(name)) facts[name] = harmless(given.text(name));
    if (given.has('path')) facts.path = `${where}:${facts.path}`;
    const message = `on ${where}: ${harmless(fields.text('message'))}`;
    return new Fault(isKnown(code) ? code : 'HF_STORE_FAILED', message, facts);
  });
}

function isKnown(code: string): code is FaultCode {
  return CODES.has(code);
}

function shorter(text: string): string {
  return text.slice(0, TEXT_SIZE_MAX);
}

/** What another machine says is shown on a terminal here. */
function harmless(text: string): string {
  return sayText(shorter(text));
}

function jsonBytes(codec: Codec, value: object): Uint8Array {
  const json = JSON.stringify(value).replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return codec.bytesOf(byteString(json));
}

function jsonFields(codec: Codec, rest: Uint8Array): JsonFields {
  demandOfPeer(rest.length <= JSON_SIZE_MAX, `JSON of ${rest.length} bytes`);
  return JsonFields.parse('a message', codec.textOf(rest));
}

/** What cannot be parsed here is no damaged vault. */
function asPeer<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof Fault) || cause.code !== 'HF_VAULT_CORRUPT') throw cause;
    throw violation(cause.message);
  }
}
