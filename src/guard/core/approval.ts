/** What a person signs, as text: docs/format/approval.md 1. */
import { type ByteString, byteString, type Digest, hexOf, parseDigest } from '../../base/bytes.ts';
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Objection, RuleName } from '../../base/plan.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import { type Fields, isCount, objectOf } from './held-things.ts';

export const APPROVAL_NAMESPACE = 'holdfast-approval@v1';
const FORMAT = 'holdfast-approval/0';
const ARMOR = '-----BEGIN SSH SIGNATURE-----\n';
const ARMOR_END = '-----END SSH SIGNATURE-----';
const SIZE_MAX = 65_536;
const KEYS = 'digest,expires,host,named,nonce,plan,releases,target';

export interface ApprovalStatement {
  readonly digest: Digest;
  readonly expires: UnixMs;
  readonly host: string;
  /** The person typed the name of the target. */
  readonly named: boolean;
  readonly nonce: string;
  readonly plan: string;
  readonly releases: readonly string[];
  readonly target: string;
}

export interface Approval {
  readonly statement: ApprovalStatement;
  /** The bytes that were signed. */
  readonly signed: ByteString;
  /** Armored. */
  readonly signature: ByteString;
}

/** What is given to ssh-keygen. */
export function signedText(statement: ApprovalStatement): ByteString {
  const { digest, releases, ...rest } = statement;
  const line = canonicalJson({ ...rest, digest: hexOf(digest), releases: releases.toSorted() });
  return byteString(`${FORMAT}\n${bytesOfUtf8(line)}\n`);
}

export function approvalText({ signed, signature }: Omit<Approval, 'statement'>): ByteString {
  return byteString(`${signed}${signature.trimEnd()}\n`);
}

/** Undefined: it is none. Carriage returns and white space around it, as mail leaves them, are let go. */
export function parseApproval(text: ByteString): Approval | undefined {
  if (text.length > SIZE_MAX) return undefined;
  const plain = text.replaceAll('\r\n', '\n').trim();
  const at = plain.indexOf(ARMOR);
  if (at === -1 || !plain.endsWith(ARMOR_END)) return undefined;
  const signed = byteString(plain.slice(0, at));
  const [format, line = '', ...rest] = signed.split('\n');
  if (format !== FORMAT || rest.join('') !== '') return undefined;
  const statement = statementOf(objectOf(byteString(line)));
  if (statement === undefined || signedText(statement) !== signed) return undefined;
  return { statement, signed, signature: byteString(`${plain.slice(at)}\n`) };
}

/** Rules that an approval of this plan would release. */
export function releasable(objections: readonly Objection[]): readonly RuleName[] {
  const held = objections.filter(
    ({ effect, mode, isInvariant }) => effect === 'hold' && mode === 'enforce' && !isInvariant,
  );
  return [...new Set(held.map(({ rule }) => rule))].sort();
}

function statementOf(fields: Fields | undefined): ApprovalStatement | undefined {
  if (fields === undefined || Object.keys(fields).sort().join(',') !== KEYS) return undefined;
  const { expires, host, named, nonce, plan, releases, target } = fields;
  const digest = typeof fields.digest === 'string' ? parseDigest(fields.digest) : undefined;
  if (digest === undefined || !isCount(expires) || typeof named !== 'boolean') return undefined;
  if (typeof host !== 'string' || typeof target !== 'string') return undefined;
  if (typeof nonce !== 'string' || !/^[0-9a-f]{32}$/.test(nonce)) return undefined;
  if (typeof plan !== 'string' || !/^p-[0-9a-f]{8}$/.test(plan)) return undefined;
  if (!isTexts(releases)) return undefined;
  return { digest, expires: unixMs(expires), host, named, nonce, plan, releases, target };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
