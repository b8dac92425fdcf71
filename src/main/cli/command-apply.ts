/** `holdfast apply`: a plan that waited, judged again now. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import type { PlanHeader } from '../../base/plan.ts';
import { quoteWord } from '../../base/shell-word.ts';
import { sayVerdict } from '../../guard/core/say-verdict.ts';
import { openGuard, type GuardSession } from '../guard/guard-session.ts';
import { resultOfPlan, undoContent } from '../guard/applied-plan.ts';
import { isReleasePlan } from '../guard/release-plan.ts';
import { JudgingHere, releasedHere } from '../guard/judge-again.ts';
import { applyUndo } from '../guard/undo-act.ts';
import { reportJson, undoneLines, verdictJson } from '../guard/undo-words.ts';
import { exitCodeOfDecision } from '../guard/verdict-exit.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { broughtBack, codeOfReport, demandRoot } from './command-undo.ts';

import { jsonOption } from './json-option.ts';
import { readSettings, type VaultOptions } from './settings.ts';

interface Options extends VaultOptions {
  readonly breakGlass?: string;
}

const EXAMPLE = `
It is judged again at once, with the approvals that it has by now. A plan of
\`guard run\` or of \`sync\` is made anew by its own command, which reads its source
again and cites the approval of this one: apply says which command that is.

Examples:
  holdfast apply p-7f3a
  holdfast apply p-7f3a --break-glass "the mirror must be back before 9"`;

export function define(command: Command, act: Act): void {
  jsonOption(command)
    .summary('apply a plan that waited, when its verdict allows it now')
    .description(
      'Applies a plan that waited for an approval, or goes on with one that was stopped.',
    )
    .argument('<plan>', 'id of a plan; the first digits suffice')
    .option('--break-glass <reason>', 'root on the spot: pass over every rule; recorded, undo kept')
    .option('--config <file>', 'instead of ./holdfast.yaml, /etc/holdfast/holdfast.yaml')
    .addHelpText('after', EXAMPLE)
    .action(
      act(async (cli, [plan, options]: [string, Options]) => {
        demandRoot(options.breakGlass, 'apply');
        const session = await openGuard(cli, await readSettings(cli, options));
        return apply(cli, session, { plan, breakGlass: options.breakGlass, options });
      }),
    );
}

async function apply(
  cli: Cli,
  session: GuardSession,
  asked: {
    readonly plan: string;
    readonly breakGlass: string | undefined;
    readonly options: VaultOptions;
  },
): Promise<Answer> {
  const { store } = session;
  const plan = store.check(store.find(asked.plan).header.id);
  const { header, digest } = plan;
  demandOpen(session, header);
  await broughtBack(cli, session, { id: header.undoOf ?? '', options: asked.options });
  const content = undoContent(session, header);
  const { target } = content;
  content.close();
  const judging = new JudgingHere(session, header, target);
  for (const op of store.ops(header.id)) judging.add(op);
  const judged = { ...plan, verdict: judging.end() };
  const released = await releasedHere(session, judged, asked.breakGlass);
  const { verdict } = released;
  const now = session.now();
  if (verdict.decision !== 'allow') {
    const said = { header, digest, verdict, picture: judging.picture, now };
    return {
      code: exitCodeOfDecision(verdict.decision),
      say: (style) => sayVerdict(said, style),
      json: { plan: header.id, verdict: verdictJson(verdict) },
    };
  }
  const report = await applyUndo(cli, session, { ...plan, released, judging });
  if (report.fault !== undefined) throw report.fault;
  const original = store.read(header.undoOf ?? '').header;
  const prepared = { ...plan, released, judging, original, verdict, notes: [] };
  return {
    code: codeOfReport(report),
    say: (style) => undoneLines({ ...prepared, picture: judging.picture }, report, { style, now }),
    json: { plan: header.id, verdict: verdictJson(verdict), ...reportJson(report) },
  };
}

/** @throws Fault HF_PLAN_AGAIN where it was done, is over, or its command must make it anew */
function demandOpen(session: GuardSession, header: PlanHeader): void {
  const { id, undoOf, command, source } = header;
  const result = resultOfPlan(session, id);
  if (result !== undefined && result.outcome !== 'stopped') {
    const instead = `See what it did: \`holdfast plan ${id}\`; to put it back: \`holdfast undo ${id}\`.`;
    throw again(`${id} was ${result.outcome} already`, instead);
  }
  const isOver = session.now() >= header.expires;
  if (undoOf !== undefined) {
    if (isOver) throw again(`${id} has expired`, `Make it anew: \`holdfast undo ${undoOf}\`.`);
    return;
  }
  if (isReleasePlan(header)) {
    throw again(
      `${id} is made anew by its own command`,
      `Run it again: \`${(command ?? []).join(' ')}\`. An approval of ${id} counts for it.`,
    );
  }
  const line = command?.map(quoteWord).join(' ');
  const from = source?.place ?? '';
  const instead =
    line === undefined
      ? `Run it again: \`holdfast sync ${quoteWord(from)} ${quoteWord(header.target.place)}\`.`
      : `Run it again: \`holdfast guard run -- ${line}\`.`;
  throw again(
    `${id} is made anew by its own command, which reads its source again`,
    `${instead} An approval of ${id} counts for it as long as it asks for no more.`,
  );
}

function again(message: string, instead: string): Fault {
  return new Fault('HF_PLAN_AGAIN', message, { instead });
}
