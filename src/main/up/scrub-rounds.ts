/**
 * What `up` reads of its vault in between: a little each hour, new packs first, so that what came is
 * read within the hour and all of it long before a reading expires. docs/operating/scrub.md
 */
import { Fault } from '../../base/fault.ts';
import { countOf } from '../../base/say-quantity.ts';
import { hours, seconds } from '../../base/units.ts';
import { PROOF_LIMITS } from '../../watch/core/proof.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import type { Opened } from '../cli/open.ts';
import { recordCheck } from '../cli/record-proof.ts';
import { runCheck } from '../run-check.ts';
import { beginScrub } from '../scrub-here.ts';
import { witnessOf } from '../vault-witness.ts';
import { nameOfPlace } from '../vault-place.ts';

/** A hundredth of the time, at idle priority. */
const BUDGET = seconds(36);
const EACH = hours(1);
/** So that a reading is renewed, and not only missed, before it expires. */
const RENEWALS = 3;

export interface ScrubParts {
  readonly opened: Opened;
  readonly ledger: EvidenceLedger;
  readonly step: (text: string) => void;
}

export class ScrubRounds {
  #endedMs: number | undefined;
  #found: Fault | undefined;

  /**
   * Nothing is read where the last one is less than an hour ago; and of packs only what waits.
   * @throws Fault HF_VAULT_CORRUPT, and what vault, store and disk throw
   */
  async round({ opened, ledger, step }: ScrubParts): Promise<void> {
    const { session, settings } = opened;
    const { clock } = session;
    if (this.#endedMs !== undefined && clock.monotonic() - this.#endedMs < EACH) {
      // What was found stands until a look finds the vault sound.
      if (this.#found !== undefined) throw this.#found;
      return;
    }
    const limitMs = settings.config['read-within'] ?? PROOF_LIMITS.exists;
    const olderMs = limitMs / RENEWALS;
    step('reading what waits longest in the vault');
    try {
      await scrubOnce({ opened, ledger }, { olderMs, limitMs });
      this.#found = undefined;
    } catch (error) {
      if (error instanceof Fault) this.#found = error;
      throw error;
    } finally {
      this.#endedMs = clock.monotonic();
    }
  }
}

async function scrubOnce(
  { opened, ledger }: Pick<ScrubParts, 'opened' | 'ledger'>,
  { olderMs, limitMs }: { readonly olderMs: number; readonly limitMs: number },
): Promise<void> {
  const { session, settings } = opened;
  const state = settings.state.value;
  const startedAt = session.clock.now();
  const { seen } = await witnessOf(session, state);
  const scrub = await beginScrub(session, { state, aim: { kind: 'budget', ms: BUDGET, olderMs } });
  // A vault that holds nothing: whether it held something, its witnesses know.
  try {
    const report = await runCheck(session, {
      readData: scrub !== undefined,
      scrub: scrub?.check,
      seenBefore: seen,
    });
    if (report.packsRead > 0)
      await recordCheck({ session, ledger }, { report, startedAt, scrub, limitMs });
    if (report.isSound) return;
    const [finding] = report.findings;
    const what = finding === undefined ? countOf(report.affectedCount, 'file') : finding.why;
    const place = nameOfPlace(session.line.place);
    throw new Fault('HF_VAULT_CORRUPT', `the vault in ${place} is damaged: ${what}`, { place });
  } finally {
    scrub?.end();
  }
}
