/** A child's end of its line to `up`. When that line breaks, `up` is gone, and so is the child. */
import { nodeClock } from '../../../adapters/node/clock.ts';
import { durationMs } from '../../../base/units.ts';
import { Fault } from '../../../base/fault.ts';
import { sentFault, type SentFault } from '../../threads/thread-messages.ts';

/** What reaches all processes of a terminal is for `up`, which says what is to be done. */
const OF_THE_TERMINAL = ['SIGINT', 'SIGHUP', 'SIGTERM'] as const;
/** How long those who were killed, or end, may hold what there is one of. */
const LOCK_WAIT_MS = 15_000;
const LOCK_AGAIN = durationMs(200);

export class ParentLink<Ask, Says> {
  constructor(onAsk: (ask: Ask) => void) {
    for (const signal of OF_THE_TERMINAL) process.on(signal, () => undefined);
    process.on('disconnect', () => process.exit(0));
    process.on('message', (ask: Ask) => onAsk(ask));
  }

  say(says: Says | { readonly kind: 'failed'; readonly fault: SentFault }): void {
    // Nobody hears it: the line is broken, and the event that says so ends this process.
    process.send?.(says, undefined, undefined, () => undefined);
  }

  /** It is told why before this process ends. */
  fail(error: unknown): void {
    const end = (): never => process.exit(1);
    const failed = { kind: 'failed', fault: sentFault(error) };
    if (process.send === undefined) end();
    else process.send(failed, undefined, undefined, end);
  }
}

/** @throws what `take` throws, where another holds it still after a while */
export async function onceFree<T>(
  code: 'HF_SERVER_RUNNING' | 'HF_AGENT_RUNS',
  take: () => T | Promise<T>,
): Promise<T> {
  const clock = nodeClock();
  const endMs = clock.monotonic() + LOCK_WAIT_MS;
  for (;;) {
    try {
      return await take();
    } catch (error) {
      const isHeld = error instanceof Fault && error.code === code;
      if (!isHeld || clock.monotonic() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOCK_AGAIN));
    }
  }
}
