import { formatDuration } from '../../base/say-time.ts';
import { found, itemOf } from '../../watch/core/probes/found.ts';
import type { Probe, ProbeFinding } from '../../watch/shell/agent/probe.ts';

export interface ProbeParts {
  readonly kind: string;
  readonly name: string;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly look: (signal: AbortSignal) => Promise<ProbeFinding>;
}

/** A probe that answers within its limit whatever its look does: late is `unreadable`. */
export function boundedProbe(parts: ProbeParts): Probe {
  const { kind, name, everyMs, timeoutMs } = parts;
  return {
    item: itemOf(kind, name),
    kind,
    everyMs,
    timeoutMs,
    look: (signal) => lookWithin(parts, signal),
  };
}

async function lookWithin(parts: ProbeParts, signal: AbortSignal): Promise<ProbeFinding> {
  const over = new AbortController();
  const end = Promise.withResolvers<ProbeFinding>();
  const stop = (why: string): void => {
    end.resolve(found('unreadable', why));
    over.abort();
  };
  const onAbort = (): void => stop('the look was stopped');
  const limit = formatDuration(parts.timeoutMs);
  const timer = setTimeout(() => stop(`the look did not end within ${limit}`), parts.timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) return found('unreadable', 'the look was stopped');
    const look = parts.look(over.signal);
    look.catch(() => undefined); // Awaited by the race; lost, what it failed with no longer counts.
    return await Promise.race([look, end.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    over.abort();
  }
}
