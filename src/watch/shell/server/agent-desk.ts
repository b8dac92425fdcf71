import type {
  AgentId,
  Enrol,
  Enrolled,
  Hear,
  Heard,
  Said,
  Say,
  Show,
  Shown,
} from '../../core/agent/messages.ts';
import type { Refused } from '../../core/server/held.ts';

export interface RefusedSoon extends Refused {
  readonly retryAfterS?: number | undefined;
}

/**
 * Takes what agents say. Whoever calls it has checked size, signature and form.
 *
 * Nothing fails but by a bug: a state that cannot be written is refused with `not-now`.
 */
export interface AgentDesk {
  /** Base64 of SubjectPublicKeyInfo, DER; undefined: not known, or revoked. */
  publicKeyOf(agent: AgentId): string | undefined;
  enrol(message: Enrol, from: string): Promise<Enrolled | RefusedSoon>;
  /** What it answers is durable. */
  say(message: Say): Promise<Said | RefusedSoon>;
  /**
   * What it answers is durable. What is in the frame is read here.
   *
   * @param frame its digest is right; undefined: it is offered
   */
  show(message: Show, frame: Uint8Array | undefined): Promise<Shown | RefusedSoon>;
  /** Waits for a word, or until the signal or 25 s. */
  hear(message: Hear, signal: AbortSignal): Promise<Heard | RefusedSoon>;
}
