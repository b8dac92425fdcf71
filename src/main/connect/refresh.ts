/** Looks again into what was connected. What cannot be opened is kept, and said since when. */
import { ToolRunner } from '../../adapters/backup-tool/tool-runner.ts';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { durationMs, minutes } from '../../base/units.ts';
import type { ConnectedRepository, Trouble } from '../../watch/core/connected.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import { nextBackupAt } from '../../watch/core/pacing.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import type { Cli } from '../cli/cli.ts';
import { connectOne } from './connect.ts';
import { type ConnectScratch, takeScratch } from './connect-scratch.ts';
import type { ConnectParts, ConnectResult, SampleAsked } from './connect-parts.ts';
import { recordTrouble } from './record-connected.ts';
import { repositoryAgain } from './repository-named.ts';
import { isUnattended } from './repository-secret.ts';

/** Of one step of a tool in a round of `up`: a repository that hangs keeps nobody waiting long. */
const LIMIT_MIN = minutes(2);
const LIMIT_OF_LAST = 3;

export type Refreshed =
  | { readonly kind: 'looked'; readonly result: ConnectResult }
  | {
      readonly kind: 'trouble';
      readonly repository: ConnectedRepository;
      readonly fault: Fault;
    };

/** @throws HF_LEDGER_UNAVAILABLE; a repository that cannot be opened is a result */
export async function refreshOne(
  parts: ConnectParts,
  before: ConnectedRepository,
  how: { readonly sample: SampleAsked | undefined; readonly seed: number },
): Promise<Refreshed> {
  const { cli, ledger } = parts;
  const startedMs = cli.clock.monotonic();
  try {
    const named = repositoryAgain(cli, before);
    const result = await connectOne(parts, { named, source: before.secret, before, ...how });
    return { kind: 'looked', result };
  } catch (error) {
    if (!(error instanceof Fault) || !error.code.startsWith('HF_CONNECT_')) throw error;
    // Nobody was there to type it, or to set it: that says nothing of the repository.
    const isAway = before.secret.kind === 'typed' || before.secret.kind === 'environment';
    if (error.code === 'HF_CONNECT_SECRET_WANTED' && isAway) {
      return { kind: 'trouble', repository: before, fault: error };
    }
    const trouble = troubleOf(error, cli.clock.now());
    // What hangs is tried as seldom as what is slow.
    const costMs = durationMs(Math.max(before.costMs, cli.clock.monotonic() - startedMs));
    const repository = { ...before, trouble, costMs };
    await ledger.keepConnected(repository);
    await recordTrouble(parts, repository);
    return { kind: 'trouble', repository, fault: error };
  }
}

/** Damage and another repository are wrong; what could not be reached or unlocked is unknown. */
function troubleOf({ code, message }: Fault, at: Trouble['at']): Trouble {
  const isBroken = code === 'HF_CONNECT_DAMAGED' || code === 'HF_CONNECT_CHANGED';
  return { at, code, message, isBroken };
}

/**
 * In a round of `up`: looks again into what is due. Where somebody connects just now, that does it.
 *
 * @throws HF_LEDGER_UNAVAILABLE, HF_DISK_*
 */
export async function refreshDue(of: {
  readonly cli: Cli;
  readonly ledger: EvidenceLedger;
  readonly state: ByteString;
  readonly discovery: Discovery;
  readonly step: (text: string) => void;
}): Promise<void> {
  const { cli, ledger, state, discovery, step } = of;
  const due = dueOf({ cli }, await ledger.connected());
  if (due.length === 0) return;
  const runner = new ToolRunner();
  let scratch: ConnectScratch;
  try {
    scratch = takeScratch(state);
  } catch (error) {
    if (error instanceof Fault && error.code === 'HF_CONNECT_BUSY') return;
    throw error;
  }
  const isOver = cli.stop.onStop(() => {
    runner.endAll();
    scratch.clean();
  });
  try {
    const parts = { cli, ledger, runner, scratch, discovery, own: [state] };
    for (const each of due) {
      const limit = durationMs(Math.max(LIMIT_MIN, LIMIT_OF_LAST * each.costMs));
      const how = { sample: undefined, seed: 0 };
      await refreshOne({ ...parts, limit, step }, each, how);
    }
  } finally {
    isOver();
    scratch.release();
  }
}

/**
 * Those that are due, for rounds that nobody watches: whose secret can be had, and not more often
 * than that looking takes 2 % of the time.
 */
function dueOf(
  parts: Pick<ConnectParts, 'cli'>,
  repositories: readonly ConnectedRepository[],
): readonly ConnectedRepository[] {
  const { cli } = parts;
  const now = cli.clock.now();
  return repositories.filter((each) => {
    const endedAt = each.trouble?.at ?? each.openedAt;
    const nothing = { changedBytes: 0, spareBytes: 0 };
    const dueAt = nextBackupAt({ endedAt, lastCostMs: each.costMs, ...nothing });
    // A clock that was set back says nothing about ages.
    return isUnattended(each.secret, cli.env) && (now >= dueAt || endedAt > now);
  });
}
