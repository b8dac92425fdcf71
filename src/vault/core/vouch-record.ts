import type { Tools } from '../../host/tools.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import type { UnixMs } from '../../base/units.ts';
import { demand } from './corruption.ts';
import type { JsonFields } from './json-fields.ts';
import type { Keyring } from './keyring.ts';
import { encodeVouched, parseVouched } from './vouched-line.ts';
import { fingerprintOf } from './writer-record.ts';

/** Some two million snapshots that stay trusted are named in it. */
export const VOUCH_RECORD_SIZE_MAX = 2 ** 26;
const KEY_SIZE = 32;
const NUMBER_MAX = 999_999;
const KEPT_DIGITS = 32;
const WHAT = 'vouch';
const OF_VOUCH = { kind: WHAT, sizeMax: VOUCH_RECORD_SIZE_MAX };
/** Whose word nothing is signed with. */
const NOBODY = { vault: '', vouchPublic: new Uint8Array(KEY_SIZE) };

/** How far a writer is believed. */
export interface WriterTrust {
  /** What it dated before is not. */
  readonly from: UnixMs | undefined;
  /** No longer believed, since then; what it wrote is, as far as `kept` names it. */
  readonly until: UnixMs | undefined;
  /** First 32 hex digits of their ids; undefined where `until` is. */
  readonly kept: ReadonlySet<string> | undefined;
}

export const TRUSTED: WriterTrust = { from: undefined, until: undefined, kept: undefined };

/** The word of whoever holds a full keyring about a writer. Of several the one of the highest number counts. */
export interface VouchRecord {
  /** Raw Ed25519, of the writer. */
  readonly publicKey: Uint8Array;
  /** SHA-256 of it, 64 hex digits. */
  readonly fingerprint: string;
  /** From 1. */
  readonly number: number;
  readonly created: UnixMs;
  readonly trust: WriterTrust;
  /** In the vault. */
  readonly name: string;
  /** As it lies there. */
  readonly bytes: Uint8Array;
}

export type WriteVouch = Pick<VouchRecord, 'publicKey' | 'number' | 'created' | 'trust'>;

/** @param keyring a full one: what another signs counts for nothing */
export function encodeVouch(
  tools: Tools,
  vouch: WriteVouch,
  keyring: Pick<Keyring, 'vault' | 'vouchKey'>,
): Uint8Array {
  const { from, until, kept } = vouch.trust;
  return encodeVouched(tools, keyring, {
    kind: WHAT,
    members: {
      publicKey: tools.codec.base64Of(vouch.publicKey),
      n: vouch.number,
      created: isoTimeOf(vouch.created),
      ...(from === undefined ? {} : { from: isoTimeOf(from) }),
      ...(until === undefined ? {} : { until: isoTimeOf(until), kept: [...(kept ?? [])].sort() }),
    },
  });
}

/**
 * @returns undefined where it is of another vault, or nobody with a full keyring of this one signed it
 * @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else
 */
export function parseVouch(
  tools: Tools,
  bytes: Uint8Array,
  keyring: Pick<Keyring, 'vault' | 'vouchPublic'>,
): VouchRecord | undefined {
  const { fields, isVouched } = parseVouched(tools, keyring, { ...OF_VOUCH, bytes });
  if (!isVouched) return undefined;
  const publicKey = fields.bytes('publicKey', tools.codec, KEY_SIZE);
  const number = fields.integer('n', { min: 1, max: NUMBER_MAX });
  const fingerprint = fingerprintOf(tools, publicKey);
  const created = fields.time('created');
  const name = vouchName({ fingerprint, number });
  return { publicKey, fingerprint, number, created, trust: trustIn(fields), name, bytes };
}

/**
 * What its shape tells whoever has no key.
 * @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else
 */
export function vouchIn(
  tools: Tools,
  bytes: Uint8Array,
): { readonly vault: string; readonly vouch: string } {
  const { fields } = parseVouched(tools, NOBODY, { ...OF_VOUCH, bytes });
  const fingerprint = fingerprintOf(tools, fields.bytes('publicKey', tools.codec, KEY_SIZE));
  const number = fields.integer('n', { min: 1, max: NUMBER_MAX });
  return { vault: fields.hex('vault', 32), vouch: vouchName({ fingerprint, number }) };
}

/** `vouches/FP-NNNNNN`. */
export function vouchName(of: { readonly fingerprint: string; readonly number: number }): string {
  return `vouches/${of.fingerprint}-${String(of.number).padStart(6, '0')}`;
}

export function isBelieved(
  { from, kept }: WriterTrust,
  snapshot: { readonly id: string; readonly time: UnixMs },
): boolean {
  if (from !== undefined && snapshot.time < from) return false;
  return kept === undefined || kept.has(snapshot.id.slice(0, KEPT_DIGITS));
}

/** No longer believed since `until`; what is here of it and dated before stays believed. */
export function distrusted(
  before: WriterTrust | undefined,
  of: {
    readonly until: UnixMs;
    readonly snapshots: readonly { readonly id: string; readonly time: UnixMs }[];
  },
): WriterTrust {
  const { until, snapshots } = of;
  const kept = snapshots
    .filter((each) => before !== undefined && isBelieved(before, each) && each.time < until)
    .map(({ id }) => id.slice(0, KEPT_DIGITS));
  return { from: before?.from, until, kept: new Set(kept) };
}

function trustIn(fields: JsonFields): WriterTrust {
  const from = fields.has('from') ? fields.time('from') : undefined;
  if (!fields.has('until')) return { from, until: undefined, kept: undefined };
  const kept = fields.texts('kept');
  for (const id of kept) demand(/^[0-9a-f]{32}$/.test(id), WHAT, 'what it keeps is no id');
  return { from, until: fields.time('until'), kept: new Set(kept) };
}
