/** What one look at a server from outside says of it. One alone proves no more than what it saw. */
import type { StandingMark } from '../standing/standing.ts';

export type ServerLook =
  | { readonly is: 'up' }
  /** It answered, and not that it is up: it cannot write, or tells nobody. */
  | { readonly is: 'troubled'; readonly status: number; readonly said: string }
  /** Somebody with another key answers where it was. */
  | { readonly is: 'another' }
  /** Its machine answers, and nobody listens there. */
  | { readonly is: 'refused' }
  | { readonly is: 'silent'; readonly why: string };

export interface JudgedServer {
  readonly mark: StandingMark;
  readonly why: string;
}

export function judgeServer(look: ServerLook): JudgedServer {
  switch (look.is) {
    case 'up':
      return { mark: 'ok', why: 'it answers, writes and tells' };
    case 'troubled':
      return { mark: 'failed', why: `it answers ${look.status} and is not up: ${look.said}` };
    case 'another':
      return { mark: 'failed', why: 'another key answers in its place' };
    case 'refused':
      return { mark: 'failed', why: 'its machine answers and no server listens there' };
    case 'silent':
      return {
        mark: 'unknown',
        why: `it does not answer (${look.why}); what lies between may be to blame. Nobody is told by it meanwhile`,
      };
  }
}

/** One look that fails is a look that fails: a server that is started anew is back within seconds. */
export const LOOKS_TO_FAIL = 2;

/** Since when it stands so, and what is said of it until one more look has seen the same. */
export class ServerWatch {
  #now: (JudgedServer & { readonly since: number }) | undefined;
  #bad = 0;

  note(look: ServerLook, atMs: number): JudgedServer & { readonly since: number } {
    const judged = judgeServer(look);
    this.#bad = judged.mark === 'ok' ? 0 : this.#bad + 1;
    const isSure = judged.mark === 'ok' || this.#bad >= LOOKS_TO_FAIL;
    const before = this.#now;
    if (before === undefined) {
      const first = isSure ? judged : { mark: 'unknown' as const, why: judged.why };
      this.#now = { ...first, since: atMs };
    } else if (isSure) {
      this.#now = { ...judged, since: before.mark === judged.mark ? before.since : atMs };
    }
    return this.#now ?? { ...judged, since: atMs };
  }
}
