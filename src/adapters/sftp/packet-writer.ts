import { assert } from '../../base/assert.ts';
import type { ByteString } from '../../base/bytes.ts';

/** What a server gave for an open file or directory. */
export type Handle = ByteString;

type Field =
  | { readonly uint32: number }
  | { readonly uint64: number }
  | { readonly text: ByteString | string };

export const uint32 = (value: number): Field => ({ uint32: value });
export const uint64 = (value: number): Field => ({ uint64: value });
export const text = (value: ByteString | string): Field => ({ text: value });

/** A path of a vault is far shorter; with it, one packet of each kind fits. */
const TEXT_SIZE_MAX = 16 * 1024;

export interface PacketHead {
  readonly type: number;
  /** Absent in INIT alone. */
  readonly id?: number;
  readonly fields: readonly Field[];
  /** Bytes that are sent behind it and belong to it: the payload of a WRITE. */
  readonly payloadSize?: number;
}

/** A packet with its length, up to where its payload begins. */
export function encodePacket({ type, id, fields, payloadSize = 0 }: PacketHead): Uint8Array {
  let size = 1 + (id === undefined ? 0 : 4);
  for (const field of fields) size += sizeOf(field);
  const bytes = new Uint8Array(4 + size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, size + payloadSize);
  view.setUint8(4, type);
  let at = 5;
  if (id !== undefined) {
    view.setUint32(at, id);
    at += 4;
  }
  for (const field of fields) {
    if ('uint32' in field) view.setUint32(at, field.uint32);
    else if ('uint64' in field) view.setBigUint64(at, BigInt(field.uint64));
    else {
      view.setUint32(at, field.text.length);
      bytes.set(Buffer.from(field.text, 'latin1'), at + 4);
    }
    at += sizeOf(field);
  }
  return bytes;
}

function sizeOf(field: Field): number {
  if ('uint32' in field) return 4;
  if ('uint64' in field) return 8;
  assert(field.text.length <= TEXT_SIZE_MAX, 'a path or a handle is short');
  return 4 + field.text.length;
}
