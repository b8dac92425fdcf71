/** What the drill of a service has shown, as evidence that expires. */
import os from 'node:os';
import type { ByteString } from '../../base/bytes.ts';
import { type DurationMs, durationMs, unixMs, type UnixMs } from '../../base/units.ts';
import { type DrillResult, NOT_COMPARED } from '../../recover/core/drill-result.ts';
import { rateOf } from '../../recover/core/restore-progress.ts';
import type { RestoreReport } from '../../recover/shell/restore.ts';
import type { HookRecord } from '../../vault/core/snapshot-content.ts';
import { PROOF_LIMITS } from '../../watch/core/proof.ts';
import type { Opened } from '../cli/open.ts';
import { keepDrill, withLedger } from '../cli/record-proof.ts';
import { hostFacts } from '../run-backup.ts';
import type { RestoredPart } from './restore-run.ts';
import type { ServiceRun } from './service-runs.ts';

export interface ServiceDrilled {
  readonly run: ServiceRun;
  readonly parts: readonly RestoredPart<RestoreReport>[];
  readonly check: HookRecord | undefined;
  readonly startedAt: UnixMs;
  /** Of restore and check. */
  readonly took: DurationMs;
  /** All came back whole, and the check passed where there is one. */
  readonly isPassed: boolean;
}

/** @returns why it could not be kept; what was shown is true all the same */
export async function keepServiceDrill(
  opened: Opened,
  of: { readonly drilled: ServiceDrilled; readonly scratch: ByteString },
): Promise<string | undefined> {
  const { drilled, scratch } = of;
  const { run, parts } = drilled;
  for (const [at, { listed }] of run.snapshots.entries()) {
    const part = parts[at];
    if (part === undefined) continue;
    const result = resultOf(drilled, part);
    const unkept = await keepDrill(opened, { listed, result, scratch });
    if (unkept !== undefined) return unkept;
  }
  return keepService(opened, drilled);
}

function keepService(
  { session, settings }: Opened,
  { run, check, startedAt, took, isPassed }: ServiceDrilled,
): Promise<string | undefined> {
  return withLedger(settings.state.value, async (ledger) => {
    const now = session.clock.now();
    const host = os.hostname();
    await ledger.record({
      subject: `service/${host}/${run.service}`,
      // Without a check nothing has said that it works.
      saw: !isPassed ? 'broken' : check === undefined ? 'unreadable' : 'healthy',
      observedAt: startedAt,
      receivedAt: now,
      expiresAt: unixMs(startedAt + PROOF_LIMITS.usable),
      source: `${host}/drill`,
      bootId: hostFacts(now).bootId,
      seq: Math.floor(session.clock.monotonic()),
      detail: { run: run.run, tookMs: took, check: check?.why ?? check?.outcome ?? 'none' },
    });
  });
}

/**
 * Of one data set. Every byte was compared with its digest as it was written; that it can be used is
 * for the check to say, and without one nobody said it.
 */
function resultOf(
  drilled: ServiceDrilled,
  { put: report }: RestoredPart<RestoreReport>,
): DrillResult {
  const { check, startedAt } = drilled;
  const took = durationMs(report.durationMs + (report.syncMs ?? 0));
  return {
    kind: check === undefined ? 're-read' : 'drilled',
    snapshot: report.snapshot,
    isPassed: report.isWhole && check?.outcome !== 'failed',
    startedAt,
    ...{ entries: report.entries, files: report.files, bytes: report.bytes },
    durationMs: took,
    rateBytesPerS: rateOf(report.bytes, took),
    totalMs: took,
    ...{ mediumOfVault: 'vault', mediumOfScratch: 'scratch', isPastCache: false },
    ...{ failedFiles: report.failures, failedCount: report.failureCount },
    ...{ unset: report.unset, gapCount: report.gapCount },
    source: { ...NOT_COMPARED, why: 'a service was drilled' },
    engines: [],
  };
}
