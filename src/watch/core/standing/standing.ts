/** What may be said of anything now, from what is held of it: docs/design/027-evidence.md. */
import type { ItemSaw } from '../agent/messages.ts';
import { limitOf } from './limit.ts';

/** Worst last. */
export const MARKS = ['ok', 'degraded', 'unknown', 'failed'] as const;
export type StandingMark = (typeof MARKS)[number];

export type StandingReason =
  | ItemSaw
  /** Nobody has ever said anything of it. */
  | 'never-seen'
  /** Nobody has said it since this server knows of now. */
  | 'not-said'
  | 'expired'
  | 'silent'
  | 'from-future'
  | 'gone'
  /** Two speak with the key of its agent: nobody knows whose word this is. */
  | 'two-speakers'
  /** Two others which hear each other do not reach it. */
  | 'down'
  /** One alone does not reach it: what is between them may be to blame. */
  | 'path'
  | 'maintenance'
  | 'empty'
  | 'no-peer';

export interface Standing {
  readonly mark: StandingMark;
  readonly reason: StandingReason;
  /** One sentence. */
  readonly why: string;
}

/** What is held of an item. Moments are of the server's clock that never steps. */
export interface ItemEvidence {
  readonly kind: string;
  readonly saw: ItemSaw | 'gone';
  readonly why: string;
  /** Not before this moment; absent: not since this server knows of now. */
  readonly seenAtMs: number | undefined;
  /** Asked for by its agent; the cap of its kind is applied here. */
  readonly limitMs: number;
}

/** Whether its agent still speaks. */
export interface Lease {
  /** It spoke, not before this moment. */
  readonly saidAtMs: number | undefined;
  readonly hasTwoSpeakers: boolean;
}

/** An agent says something each 20 s at the latest; so long after its last word nothing of it counts. */
export const LEASE_MS = 60_000;

const MARK_OF: Readonly<Record<ItemSaw, StandingMark>> = {
  healthy: 'ok',
  impaired: 'degraded',
  broken: 'failed',
  unreadable: 'unknown',
};

export function unknownFor(reason: StandingReason, why: string): Standing {
  return { mark: 'unknown', reason, why };
}

/**
 * The one function that says how an item stands. It fails closed: what is missing, old, from the
 * future, or said by somebody who is not heard any more is `unknown`.
 */
export function itemStanding(
  evidence: ItemEvidence | undefined,
  lease: Lease,
  nowMs: number,
): Standing {
  if (evidence === undefined) return unknownFor('never-seen', 'Nobody has looked at it yet.');
  const { saw, seenAtMs } = evidence;
  if (saw === 'gone') return unknownFor('gone', `It is not watched any more: ${evidence.why}`);
  const spoken = leaseStanding(lease, nowMs);
  if (spoken.mark !== 'ok') return spoken;
  if (seenAtMs === undefined) {
    return unknownFor('not-said', 'Its agent has not said it since this server was started.');
  }
  if (seenAtMs > nowMs) {
    return unknownFor('from-future', 'It was seen at a moment that has not come yet.');
  }
  if (nowMs >= expiryOf({ kind: evidence.kind, limitMs: evidence.limitMs, seenAtMs })) {
    return unknownFor('expired', `What was seen is too old to count. Then: ${evidence.why}`);
  }
  return { mark: MARK_OF[saw], reason: saw, why: evidence.why };
}

/** From then on it counts no more, if nothing newer comes. */
export function expiryOf(
  evidence: Pick<ItemEvidence, 'kind' | 'limitMs'> & { readonly seenAtMs: number },
): number {
  return evidence.seenAtMs + limitOf(evidence.kind, evidence.limitMs);
}

/** One for all: it is asked for with every item. */
const SPEAKS: Standing = { mark: 'ok', reason: 'healthy', why: 'Its agent speaks.' };

/** Of an agent, as far as it is known from its own words. */
export function leaseStanding(lease: Lease, nowMs: number): Standing {
  const { saidAtMs } = lease;
  if (lease.hasTwoSpeakers) {
    return unknownFor('two-speakers', 'Two speak with the key of its agent: enrol the host anew.');
  }
  if (saidAtMs === undefined) {
    return unknownFor('silent', 'Its agent has said nothing since this server was started.');
  }
  if (saidAtMs > nowMs) {
    return unknownFor('from-future', 'Its agent spoke at a moment that has not come yet.');
  }
  if (nowMs >= saidAtMs + LEASE_MS) return unknownFor('silent', 'Its agent fell silent.');
  return SPEAKS;
}

export function isWorse(a: StandingMark, b: StandingMark): boolean {
  return MARKS.indexOf(a) > MARKS.indexOf(b);
}
