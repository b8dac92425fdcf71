/** Whether all that was run around a capture ended well, kept as evidence: a snapshot cannot say it. */
import os from 'node:os';
import { openLedger } from '../../adapters/sqlite/open-ledger.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { days, unixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { HookRecord } from '../../vault/core/snapshot-content.ts';
import { textOfBytes } from '../cli/places.ts';
import { hostFacts } from '../run-backup.ts';

/** So long it says something about the next run. */
const VALID_FOR = days(7);

export interface AroundToKeep {
  readonly clock: Clock;
  /** State directory. */
  readonly state: ByteString;
  readonly dataSet: string;
  readonly hooks: readonly HookRecord[];
}

/** @returns why it could not be kept; what was said is true all the same */
export async function keepAround(of: AroundToKeep): Promise<string | undefined> {
  const { clock, state, dataSet, hooks } = of;
  if (hooks.length === 0) return undefined;
  const failed = hooks.filter(({ outcome }) => outcome === 'failed');
  const now = clock.now();
  try {
    const ledger = await openLedger(textOfBytes(byteString(`${state}/state.db`)));
    try {
      await ledger.record({
        subject: `around/${os.hostname()}/${dataSet}`,
        saw: failed.length === 0 ? 'healthy' : 'broken',
        observedAt: now,
        receivedAt: now,
        expiresAt: unixMs(now + VALID_FOR),
        source: `${os.hostname()}/backup`,
        bootId: hostFacts(now).bootId,
        seq: Math.floor(clock.monotonic()),
        detail: Object.fromEntries(hooks.map(({ name, outcome, why }) => [name, why ?? outcome])),
      });
    } finally {
      await ledger.close();
    }
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}
