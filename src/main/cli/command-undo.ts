/** `holdfast undo`: what can be put back, and putting it back. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import type { ApplyReport } from '../../guard/shell/apply-request.ts';
import { type GuardSession, openGuard } from '../guard/guard-session.ts';
import { resultOfPlan } from '../guard/applied-plan.ts';
import { settleKilled } from '../guard/housekeeping.ts';
import { releaseExpired, releaseWords } from '../guard/release-undo.ts';
import { applyUndo, type PreparedUndo, prepareUndo } from '../guard/undo-act.ts';
import {
  notesJson,
  reportJson,
  undoListJson,
  undoListLines,
  undoneLines,
  type UndoRow,
  undoVerdictLines,
  verdictJson,
} from '../guard/undo-words.ts';
import { exitCodeOfDecision } from '../guard/verdict-exit.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { jsonOption } from './json-option.ts';
import { readSettings, type VaultOptions } from './settings.ts';

interface Options extends VaultOptions {
  readonly dryRun?: true;
  readonly reason?: string;
  readonly breakGlass?: string;
  readonly release?: true;
}

const EXAMPLE = `
What a plan deleted or replaced comes back by renames, however much it is; what
it created goes. That is a plan as well: judged, applied, and undone by its own
undo. What somebody changed since is kept aside, and said.

Examples:
  holdfast undo                    # what can be put back, and until when
  holdfast undo p-7f3a --dry-run
  holdfast undo p-7f3a
  holdfast undo --release          # give back the space of what is over`;

export function define(command: Command, act: Act): void {
  jsonOption(command)
    .summary('put back what a plan deleted or changed')
    .description('Puts back what a plan deleted or changed; without an id: what can be put back.')
    .argument('[plan]', 'id of a plan that was applied; the first digits suffice')
    .option('--dry-run', 'make the plan and show it')
    .option('--reason <text>', 'why; it is kept with the plan')
    .option('--break-glass <reason>', 'root on the spot: pass over every rule; recorded, undo kept')
    .option('--release', 'remove what was kept for plans whose time is over')
    .option('--config <file>', 'instead of ./holdfast.yaml, /etc/holdfast/holdfast.yaml')
    .addHelpText('after', EXAMPLE)
    .action(
      act(async (cli, [plan, options]: [string | undefined, Options]) => {
        demandRoot(options.breakGlass, 'undo');
        const session = await openGuard(cli, await readSettings(cli, options));
        if (options.release === true) return release(session, plan);
        return plan === undefined ? list(session) : undo(cli, session, { plan, options });
      }),
    );
}

/** @throws Fault HF_USAGE */
export function demandRoot(breakGlass: string | undefined, command: string): void {
  if (breakGlass === undefined || process.getuid?.() === 0) return;
  const why = '--break-glass is for root, on the machine itself';
  throw new Fault('HF_USAGE', why, { command });
}

function list(session: GuardSession): Answer {
  const now = session.now();
  settleKilled(session);
  const rows = session.store.list().flatMap((plan): readonly UndoRow[] => {
    if (plan.flaw !== undefined) return [];
    const result = resultOfPlan(session, plan.id);
    const isThere = result?.outcome === 'applied' || result?.outcome === 'stopped';
    if (result === undefined || !isThere || result.done === 0 || result.until <= now) return [];
    return [{ header: plan.header, result }];
  });
  const newest = rows.toReversed();
  return {
    code: EXIT.done,
    say: (style) => undoListLines(newest, style, now),
    json: undoListJson(newest),
  };
}

async function undo(
  cli: Cli,
  session: GuardSession,
  { plan, options }: { readonly plan: string; readonly options: Options },
): Promise<Answer> {
  const { reason, breakGlass } = options;
  const prepared = await prepareUndo(session, { id: plan, reason, breakGlass });
  const now = session.now();
  const { decision } = prepared.verdict;
  if (options.dryRun === true || decision !== 'allow') return shown(prepared, now);
  const report = await applyUndo(cli, session, prepared);
  if (report.fault !== undefined) throw report.fault;
  return {
    code: codeOfReport(report),
    say: (style) => undoneLines(prepared, report, { style, now }),
    json: { ...json(prepared), ...reportJson(report) },
  };
}

export function codeOfReport({ outcome }: ApplyReport): ExitCode {
  if (outcome === 'applied') return EXIT.done;
  return outcome === 'stale' ? EXIT.stale : EXIT.held;
}

function shown(prepared: PreparedUndo, now: UnixMs): Answer {
  return {
    code: exitCodeOfDecision(prepared.verdict.decision),
    say: (style) => undoVerdictLines(prepared, style, now),
    json: json(prepared),
  };
}

function json({ header, original, verdict, notes }: PreparedUndo): object {
  return {
    ...{ plan: header.id, undoOf: original.id, summary: header.summary },
    ...{ verdict: verdictJson(verdict), notes: notesJson(notes) },
  };
}

function release(session: GuardSession, plan: string | undefined): Answer {
  const released = releaseExpired(session, plan);
  return {
    code: EXIT.done,
    say: (style) => releaseWords(released, style),
    json: { released: released.map(({ id, bytes }) => ({ id, bytes })) },
  };
}
