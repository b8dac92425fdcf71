import { assert } from '../../base/assert.ts';
import type { Digest } from '../../base/bytes.ts';
import { byteString, hexOf, parseDigest } from '../../base/bytes.ts';
import { MIB, type UnixMs } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import { canonicalBytes, splitLine, withLast } from './canonical-line.ts';
import { corrupt, demand } from './corruption.ts';
import type { DataKey } from './group.ts';
import { demandFormat } from './header.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import { bytesFrom, type JsonFields } from './json-fields.ts';
import { NAMES } from './object-id.ts';
import { parseSealedKeys, type SealedKey } from './sealed-key.ts';
import {
  encodeSnapshotContent,
  parseSnapshotContent,
  type SnapshotContent,
} from './snapshot-content.ts';
import { fingerprintOf } from './writer-record.ts';

export const SNAPSHOT_SIZE_MAX = 64 * MIB;
export const SEQ_MAX = 9_999_999_999;
const NONCE_SIZE = 12;
const SIGNATURE_SIZE = 64;
const SIGNED_HEAD = byteString('holdfast snapshot 0\n');
const SIGNATURE_LINE = /^\{"signature":"([0-9A-Za-z+/=]+)"\}$/;
const WHAT = 'snapshot';

/** The clear part of a snapshot. */
export interface SnapshotHeader {
  readonly vault: string;
  /** Fingerprint of the writer. */
  readonly writer: string;
  readonly seq: number;
  /** SHA-256 of the previous snapshot of this writer, in hex; empty for the first. */
  readonly previous: string;
  readonly time: UnixMs;
  /** What stands for the data set's name: 32 hex digits. */
  readonly dataSet: string;
  /** Ids of the root pages, in hex. */
  readonly refs: readonly string[];
}

/** A snapshot as it lies in the vault; nothing of it is believed before `isSignedBy`. */
export interface SnapshotRecord extends SnapshotHeader {
  /** SHA-256 of the whole object, in hex: the id of the snapshot. */
  readonly id: string;
  /** Under which it lies in the vault. */
  readonly name: string;
  readonly sealedKey: SealedKey;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
  /** What the seal is over besides. */
  readonly head: Uint8Array;
  readonly signature: Uint8Array;
  readonly signed: Uint8Array;
}

export interface WriteSnapshot {
  readonly header: Omit<SnapshotHeader, 'writer'>;
  readonly content: SnapshotContent;
  /** Of scope names. */
  readonly dataKey: DataKey;
  readonly sealedDataKey: Uint8Array;
  /** Raw Ed25519. */
  readonly writerKey: Uint8Array;
}

export interface WrittenSnapshot {
  readonly id: string;
  readonly name: string;
  readonly sha256: Digest;
  readonly bytes: Uint8Array;
}

/** Seals and signs a snapshot. */
export function encodeSnapshot(tools: Tools, options: WriteSnapshot): WrittenSnapshot {
  const { codec, cipher } = tools;
  const { header, dataKey, writerKey } = options;
  assert(header.seq >= 1 && header.seq <= SEQ_MAX, 'snapshots of a writer count from 1');
  const writer = fingerprintOf(tools, cipher.signingPublic(writerKey));
  const nonce = tools.random.bytes(NONCE_SIZE);
  const head = canonicalBytes(codec, {
    holdfast: 'snapshot',
    format: 0,
    vault: header.vault,
    writer,
    seq: header.seq,
    previous: header.previous,
    time: isoTimeOf(header.time),
    dataSet: header.dataSet,
    refs: header.refs,
    dataKey: codec.base64Of(options.sealedDataKey),
    nonce: codec.base64Of(nonce),
  });
  const plain = codec.bytesOf(encodeSnapshotContent(options.content));
  const sealed = cipher.seal({ key: dataKey.key, nonce, aad: head, plain });
  const line = withLast(codec, head, ['sealed', codec.base64Of(sealed)]);
  const signature = cipher.sign(writerKey, signedBytes(tools, line));
  const second = canonicalBytes(codec, { signature: codec.base64Of(signature) });
  const bytes = new Uint8Array(line.length + second.length + 1);
  bytes.set(line);
  bytes.set(second, line.length);
  bytes[bytes.length - 1] = 0x0a;
  const sha256 = tools.hash.sha256(bytes);
  const id = hexOf(sha256);
  return { id, name: snapshotName({ writer, seq: header.seq, id }), sha256, bytes };
}

const NAME = /^snapshots\/[0-9a-f]{16}-[0-9]{10}-[0-9a-f]{32}$/;

