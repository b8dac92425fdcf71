/**
 * A writer's word that nothing had changed since a snapshot of its own: it stands for a snapshot that
 * would have said the same. docs/format/vault.md, section 8.
 */
import { byteString } from '../../base/bytes.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import { canonicalBytes, splitLine, withLast } from './canonical-line.ts';
import { demand } from './corruption.ts';
import { demandFormat } from './header.ts';
import { snapshotName } from './snapshot-record.ts';
import { fingerprintOf } from './writer-record.ts';

const KIND = 'seen';
export const SEEN_SIZE_MAX = 4096;
const SIGNATURE_SIZE = 64;
const MS_DIGITS = 13;
const NAME = /^seen\/(.+)-([0-9]{13})$/;

/** What is said; nothing of it is believed before its signature was checked. */
export interface SeenRecord {
  readonly vault: string;
  /** Fingerprint. */
  readonly writer: string;
  /** Id of the snapshot, 64 hex digits. */
  readonly snapshot: string;
  /** Up to which the snapshot covers the data. */
  readonly time: UnixMs;
}

/** A snapshot, as its header names it. */
export type SeenSnapshot = Parameters<typeof snapshotName>[0];

/** @returns with it begin the names of all that was said of this snapshot */
export function seenPrefix(snapshot: SeenSnapshot): string {
  return `seen/${snapshotName(snapshot).slice('snapshots/'.length)}-`;
}

export function seenName(snapshot: SeenSnapshot, time: UnixMs): string {
  return seenPrefix(snapshot) + String(time).padStart(MS_DIGITS, '0');
}

/** By its name alone; undefined: it is no name of one. */
export function seenIn(
  name: string,
): { readonly snapshot: string; readonly timeMs: number } | undefined {
  const match = NAME.exec(name);
  if (match?.[1] === undefined) return undefined;
  return { snapshot: `snapshots/${match[1]}`, timeMs: Number(match[2]) };
}

/** @param writerKey raw Ed25519 */
export function encodeSeen(
  tools: Tools,
  { vault, writer, snapshot, time }: SeenRecord,
  writerKey: Uint8Array,
): Uint8Array {
  const { codec, cipher } = tools;
  const members = { vault, writer, snapshot, time: isoTimeOf(time) };
  const head = canonicalBytes(codec, { holdfast: KIND, format: 0, ...members });
  const signature = cipher.sign(writerKey, signedBytes(tools, head));
  return withLast(codec, head, ['signature', codec.base64Of(signature)]);
}

/**
 * @param publicKey of the writer of the snapshot, who alone can say it
 * @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else
 */
export function parseSeen(tools: Tools, bytes: Uint8Array, publicKey: Uint8Array): SeenRecord {
  demand(bytes.length <= SEEN_SIZE_MAX, KIND, 'it is too large');
  const { codec, cipher } = tools;
  const { head, fields, last } = splitLine(codec, bytes, { what: KIND, name: 'signature' });
  demand(fields.is('holdfast', KIND), KIND, 'it is something else');
  demandFormat(fields);
  const writer = fields.hex('writer', 64);
  const signature = codec.bytesOfBase64(last);
  const isSigned =
    signature?.length === SIGNATURE_SIZE &&
    writer === fingerprintOf(tools, publicKey) &&
    cipher.verify(publicKey, signedBytes(tools, head), signature);
  demand(isSigned, KIND, 'its signature does not fit');
  const snapshot = fields.hex('snapshot', 64);
  return { vault: fields.hex('vault', 32), writer, snapshot, time: fields.time('time') };
}

function signedBytes({ codec }: Tools, head: Uint8Array): Uint8Array {
  const before = byteString(`holdfast ${KIND} 0\n`);
  const bytes = new Uint8Array(before.length + head.length);
  codec.writeText(before, bytes, 0);
  bytes.set(head, before.length);
  return bytes;
}
