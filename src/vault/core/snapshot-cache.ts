/** Snapshots that were read, checked and opened, sealed for this host. docs/format/snapshot-cache.md. */
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { GIB } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import type { Keyring } from './keyring.ts';
import type { SnapshotContent } from './snapshot-content.ts';
import type { SnapshotRecord } from './snapshot-record.ts';

/** What the clear part of a snapshot says, without what is needed to check it. */
export type SnapshotSummary = Pick<
  SnapshotRecord,
  'dataSet' | 'id' | 'name' | 'previous' | 'seq' | 'time' | 'writer'
>;

export interface KnownSnapshot {
  readonly summary: SnapshotSummary;
  readonly sizeBytes: number;
  readonly content: () => SnapshotContent;
}

type CacheKeys = Pick<Keyring, 'namesKey' | 'vault'>;

const MAGIC = byteString('HFSNAPS0');
const NONCE_SIZE = 12;
const PLAIN_SIZE_MAX = GIB;
const PURPOSE = byteString('holdfast snapshot cache 0');

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
  const text = `[${snapshots.map((each) => asciiJson(rowOf(each))).join(',\n')}]`;
  if (text.length > PLAIN_SIZE_MAX / 2) return undefined;
  const plain = codec.compress(codec.bytesOf(byteString(text)));
  const nonce = random.bytes(NONCE_SIZE);
  const aad = codec.bytesOf(byteString(keys.vault));
  const sealed = cipher.seal({ key, nonce, aad, plain });
  const bytes = new Uint8Array(MAGIC.length + NONCE_SIZE + sealed.length);
  codec.writeText(MAGIC, bytes, 0);
  bytes.set(nonce, MAGIC.length);
  bytes.set(sealed, MAGIC.length + NONCE_SIZE);
  return bytes;
}

/** By name; nothing where it is not what was sealed for this vault. */
export function openSnapshotCache(
  tools: Tools,
  keys: CacheKeys,
  bytes: Uint8Array,
): ReadonlyMap<string, KnownSnapshot> {
  const known = new Map<string, KnownSnapshot>();
  const { codec, cipher } = tools;
  const head = MAGIC.length + NONCE_SIZE;
  if (bytes.length < head || codec.textOf(bytes.subarray(0, MAGIC.length)) !== MAGIC) return known;
  const nonce = bytes.subarray(MAGIC.length, head);
  const aad = codec.bytesOf(byteString(keys.vault));
  const sealed = bytes.subarray(head);
  const key = keyOf(tools, keys);
  const plain = key === undefined ? undefined : cipher.open({ key, nonce, aad, sealed });
  if (plain === undefined) return known;
  try {
    // What fits its seal was written by this program: its shape is not asked again.
    const text = codec.textOf(codec.decompress(plain, PLAIN_SIZE_MAX));
    for (const row of JSON.parse(text) as CachedRow[]) known.set(row[0], knownFrom(row));
  } catch (error) {
    if (!(error instanceof Fault) && !(error instanceof SyntaxError)) throw error;
  }
  return known;
}

type Written<T> = Omit<T, 'bytes'> & { readonly bytes: string };
type ContentRow = Omit<SnapshotContent, 'excluded' | 'roots'> & {
  readonly roots: readonly Written<SnapshotContent['roots'][number]>[];
  readonly excluded: readonly Written<SnapshotContent['excluded'][number]>[];
};
type CachedRow = readonly [
  name: string,
  sizeBytes: number,
  id: string,
  writer: string,
  seq: number,
  previous: string,
  time: SnapshotRecord['time'],
  dataSet: string,
  content: ContentRow,
];

function rowOf({ summary, sizeBytes, content }: KnownSnapshot): CachedRow {
  const { name, id, writer, seq, previous, time, dataSet } = summary;
  const { roots, excluded, ...rest } = content();
  const written = {
    ...rest,
    roots: roots.map((root) => ({ ...root, bytes: String(root.bytes) })),
    excluded: excluded.map((rule) => ({ ...rule, bytes: String(rule.bytes) })),
  };
  return [name, sizeBytes, id, writer, seq, previous, time, dataSet, written];
}

function knownFrom(row: CachedRow): KnownSnapshot {
  const [name, sizeBytes, id, writer, seq, previous, time, dataSet, written] = row;
  return {
    summary: { name, id, writer, seq, previous, time, dataSet },
    sizeBytes,
    content: () => ({
      ...written,
      roots: written.roots.map((root) => ({ ...root, bytes: BigInt(root.bytes) })),
      excluded: written.excluded.map((rule) => ({ ...rule, bytes: BigInt(rule.bytes) })),
    }),
  };
}

/** Each character is a byte then, whatever names hold. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u0080-\uffff]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
