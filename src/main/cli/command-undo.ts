/** `holdfast undo`: what can be put back, and putting it back. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import type { ApplyReport } from '../../guard/shell/apply-request.ts';
import { type GuardSession, openGuard } from '../guard/guard-session.ts';
import { readReclaimed } from '../../guard/shell/reclaimed.ts';
import { resultOfPlan } from '../guard/applied-plan.ts';
import { isReleasePlan } from '../guard/release-plan.ts';
import { settleKilled } from '../guard/housekeeping.ts';
import { releaseAsked, releaseWords } from '../guard/release-undo.ts';
import { applyUndo, type PreparedUndo, prepareUndo } from '../guard/undo-act.ts';
import {
  notesJson,
  reportJson,
  undoListJson,
  undoInVaultLines,
  undoListLines,
  undoneLines,
  type UndoRow,
  undoVerdictLines,
  verdictJson,
} from '../guard/undo-words.ts';
import { exitCodeOfDecision } from '../guard/verdict-exit.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { vaultOptions } from './open.ts';
import { textOfBytes } from './places.ts';
import { readSettings, type VaultOptions } from './settings.ts';

interface Options extends VaultOptions {
  readonly dryRun?: true;
  readonly reason?: string;
  readonly breakGlass?: string;
  readonly release?: true;
  readonly reclaim?: true;
}

const EXAMPLE = `
What a plan deleted or replaced comes back by renames, however much it is; what
it created goes. That is a plan as well: judged, applied, and undone by its own
undo. What somebody changed since is kept aside, and said.

Examples:
  holdfast undo                    # what can be put back, and until when
  holdfast undo p-7f3a --dry-run
  holdfast undo p-7f3a
  holdfast undo --release          # give back the space of what is over
  holdfast undo --reclaim          # keep it in a vault, and free the space`;

export function define(command: Command, act: Act): void {
  vaultOptions(command)
    .summary('put back what a plan deleted or changed')
    .description('Puts back what a plan deleted or changed; without an id: what can be put back.')
    .argument('[plan]', 'id of a plan that was applied; the first digits suffice')
    .option('--dry-run', 'make the plan and show it')
    .option('--reason <text>', 'why; it is kept with the plan')
    .option('--break-glass <reason>', 'root on the spot: pass over every rule; recorded, undo kept')
    .option('--release', 'remove what was kept for plans whose time is over')
    .option('--reclaim', 'put what is kept into the vault, prove it there, and free its space')
    .addHelpText('after', EXAMPLE)
    .action(
      act(async (cli, [plan, options]: [string | undefined, Options]) => {
        demandRoot(options.breakGlass, 'undo');
        const session = await openGuard(cli, await readSettings(cli, options));
        if (options.release === true) return release(session, plan);
        if (options.reclaim === true) {
          const { reclaim } = await import('../guard/reclaim/reclaim-words.ts');
          return reclaim(cli, session, { only: plan, options });
        }
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
    if (plan.flaw !== undefined || isReleasePlan(plan.header)) return [];
    const result = resultOfPlan(session, plan.id);
    const isThere = result?.outcome === 'applied' || result?.outcome === 'stopped';
    if (result === undefined || !isThere || result.done === 0 || result.until <= now) return [];
    const reclaimed = readReclaimed(session.ports, session.store.dirOf(plan.id));
    const vault = reclaimed === undefined ? undefined : textOfBytes(reclaimed.vault.place);
    return [{ header: plan.header, result, vault }];
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
  const { id } = session.store.find(plan).header;
  if (options.dryRun === true) {
    const inVault = await shownInVault(cli, session, { id, options });
    if (inVault !== undefined) return inVault;
  }
  await broughtBack(cli, session, { id, options });
  const prepared = await prepareUndo(session, { id, reason, breakGlass });
  const now = session.now();
  const { decision } = prepared.verdict;
  const isEmpty = prepared.header.ops.count === 0;
  if (options.dryRun === true || decision !== 'allow') {
    if (isEmpty) session.store.remove(prepared.header.id);
    return shown(prepared, now);
  }
  const report = await applyUndo(cli, session, prepared);
  if (isEmpty && report.outcome === 'applied') session.store.remove(prepared.header.id);
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

/** What was reclaimed lies in the quarantine again. @throws Fault HF_UNDO_IN_VAULT */
export async function broughtBack(
  cli: Cli,
  session: GuardSession,
  of: { readonly id: string; readonly options: VaultOptions },
): Promise<void> {
  if (readReclaimed(session.ports, session.store.dirOf(of.id)) === undefined) return;
  const { bringBack } = await import('../guard/reclaim/bring-back.ts');
  await bringBack(cli, session, of);
}

/** What lies in a vault would have to come from there to be compared: a dry run changes nothing. */
async function shownInVault(
  cli: Cli,
  session: GuardSession,
  { id, options }: { readonly id: string; readonly options: Options },
): Promise<Answer | undefined> {
  const reclaimed = readReclaimed(session.ports, session.store.dirOf(id));
  const result = resultOfPlan(session, id);
  if (reclaimed === undefined || result === undefined) return undefined;
  const { lookInVault } = await import('../guard/reclaim/bring-back.ts');
  await lookInVault(cli, { id, options, reclaimed });
  const vault = textOfBytes(reclaimed.vault.place);
  const { asideBytes, asideEntries } = result;
  const { header } = session.store.read(id);
  return {
    code: EXIT.done,
    say: (style) => undoInVaultLines({ header, result, vault }, style),
    json: { undoOf: id, vault, asideEntries, asideBytes },
  };
}

async function release(session: GuardSession, plan: string | undefined): Promise<Answer> {
  const answer = await releaseAsked(session, plan);
  const { released, held } = answer;
  const [first] = held;
  return {
    code: first === undefined ? EXIT.done : exitCodeOfDecision(first.judged.verdict.decision),
    say: (style) => releaseWords(answer, style, session.now()),
    json: {
      released: released.map(({ id, bytes }) => ({ id, bytes })),
      ...(first === undefined ? {} : { held: held.map(({ plan: { header } }) => header.id) }),
    },
  };
}
