/** The freezer of this host, over what its owner lets it stop. */
import { setTimeout as pause } from 'node:timers/promises';
import { momentHere } from '../../adapters/node/boot-clock.ts';
import { stoppersOf } from '../../adapters/stoppers/stoppers-of.ts';
import { nodeStopperWorld } from '../../adapters/stoppers/stopper-world.ts';
import type { ByteString } from '../../base/bytes.ts';
import { formatDuration } from '../../base/say-time.ts';
import { durationMs } from '../../base/units.ts';
import { Freezer } from '../../guard/shell/freezer.ts';
import type { WholeFilePorts } from '../../vault/shell/whole-file.ts';
import { type Stopper, StopperFailure } from '../../guard/shell/stopper.ts';
import type { Clock } from '../../host/clock.ts';
import type { FreezeConfig, StoppersConfig } from '../../wire/agent/stopper-config.ts';

export interface FreezerOfHost {
  readonly ports: WholeFilePorts;
  readonly stateDir: ByteString;
  readonly clock: Pick<Clock, 'now'>;
  readonly stoppers?: StoppersConfig | undefined;
  readonly freeze?: FreezeConfig | undefined;
}

export interface FreezerHere {
  readonly freezer: Freezer;
  readonly stoppers: readonly Stopper[];
}

export function freezerHere(given: FreezerOfHost): FreezerHere {
  const { ports, stateDir, clock } = given;
  const stoppers = stoppersOf(given.stoppers ?? {}, nodeStopperWorld());
  const freezer = new Freezer(
    {
      ...ports,
      stateDir,
      now: () => momentHere(clock),
      pause: async (ms) => {
        await pause(ms);
      },
      within,
    },
    { stoppers, atEnd: given.freeze?.['at-end'] ?? 'leave' },
  );
  return { freezer, stoppers };
}

async function within<T>(limitMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new StopperFailure(`not done within ${formatDuration(durationMs(limitMs))}`));
    over.abort();
  }, limitMs);
  const doing = work(over.signal);
  doing.catch(() => undefined); // Awaited by the race; what comes after its time is for nobody.
  try {
    return await Promise.race([doing, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
