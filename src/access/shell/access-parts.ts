import { assert } from '../../base/assert.ts';
import { byteString, hexOf } from '../../base/bytes.ts';
import type { Clock } from '../../host/clock.ts';
import type { Hash } from '../../host/hash.ts';
import type { Random } from '../../host/random.ts';
import { base64OfText } from '../../manifest/core/base64.ts';
import type { AccessChange, AuditEntry } from '../core/account.ts';
import type { RefusedLines } from '../core/refused-lines.ts';
import type { AccessStore } from './access-store.ts';
import type { PasswordHash } from './password-hash.ts';

export interface AccessParts<Also> {
  readonly store: AccessStore<Also>;
  readonly passwords: PasswordHash;
  readonly random: Random;
  readonly hash: Hash;
  readonly clock: Clock;
}

/** Who asks for a change, for the log. */
export interface Asker {
  readonly who: string;
  /** An address, or `terminal`. */
  readonly from: string;
}

export type Said = Pick<AuditEntry, 'act' | 'subject'> &
  Partial<Pick<AuditEntry, 'outcome' | 'detail'>>;

/** A line for the log, to be committed with what it tells of. */
export function auditChange(clock: Clock, by: Asker, said: Said): AccessChange {
  const { act, subject, outcome = 'done', detail = {} } = said;
  const entry = { at: clock.now(), who: by.who, from: by.from, act, subject, outcome, detail };
  return { do: 'audit', entry };
}

/** As `auditChange`, of what a stranger was refused: there are only so many lines for them. */
export function refusedChanges(
  { clock, lines }: { readonly clock: Clock; readonly lines: RefusedLines },
  by: Asker,
  said: Said,
): readonly AccessChange[] {
  const taken = lines.take(clock.monotonic());
  if (taken === undefined) return [];
  const { unsaid } = taken;
  const detail = { ...said.detail, ...(unsaid === 0 ? {} : { unsaid }) };
  return [auditChange(clock, by, { ...said, outcome: 'refused', detail })];
}

const SECRET_BYTES = 32;
/** Longer than any that was made. */
const SECRET_SHAPE = /^[\w-]{32,80}$/;

/** 32 random bytes in base64url. */
export function newSecret(random: Random): string {
  const bytes = random.bytes(SECRET_BYTES);
  assert(bytes.length === SECRET_BYTES, 'a secret is as long as it was asked for');
  const text = base64OfText(byteString(String.fromCharCode(...bytes)));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export function newId(random: Random): string {
  return hexOf(byteString(String.fromCharCode(...random.bytes(16))));
}

/** What is kept of a secret; undefined for what nobody made. */
export function digestOfSecret(hash: Hash, secret: string): string | undefined {
  if (!SECRET_SHAPE.test(secret)) return undefined;
  return hexOf(hash.sha256Text(byteString(secret)));
}
