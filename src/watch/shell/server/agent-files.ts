import type { Ask, Asked, Give, Given } from '../../core/files/messages.ts';
import type { RefusedSoon } from './agent-desk.ts';

/** Takes what agents ask and give of files. Whoever calls it has checked size, signature and form. */
export interface AgentFiles {
  /** Waits for a question, or until the signal or 25 s. */
  ask(message: Ask, signal: AbortSignal): Promise<Asked | RefusedSoon>;
  /** Answers when whoever asked has taken it. */
  give(message: Give, bytes: Uint8Array): Promise<Given | RefusedSoon>;
}
