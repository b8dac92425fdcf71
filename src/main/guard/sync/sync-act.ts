/** One prepared sync: shown, asked about where it must be, and done. */
import type { ByteString } from '../../../base/bytes.ts';
import { Fault } from '../../../base/fault.ts';
import type { PlanHeader, Verdict } from '../../../base/plan.ts';
import { sayText } from '../../../base/say-name.ts';
import { wrap } from '../../../base/say-width.ts';
import { isInForce } from '../../../guard/core/release.ts';
import { type SaidPlan, sayVerdict } from '../../../guard/core/say-verdict.ts';
import { askLine } from '../../cli/ask.ts';
import type { Cli } from '../../cli/cli.ts';
import { EXIT, type ExitCode } from '../../cli/exit-code.ts';
import { LiveProgress } from '../../cli/live-progress.ts';
import { exitCodeOfDecision } from '../verdict-exit.ts';
import type { PreparedSync, SyncDone } from './prepared-sync.ts';

export interface SyncAsked {
  readonly dryRun: boolean;
  /** Of a dry run: every operation is shown. */
  readonly all?: boolean;
  readonly yes: boolean;
  readonly allOrNothing: boolean;
  /** What is done, for its progress; `sync` without. */
  readonly label?: string;
  /** Of many at once, whose progress is shown together. */
  readonly onBatch?: (done: number, all: number) => void;
}

/** Why nothing was done. */
export type NotDone = 'asked' | 'denied' | 'equal' | 'held' | 'refused-half' | 'shown';

export interface SyncResult {
  readonly sync: PreparedSync;
  readonly code: ExitCode;
  readonly done?: SyncDone;
  readonly notDone?: NotDone;
  /** Where all of them are to be shown. */
  readonly opLines?: readonly ByteString[];
}

/** @throws Fault of what stopped an apply */
export async function actOn(cli: Cli, sync: PreparedSync, asked: SyncAsked): Promise<SyncResult> {
  const { decision } = sync.verdict;
  if (sync.header.ops.count === 0) {
    await sync.leave('equal');
    return { sync, code: sync.leftCount > 0 ? EXIT.gaps : EXIT.done, notDone: 'equal' };
  }
  if (asked.dryRun) {
    const opLines = asked.all === true ? { opLines: [...sync.opLines()] } : {};
    await sync.leave('shown');
    return { sync, code: exitCodeOfDecision(decision), notDone: 'shown', ...opLines };
  }
  if (decision === 'deny') return left(sync, 'denied', 'denied');
  if (decision !== 'allow') {
    if (isAllHeld(sync.verdict)) return left(sync, 'held', 'held');
    if (asked.allOrNothing) return left(sync, 'held', 'refused-half');
  } else if (takesAway(sync.header) && !asked.yes && !(await isWanted(cli, sync))) {
    return left(sync, 'held', 'asked');
  }
  return applied(cli, sync, asked);
}

/** Frozen, claimed, leased or expired: not even what is new is put in. */
export function isAllHeld({ decision, objections }: Verdict): boolean {
  if (decision === 'deny') return true;
  return objections.some((each) => each.rule === 'exact-plan' && isInForce(each));
}

async function left(
  sync: PreparedSync,
  outcome: 'denied' | 'held',
  notDone: NotDone,
): Promise<SyncResult> {
  await sync.leave(outcome);
  return { sync, code: outcome === 'denied' ? EXIT.denied : EXIT.held, notDone };
}

/** Deletes or overwrites; other attributes of the same content are neither. */
export function takesAway({ summary }: PlanHeader): boolean {
  const { replace, update } = summary;
  return summary.delete.ops + replace.ops > 0 || (update.ops > 0 && update.bytes > 0);
}

/** Shown whole, and the target named by its own letters. */
export async function isWanted(cli: Cli, sync: PreparedSync): Promise<boolean> {
  if (!cli.terminal.canAsk || cli.wantsJson) return false;
  const style = cli.terminal.errorStyle;
  const shown = { ...sync, isAsked: true };
  for (const line of planWords(shown, cli.clock.now(), style)) cli.terminal.err(`${line}\n`);
  const name = lastName(sync.place);
  const question = `\nType ${sayText(name, style)} to do it, anything else to leave it: `;
  return (await askLine(cli, question)).trim() === name;
}

export function* planWords(
  sync: Pick<PreparedSync, 'header' | 'host' | 'missed' | 'picture' | 'verdict'> &
    Pick<SaidPlan, 'digest' | 'isAsked'>,
  now: ReturnType<Cli['clock']['now']>,
  style: Cli['terminal']['style'],
): Iterable<string> {
  const { verdict, missed } = sync;
  yield* sayVerdict({ ...sync, now }, style);
  if (verdict.decision === 'allow') return;
  for (const each of missed) yield* wrap(sayText(each, style), style.width);
}

/** Of `host:/srv/www` and `/srv/www` the last component; of a root the place itself. */
export function lastName(place: string): string {
  const parts = place.split('/').filter((part) => part !== '');
  return parts.at(-1) ?? place;
}

async function applied(
  cli: Cli,
  sync: PreparedSync,
  { label = 'sync', onBatch }: SyncAsked,
): Promise<SyncResult> {
  if (onBatch !== undefined) {
    const done = await sync.apply(onBatch);
    return { sync, done, code: codeOf(done, sync) };
  }
  const progress = new LiveProgress(cli, {
    label: `${label} ${lastName(sync.place)}`,
    word: 'done',
  });
  cli.stop.note(
    'What was done so far can be put back: see `holdfast plan`. The same command goes on.',
  );
  let done: SyncDone;
  try {
    done = await sync.apply((ops, all) => {
      progress.update({ entries: ops, entriesTotal: all, bytes: 0, bytesTotal: undefined });
    });
  } finally {
    progress.end();
  }
  return { sync, done, code: codeOf(done, sync) };
}

function codeOf(
  { outcome, unset, failureCount }: SyncDone,
  { verdict, leftCount }: PreparedSync,
): ExitCode {
  if (outcome === 'stale') return EXIT.stale;
  if (outcome === 'stopped') return EXIT.error;
  if (verdict.decision !== 'allow') return EXIT.held;
  const isWhole = unset.length === 0 && leftCount === 0 && failureCount === undefined;
  return isWhole ? EXIT.done : EXIT.gaps;
}

/** Of several targets the worst. */
export function worstCode(results: readonly SyncResult[]): ExitCode {
  const order: readonly ExitCode[] = [EXIT.error, EXIT.denied, EXIT.stale, EXIT.held, EXIT.gaps];
  return order.find((code) => results.some((each) => each.code === code)) ?? EXIT.done;
}

/** @throws Fault HF_USAGE */
export function demandTargets(targets: readonly string[]): void {
  if (targets.length > 0) return;
  throw new Fault('HF_USAGE', 'name at least one TARGET', { command: 'sync' });
}
