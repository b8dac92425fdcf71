/** The bytes of docs/format/stdio.md: what both sides write, and what they demand of the other. */
import { assert } from '../../base/assert.ts';
import { Fault } from '../../base/fault.ts';
import { KIB, MIB } from '../../base/units.ts';
import type { Codec } from '../../host/codec.ts';
import { INDEX_SIZE_MAX } from './index-table.ts';
import { PACK_SIZE_MAX } from './pack.ts';
import { SNAPSHOT_SIZE_MAX } from './snapshot-record.ts';

/** SSH_FXP_INIT, version 3: the first packet of every SFTP client. */
export const SFTP_INIT = Uint8Array.of(0, 0, 0, 5, 1, 0, 0, 0, 3);

export const STDIO_VERSION = 1;
export const GREETING_LINE = `holdfast-stdio ${STDIO_VERSION}\n`;
/** By which the first bytes of a server are told from everything else. */
export const GREETING_WORD = 'holdfast-stdio ';
export const GREETING_LINE_MAX = 64;

export const KIND = {
  hello: 1,
  put: 2,
  get: 3,
  list: 4,
  askSpace: 5,
  greeting: 0x81,
  stored: 0x82,
  present: 0x83,
  data: 0x84,
  page: 0x85,
  end: 0x86,
  space: 0x87,
  fault: 0xff,
} as const;

/** Kind and number, which the length counts too. */
export const FRAME_HEAD_SIZE = 5;
export const LENGTH_SIZE = 4;
export const REQUEST_FRAME_MAX = 64 * KIB;
/** Of one DATA. */
export const DATA_SIZE_MAX = MIB;
export const PAGE_SIZE_MAX = 64 * KIB;
export const ANSWER_FRAME_MAX = FRAME_HEAD_SIZE + DATA_SIZE_MAX;
export const JSON_SIZE_MAX = 16 * KIB;
/** Of one list. */
export const LIST_NAMES_MAX = 2 ** 21;
export const NUMBER_MAX = 2 ** 32 - 1;

export interface Frame {
  readonly kind: number;
  readonly number: number;
  readonly rest: Uint8Array;
}

/** How large the object of this name may be at most; the format of the vault says so. */
export function objectSizeMax(name: string): number {
  if (name.startsWith('packs/')) return PACK_SIZE_MAX;
  return name.startsWith('index/') ? INDEX_SIZE_MAX : SNAPSHOT_SIZE_MAX;
}

/** @throws Fault HF_STORE_PROTOCOL where `condition` does not hold */
export function demandOfPeer(condition: boolean, what: string): asserts condition {
  if (!condition) throw violation(what);
}

export function violation(what: string): Fault {
  return new Fault('HF_STORE_PROTOCOL', `the other side does not keep to the protocol: ${what}`);
}

export function encodeFrame({ kind, number, rest }: Frame): Uint8Array {
  assert(number >= 0 && number <= NUMBER_MAX, 'a number of a request has 32 bits');
  const bytes = new Uint8Array(LENGTH_SIZE + FRAME_HEAD_SIZE + rest.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, FRAME_HEAD_SIZE + rest.length, true);
  view.setUint8(4, kind);
  view.setUint32(5, number, true);
  bytes.set(rest, LENGTH_SIZE + FRAME_HEAD_SIZE);
  return bytes;
}

/** @returns the length of what follows it */
export function parseLength(bytes: Uint8Array, sizeMax: number): number {
  const length = viewOf(bytes).getUint32(0, true);
  const isSound = length >= FRAME_HEAD_SIZE && length <= sizeMax;
  demandOfPeer(isSound, `a frame of ${length} bytes`);
  return length;
}

/** @param bytes a frame without its length */
export function parseFrame(bytes: Uint8Array): Frame {
  const view = viewOf(bytes);
  const rest = bytes.subarray(FRAME_HEAD_SIZE);
  return { kind: view.getUint8(0), number: view.getUint32(1, true), rest };
}

/** Fields one after the other; each must be there, and at the end nothing may be left. */
export class FieldReader {
  readonly #bytes: Uint8Array;
  readonly #codec: Codec;
  #at = 0;

  constructor(bytes: Uint8Array, codec: Codec) {
    this.#bytes = bytes;
    this.#codec = codec;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  u16(): number {
    return viewOf(this.take(2)).getUint16(0, true);
  }

  /** Within what a number holds exactly; nothing here is larger. */
  u64(): number {
    const value = viewOf(this.take(8)).getBigUint64(0, true);
    demandOfPeer(value <= BigInt(Number.MAX_SAFE_INTEGER), `a count of ${value}`);
    return Number(value);
  }

  text(length = this.#bytes.length - this.#at): string {
    return this.#codec.textOf(this.take(length));
  }

  take(length: number): Uint8Array {
    demandOfPeer(this.#at + length <= this.#bytes.length, 'a frame that is too short');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  end(): void {
    demandOfPeer(this.isAtEnd, 'a frame that is too long');
  }
}

export type Field =
  | { readonly u16: number }
  | { readonly u64: number }
  | { readonly bytes: Uint8Array };

export function encodeFields(fields: readonly Field[]): Uint8Array {
  const sizes = fields.map((each) => sizeOf(each));
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [nth, field] of fields.entries()) {
    if ('u16' in field) view.setUint16(at, field.u16, true);
    else if ('u64' in field) view.setBigUint64(at, BigInt(field.u64), true);
    else bytes.set(field.bytes, at);
    at += sizes[nth] ?? 0;
  }
  return bytes;
}

function sizeOf(field: Field): number {
  if ('bytes' in field) return field.bytes.length;
  return 'u16' in field ? 2 : 8;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
