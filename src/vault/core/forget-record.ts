/**
 * What went from a vault by a plan, and what of it came back: the clear headers of forgotten snapshots,
 * so that nobody takes them for lost. docs/format/vault.md, section 10.
 */
import { type Digest, hexOf } from '../../base/bytes.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import { demand } from './corruption.ts';
import type { JsonFields } from './json-fields.ts';
import type { Keyring } from './keyring.ts';
import type { ChainLink } from './snapshot-chain.ts';
import { encodeVouched, parseVouched } from './vouched-line.ts';

const SIZE_MAX = 64 * 1024 * 1024;
const SEQ = { min: 1, max: 9_999_999_999 };
const PLAN = /^p-[0-9a-f]{8}$/;

/** What stays of a snapshot that was forgotten. */
export interface ForgottenHeader extends ChainLink {
  /** Stands for its data set, as in the clear header. */
  readonly dataSet: string;
}

/** `plan` is that of the guard, `p-` and eight hex digits. */
interface OfPlan {
  readonly plan: string;
  readonly time: UnixMs;
  /** Who wrote it held a key of this vault. */
  readonly isVouched: boolean;
}

export interface ForgetRecord extends OfPlan {
  /** The retention, as it is written on the command line. */
  readonly policy: string;
  readonly snapshots: readonly ForgottenHeader[];
}

export interface PutBackRecord extends OfPlan {
  /** Ids of the snapshots, 64 hex digits. */
  readonly snapshots: readonly string[];
}

export interface NamedObject {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly sha256: Digest;
}

type Keys = Pick<Keyring, 'vault' | 'vouchKey' | 'vouchPublic'>;
type Parse<T> = (tools: Tools, keyring: Keys, bytes: Uint8Array) => T;

export function encodeForget(
  tools: Tools,
  keyring: Keys,
  { plan, time, policy, snapshots }: Omit<ForgetRecord, 'isVouched'>,
): NamedObject {
  const listed = snapshots.map(({ id, writer, seq, previous, time: at, dataSet }) => ({
    ...{ id, writer, seq, previous, time: isoTimeOf(at), dataSet },
  }));
  const members = { plan, time: isoTimeOf(time), policy, snapshots: listed };
  return named(tools, {
    ...{ folder: 'forgets', plan },
    bytes: encodeVouched(tools, keyring, { kind: 'forget', members }),
  });
}

export function encodePutBack(
  tools: Tools,
  keyring: Keys,
  { plan, time, snapshots }: Omit<PutBackRecord, 'isVouched'>,
): NamedObject {
  const members = { plan, time: isoTimeOf(time), snapshots };
  return named(tools, {
    ...{ folder: 'putbacks', plan },
    bytes: encodeVouched(tools, keyring, { kind: 'putback', members }),
  });
}

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else */
export const parseForget: Parse<ForgetRecord> = (tools, keyring, bytes) => {
  const read = parseVouched(tools, keyring, { bytes, kind: 'forget', sizeMax: SIZE_MAX });
  const { fields } = read;
  return {
    ...planOf(fields),
    isVouched: read.isVouched,
    policy: fields.text('policy'),
    snapshots: fields.objects('snapshots').map((each) => ({
      ...{ id: each.hex('id', 64), writer: each.hex('writer', 64), seq: each.integer('seq', SEQ) },
      previous: each.is('previous', '') ? '' : each.hex('previous', 64),
      ...{ time: each.time('time'), dataSet: each.hex('dataSet', 32) },
    })),
  };
};

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else */
export const parsePutBack: Parse<PutBackRecord> = (tools, keyring, bytes) => {
  const read = parseVouched(tools, keyring, { bytes, kind: 'putback', sizeMax: SIZE_MAX });
  const snapshots = read.fields.texts('snapshots');
  for (const id of snapshots) demand(/^[0-9a-f]{64}$/.test(id), 'putback', 'an id is none');
  return { ...planOf(read.fields), isVouched: read.isVouched, snapshots };
};

function planOf(fields: JsonFields): Pick<OfPlan, 'plan' | 'time'> {
  const plan = fields.text('plan');
  demand(PLAN.test(plan), 'forget', 'its plan is none');
  return { plan, time: fields.time('time') };
}

/** The name holds the digest: what lies under another name is not what was written. */
export function recordName(
  { hash }: Pick<Tools, 'hash'>,
  of: { readonly folder: string; readonly plan: string; readonly bytes: Uint8Array },
): string {
  return `${of.folder}/${of.plan}-${hexOf(hash.sha256(of.bytes)).slice(0, 32)}`;
}

function named(
  tools: Tools,
  of: { readonly folder: string; readonly plan: string; readonly bytes: Uint8Array },
): NamedObject {
  const { bytes } = of;
  return { name: recordName(tools, of), bytes, sha256: tools.hash.sha256(bytes) };
}
