/** How the wall clock of a host differs from the server's, told apart from a slow line. */
import type { ClockSkew, ServerNow } from './held.ts';

/** A wall clock that differs by more in the same boot was set. */
const STEP_MIN_MS = 2000;

export function clockSkew(
  said: { readonly wallMs: number; readonly sentAtMs: number; readonly isSameBoot: boolean },
  before: ClockSkew | undefined,
  now: ServerNow,
): ClockSkew {
  const lateMs = now.atMs - said.sentAtMs;
  const serverBaseMs = now.wallMs - now.atMs;
  // It was sent in the last `lateMs`: the true difference lies between these two.
  const leastMs = said.wallMs - now.wallMs;
  const mostMs = leastMs + lateMs;
  const skewMs = leastMs > 0 ? leastMs : Math.min(0, mostMs);
  if (before === undefined) return { skewMs, lateMs, stepped: undefined, serverBaseMs };
  const byServerMs = serverBaseMs - before.serverBaseMs;
  const byAgentMs = skewMs - before.skewMs + byServerMs;
  const isUnsure = Math.abs(byAgentMs) <= STEP_MIN_MS + Math.max(lateMs, before.lateMs);
  const stepped = (): ClockSkew['stepped'] => {
    if (Math.abs(byServerMs) > STEP_MIN_MS) return { who: 'server', byMs: byServerMs };
    if (said.isSameBoot && !isUnsure) return { who: 'agent', byMs: byAgentMs };
    return before.stepped;
  };
  return { skewMs, lateMs, stepped: stepped(), serverBaseMs };
}
