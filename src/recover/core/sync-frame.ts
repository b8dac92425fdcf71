/** The bytes of docs/format/sync-stdio.md, and what each side demands of the other. */
import { byteString, type Digest, digestOfBytes } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { MIB } from '../../base/units.ts';
import { CONTENT, NAMES, type ObjectKind } from '../../vault/core/object-id.ts';

export const SYNC_KIND = {
  offer: 0x01,
  edits: 0x02,
  edited: 0x03,
  object: 0x04,
  refused: 0x05,
  go: 0x06,
  drop: 0x07,
  patched: 0x08,
  hello: 0x81,
  want: 0x82,
  plan: 0x83,
  ops: 0x84,
  planned: 0x85,
  progress: 0x86,
  done: 0x87,
  fault: 0xff,
} as const;

export const LENGTH_SIZE = 4;
export const SYNC_FRAME_MAX = 16 * MIB + 1;
export const SYNC_JSON_MAX = MIB;
/** Of edits and of operations, unpacked. */
export const SYNC_LINES_MAX = 4 * MIB;
/** Wanted and not answered. */
export const WANTED_MAX = 256;
/** Of one object, unpacked: content has at most 8 MiB in a chunk, a page may have one long line. */
export const OBJECT_MAX = 16 * MIB;

const DIGEST_SIZE = 32;

export interface SyncFrame {
  readonly kind: number;
  readonly rest: Uint8Array;
}

export interface WantedObject {
  readonly kind: ObjectKind;
  readonly digest: Digest;
  /** Content of which the old version, at the same path in `base`, is there. */
  readonly hasOld?: boolean;
  /** A chunk of a large file, of which this chunk of its old version is there. */
  readonly old?: Digest;
}

const WANT_CONTENT = 0;
const WANT_NAMES = 1;
const WANT_PATCH = 2;
const WANT_CHUNK_PATCH = 3;
/** Kind and digest; of the last kind another digest. */
const WANT_SIZES = [33, 33, 33, 65] as const;

/** @throws Fault HF_SYNC_PROTOCOL where `condition` does not hold */
export function demandSync(condition: boolean, why: string): asserts condition {
  if (!condition) throw new Fault('HF_SYNC_PROTOCOL', why, { host: 'the other side' });
}

/** With its length in front. */
export function encodeFrame(kind: number, rest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(LENGTH_SIZE + 1 + rest.length);
  new DataView(bytes.buffer).setUint32(0, rest.length + 1, true);
  bytes[LENGTH_SIZE] = kind;
  bytes.set(rest, LENGTH_SIZE + 1);
  return bytes;
}

/** @throws Fault HF_SYNC_PROTOCOL */
export function frameLength(bytes: Uint8Array): number {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  demandSync(length >= 1 && length <= SYNC_FRAME_MAX, 'a message has no sound length');
  return length;
}

export function frameOf(bytes: Uint8Array): SyncFrame {
  return { kind: bytes[0] ?? 0, rest: bytes.subarray(1) };
}

export function encodeWant(objects: readonly WantedObject[]): Uint8Array {
  const kinds = objects.map(wantOf);
  const bytes = new Uint8Array(kinds.reduce<number>((sum, kind) => sum + WANT_SIZES[kind], 0));
  let at = 0;
  for (const [index, { digest, old }] of objects.entries()) {
    const kind = kinds[index] ?? WANT_CONTENT;
    bytes[at] = kind;
    writeDigest(digest, bytes, at + 1);
    if (old !== undefined) writeDigest(old, bytes, at + 1 + DIGEST_SIZE);
    at += WANT_SIZES[kind];
  }
  return bytes;
}

function wantOf({ kind, hasOld, old }: WantedObject): 0 | 1 | 2 | 3 {
  if (kind === NAMES) return WANT_NAMES;
  if (old !== undefined) return WANT_CHUNK_PATCH;
  return hasOld === true ? WANT_PATCH : WANT_CONTENT;
}

/** @throws Fault HF_SYNC_PROTOCOL */
export function parseWant(rest: Uint8Array): readonly WantedObject[] {
  const wanted: WantedObject[] = [];
  for (let at = 0; at < rest.length; ) {
    const kind = rest[at] ?? 0;
    const size = WANT_SIZES[kind];
    demandSync(size !== undefined, 'an object of an unknown kind is wanted');
    const isWhole = at + size <= rest.length && wanted.length < WANTED_MAX;
    demandSync(isWhole, 'no sound number of objects is wanted');
    wanted.push(wantedAt(rest, at, kind));
    at += size;
  }
  demandSync(wanted.length > 0, 'no sound number of objects is wanted');
  return wanted;
}

function wantedAt(rest: Uint8Array, at: number, kind: number): WantedObject {
  const digest = digestIn(rest, at + 1);
  if (kind === WANT_NAMES) return { kind: NAMES, digest };
  if (kind === WANT_CONTENT) return { kind: CONTENT, digest };
  if (kind === WANT_PATCH) return { kind: CONTENT, digest, hasOld: true };
  return { kind: CONTENT, digest, old: digestIn(rest, at + 1 + DIGEST_SIZE) };
}

export function digestBytes(digest: Digest): Uint8Array {
  const bytes = new Uint8Array(DIGEST_SIZE);
  writeDigest(digest, bytes, 0);
  return bytes;
}

/** @throws Fault HF_SYNC_PROTOCOL */
export function parseDigestBytes(rest: Uint8Array): Digest {
  demandSync(rest.length === DIGEST_SIZE, 'a digest has not its length');
  return digestIn(rest, 0);
}

function writeDigest(digest: Digest, into: Uint8Array, offset: number): void {
  for (let at = 0; at < DIGEST_SIZE; at++) into[offset + at] = digest.charCodeAt(at);
}

function digestIn(bytes: Uint8Array, offset: number): Digest {
  const raw = String.fromCharCode(...bytes.subarray(offset, offset + DIGEST_SIZE));
  return digestOfBytes(byteString(raw));
}
