import type { Enrol, Enrolled, Hear, Heard, Said, Say } from '../../core/agent/messages.ts';

/**
 * The agent's line to its server. Bodies are signed and the server's key is compared by whoever fills
 * this port.
 *
 * Every method fails with HF_SERVER_AWAY (transient: no line, a time-out, 429, 5xx), HF_SERVER_OTHER
 * (refused: another key than the pinned one answered) or HF_SERVER_REFUSED (refused: it said why).
 */
export interface ServerLink {
  enrol(message: Enrol): Promise<Enrolled>;
  say(message: Say, signal: AbortSignal): Promise<Said>;
  /** Resolves after at most 25 s on the server's side. */
  hear(message: Hear, signal: AbortSignal): Promise<Heard>;
}