/** What is called otherwise no writer has put there: somebody's notes, half a copy, a backup of an editor. */
export function isSnapshotName(name: string): boolean {
  return NAME.test(name);
}

/** What a name says of its snapshot: the first digits of its writer and of its id. */
export function namedSnapshot(name: string):
  | {
      readonly writer: string;
      readonly seq: number;
      readonly id: string;
    }
  | undefined {
  if (!isSnapshotName(name)) return undefined;
  const [writer = '', seq = '', id = ''] = name.slice('snapshots/'.length).split('-');
  return { writer, seq: Number(seq), id };
}

/** `snapshots/FP16-SEQ-SHA32`. */
export function snapshotName(parts: {
  readonly writer: string;
  readonly seq: number;
  readonly id: string;
}): string {
  const seq = String(parts.seq).padStart(10, '0');
  return `snapshots/${parts.writer.slice(0, 16)}-${seq}-${parts.id.slice(0, 32)}`;
}

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else */
export function parseSnapshot(tools: Tools, bytes: Uint8Array): SnapshotRecord {
  demand(bytes.length <= SNAPSHOT_SIZE_MAX, WHAT, 'it is too large');
  const { codec } = tools;
  const firstEnd = bytes.indexOf(0x0a) + 1;
  demand(firstEnd > 0 && bytes.at(-1) === 0x0a, WHAT, 'it is not two lines');
  const line = bytes.subarray(0, firstEnd);
  const second = SIGNATURE_LINE.exec(codec.textOf(bytes.subarray(firstEnd, -1)));
  demand(second !== null, WHAT, 'it has no signature');
  const { head, fields, last } = splitLine(codec, line, { what: WHAT, name: 'sealed' });
  const id = hexOf(tools.hash.sha256(bytes));
  const header = parseHeader(fields);
  return {
    ...header,
    id,
    name: snapshotName({ ...header, id }),
    sealedKey: parseKey(tools, fields),
    nonce: fields.bytes('nonce', codec, NONCE_SIZE),
    sealed: bytesFrom(last, { what: WHAT, name: 'sealed', codec, length: undefined }),
    head,
    signature: bytesFrom(second[1] ?? '', {
      what: WHAT,
      name: 'signature',
      codec,
      length: SIGNATURE_SIZE,
    }),
    signed: signedBytes(tools, line),
  };
}

/** Whether the holder of this key, and the one the snapshot names as its writer, signed it. */
export function isSignedBy(tools: Tools, record: SnapshotRecord, publicKey: Uint8Array): boolean {
  return (
    record.writer === fingerprintOf(tools, publicKey) &&
    tools.cipher.verify(publicKey, record.signed, record.signature)
  );
}

/**
 * Opens the sealed part.
 * @param dataKey the 32 bytes from `record.sealedKey`
 * @throws Fault HF_VAULT_CORRUPT; nothing else
 */
export function openSnapshot(
  tools: Tools,
  record: SnapshotRecord,
  dataKey: Uint8Array,
): SnapshotContent {
  const { nonce, head, sealed } = record;
  const plain = tools.cipher.open({ key: dataKey, nonce, aad: head, sealed });
  if (plain === undefined) throw corrupt(record.name, 'its seal does not fit');
  return parseSnapshotContent(tools.codec.textOf(plain));
}

function parseHeader(fields: JsonFields): SnapshotHeader {
  demand(fields.is('holdfast', 'snapshot'), WHAT, 'it is something else');
  demandFormat(fields);
  const seq = fields.integer('seq', { min: 1, max: SEQ_MAX });
  const refs = fields.texts('refs');
  for (const ref of refs) demand(parseDigest(ref) !== undefined, WHAT, 'a reference is no id');
  return {
    vault: fields.hex('vault', 32),
    writer: fields.hex('writer', 64),
    seq,
    previous: fields.is('previous', '') ? '' : fields.hex('previous', 64),
    time: fields.time('time'),
    dataSet: fields.hex('dataSet', 32),
    refs,
  };
}

function parseKey(tools: Tools, fields: JsonFields): SealedKey {
  const [key, ...others] = parseSealedKeys(fields.bytes('dataKey', tools.codec));
  demand(key !== undefined && others.length === 0, WHAT, 'it has not one data key');
  demand(key.scope === NAMES, WHAT, 'its data key is of another scope');
  return key;
}

function signedBytes(tools: Tools, line: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(SIGNED_HEAD.length + line.length);
  tools.codec.writeText(SIGNED_HEAD, bytes, 0);
  bytes.set(line, SIGNED_HEAD.length);
  return bytes;
}
