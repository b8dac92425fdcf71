/** Which snapshots of a vault a retention would let go, and why the others stay. Changes nothing there. */
import os from 'node:os';
import type { Moment } from '../../base/moment.ts';
import { days } from '../../base/units.ts';
import type { RetentionPolicy } from '../../vault/core/retention.ts';
import { type DecidedSnapshot, decideRetention } from '../../vault/shell/decide-retention.ts';
import { readForgetBook } from '../../vault/shell/forget-book.ts';
import { type RetentionFacts, retentionFacts } from '../../vault/shell/retention-facts.ts';
import type { Opened } from '../cli/open.ts';
import { existsSubject } from '../estate/points.ts';
import { withEvidence } from '../estate/see-estate.ts';
import { copyName } from '../estate/vault-where.ts';
import { readClockMemory, writeClockMemory } from './clock-memory.ts';

export interface Decided {
  readonly policy: RetentionPolicy;
  readonly facts: RetentionFacts;
  readonly snapshots: readonly DecidedSnapshot[];
  /** Why nothing goes whatever the rules say, for people. */
  readonly doubt: string | undefined;
}

/** Without a rule all stay. */
export const NO_RULE: RetentionPolicy = { minAgeMs: days(7), floor: 1 };

/** @param now by the clock of this machine */
export async function decide(
  { session, settings }: Opened,
  policy: RetentionPolicy,
  now: Moment,
): Promise<Decided> {
  const { vault } = session;
  const isProven = await provenHere({ session, settings });
  const facts = await retentionFacts(vault, isProven, now.at);
  const { plans } = await readForgetBook(vault);
  const memory = readClockMemory(session);
  const decided = decideRetention({ policy, facts, plans, now, memory });
  writeClockMemory(session, decided.memory);
  return { policy, facts, snapshots: decided.snapshots, doubt: decided.doubt };
}

/**
 * Proven at any time, and not found broken since: what nobody has read lately is still the one that was
 * read last.
 */
async function provenHere({
  session,
  settings,
}: Pick<Opened, 'session' | 'settings'>): Promise<Parameters<typeof retentionFacts>[1]> {
  const { vault, line } = session;
  const copy = copyName(os.hostname(), line.place);
  const read = await withEvidence(settings.state.value, async (ledger) => ({
    exists: await ledger.current('exists/'),
    drills: await ledger.drills(),
  }));
  const whole = new Set(
    read.exists
      .filter(({ saw, detail }) => saw === 'healthy' && detail.vault === vault.id)
      .map(({ subject }) => subject),
  );
  const drilled = new Set(
    read.drills
      .filter((each) => each.vault === vault.id && each.evidence.saw === 'healthy')
      .map(({ point }) => point),
  );
  return ({ record, content }) =>
    drilled.has(record.id) ||
    (content.torn.length === 0 && whole.has(existsSubject(copy, content)));
}
