/** Whether all that was run around a capture ended well, kept as evidence: a snapshot cannot say it. */
import os from 'node:os';
import type { ByteString } from '../../base/bytes.ts';
import { days, unixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { HookRecord } from '../../vault/core/snapshot-content.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import { withLedger } from '../cli/record-proof.ts';
import { hostFacts } from '../run-backup.ts';

/** So long it says something about the next run. */
const VALID_FOR = days(7);

export interface Around {
  readonly clock: Clock;
  readonly dataSet: string;
  readonly hooks: readonly HookRecord[];
}

/** @returns why it could not be kept; what was said is true all the same */
export async function keepAround(
  of: Around & { /** State directory. */ readonly state: ByteString },
): Promise<string | undefined> {
  if (of.hooks.length === 0) return undefined;
  return withLedger(of.state, (ledger) => recordAround(ledger, of));
}

/** Nothing, where nothing was run. */
export async function recordAround(
  ledger: EvidenceLedger,
  { clock, dataSet, hooks }: Around,
): Promise<void> {
  if (hooks.length === 0) return;
  const now = clock.now();
  await ledger.record({
    subject: `around/${os.hostname()}/${dataSet}`,
    saw: hooks.some(({ outcome }) => outcome === 'failed') ? 'broken' : 'healthy',
    observedAt: now,
    receivedAt: now,
    expiresAt: unixMs(now + VALID_FOR),
    source: `${os.hostname()}/backup`,
    bootId: hostFacts(now).bootId,
    seq: Math.floor(clock.monotonic()),
    detail: Object.fromEntries(hooks.map(({ name, outcome, why }) => [name, why ?? outcome])),
  });
}
