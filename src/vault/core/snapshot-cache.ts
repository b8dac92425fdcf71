/** Snapshots that were read, checked and opened, sealed for this host. docs/format/snapshot-cache.md. */
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { GIB } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import type { Keyring } from './keyring.ts';
import {
  decodeSnapshotColumns,
  encodeSnapshotColumns,
  type KeptSnapshots,
  type KnownSnapshot,
} from './snapshot-columns.ts';

type CacheKeys = Pick<Keyring, 'namesKey' | 'vault'>;

const MAGIC = byteString('HFSNAPS1');
const NONCE_SIZE = 12;
const SIZE_SIZE = 4;
const PLAIN_SIZE_MAX = GIB;
const PURPOSE = byteString('holdfast snapshot cache 1');

/** Who may not read names reads none here: undefined. */
function keyOf({ cipher, codec }: Tools, { namesKey }: CacheKeys): Uint8Array | undefined {
  return namesKey === undefined ? undefined : cipher.hmac(namesKey, codec.bytesOf(PURPOSE));
}

/** @returns undefined where all of it would be too large to be read again, or nothing may be read */
export function sealSnapshotCache(
  tools: Tools,
  keys: CacheKeys,
  snapshots: readonly KnownSnapshot[],
): Uint8Array | undefined {
  const { codec, cipher, random } = tools;
  const key = keyOf(tools, keys);
  if (key === undefined) return undefined;
  const text = encodeSnapshotColumns(snapshots);
  if (text.length > PLAIN_SIZE_MAX / 2) return undefined;
  const frame = codec.compress(codec.bytesOf(text));
  const plain = new Uint8Array(SIZE_SIZE + frame.length);
  new DataView(plain.buffer).setUint32(0, text.length, true);
  plain.set(frame, SIZE_SIZE);
  const nonce = random.bytes(NONCE_SIZE);
  const aad = codec.bytesOf(byteString(keys.vault));
  const sealed = cipher.seal({ key, nonce, aad, plain });
  const bytes = new Uint8Array(MAGIC.length + NONCE_SIZE + sealed.length);
  codec.writeText(MAGIC, bytes, 0);
  bytes.set(nonce, MAGIC.length);
  bytes.set(sealed, MAGIC.length + NONCE_SIZE);
  return bytes;
}

/** Undefined where it is not what was sealed for this vault. */
export function openSnapshotCache(
  tools: Tools,
  keys: CacheKeys,
  bytes: Uint8Array,
): KeptSnapshots | undefined {
  const { codec, cipher } = tools;
  const head = MAGIC.length + NONCE_SIZE;
  if (bytes.length < head || codec.textOf(bytes.subarray(0, MAGIC.length)) !== MAGIC)
    return undefined;
  const nonce = bytes.subarray(MAGIC.length, head);
  const aad = codec.bytesOf(byteString(keys.vault));
  const sealed = bytes.subarray(head);
  const key = keyOf(tools, keys);
  const plain = key === undefined ? undefined : cipher.open({ key, nonce, aad, sealed });
  if (plain === undefined || plain.length < SIZE_SIZE) return undefined;
  try {
    // What fits its seal was written by this program: its shape is not asked again.
    const size = new DataView(plain.buffer, plain.byteOffset).getUint32(0, true);
    if (size > PLAIN_SIZE_MAX) return undefined;
    return decodeSnapshotColumns(codec.textOf(codec.decompress(plain.subarray(SIZE_SIZE), size)));
  } catch (error) {
    if (!(error instanceof Fault) && !(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
