/** What `guard replay` answers. */
import { Fault } from '../../base/fault.ts';
import { countOf } from '../../base/say-quantity.ts';
import { sayText } from '../../base/say-name.ts';
import { layoutTable } from '../../base/say-table.ts';
import { formatInstant } from '../../base/say-time.ts';
import { wrap } from '../../base/say-width.ts';
import type { Style } from '../../base/say.ts';
import { days, type UnixMs, unixMs } from '../../base/units.ts';
import type { GuardPolicy } from '../../guard/core/guard-policy.ts';
import { Replay, type Replayed, type ReplayedRule } from '../../guard/core/replay.ts';
import { ruleLabel } from '../../guard/core/say-verdict.ts';
import { PipelineBook, pipelineNames } from '../../guard/shell/pipeline-book.ts';
import { policyFor } from '../guard/guard-policy.ts';
import { type GuardSession, openGuard } from '../guard/guard-session.ts';
import type { Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { timeJson } from './json-shape.ts';
import { textOfBytes } from './places.ts';
import { fullPath, readSettings } from './settings.ts';

export interface ReplayOptions {
  readonly config?: string;
  readonly days: string;
  readonly rules?: string;
}

const DAYS_MAX = 100;
/** Once a month: a rule that asks more often is not read any more. */
const ASKS_PER_DAY_MAX = 1 / 30;

export async function replay(cli: Cli, options: ReplayOptions): Promise<Answer> {
  const dayCount = daysOf(options);
  const session = await openGuard(cli, await readSettings(cli, options));
  const policy = await policyOf(cli, session, options);
  const now = session.now();
  const replayed = new Replay(unixMs(now - days(dayCount)));
  let damaged = 0;
  const ports = { ...session.ports, stateDir: session.stateDir };
  for (const name of pipelineNames(ports)) {
    const book = new PipelineBook(ports, name);
    replayed.add(name, book.runs(), policy(name));
    damaged += book.damagedLines;
  }
  const result = replayed.result();
  const said: Said = { result, damaged, dayCount, now };
  return { code: EXIT.done, say: (style) => words(style, said), json: jsonOf(said) };
}

function daysOf({ days: given }: ReplayOptions): number {
  const count = Number(given);
  if (/^[1-9][0-9]{0,2}$/.test(given) && count <= DAYS_MAX) return count;
  const message = '--days takes a number from 1 to 100: older runs are not kept';
  throw new Fault('HF_USAGE', message, { command: 'guard' });
}

async function policyOf(
  cli: Cli,
  session: GuardSession,
  { rules }: ReplayOptions,
): Promise<(pipeline: string) => GuardPolicy> {
  if (rules === undefined) return session.policyFor;
  const file = textOfBytes(fullPath(cli, rules));
  const { readConfig } = await import('../../adapters/config/config-file.ts');
  const { celRules } = await import('../../adapters/cel/cel-rules.ts');
  const config = readConfig(file).guard ?? {};
  const own = celRules(config.rules ?? [], file);
  return (pipeline) => policyFor(config, own, { pipeline, now: session.now() });
}

interface Said {
  readonly result: Replayed;
  readonly damaged: number;
  readonly dayCount: number;
  readonly now: UnixMs;
}

function* words(style: Style, said: Said): Iterable<string> {
  const { result, dayCount, now } = said;
  const { runs, pipelines, since } = result;
  if (since === undefined) {
    yield `Nothing is recorded of the last ${dayCount} days.`;
    return;
  }
  yield* wrap(sentence(said), style.width);
  const of = `${countOf(runs, 'run')} of ${countOf(pipelines, 'pipeline')}, since ${formatInstant(since, now)}`;
  const undone = result.undone === 0 ? '' : ` ${countOf(result.undone, 'plan')} taken back.`;
  yield* wrap(
    `${of}; by the rules of that time ${result.askedThen === 0 ? 'none was' : countOf(result.askedThen, 'was', 'were')} asked about.${undone}`,
    style.width,
  );
  if (result.rules.length > 0) yield '';
  yield* ruleTable(style, result.rules, now);
  for (const note of notes(said)) {
    yield '';
    yield* wrap(note, style.width);
  }
}

function sentence({ result, dayCount }: Said): string {
  const { asked, questions } = result;
  const span = countOf(dayCount, 'day');
  if (asked === 0) return `It would not have asked in ${span}.`;
  const repeats = asked === questions ? '' : `, at ${countOf(asked, 'run')}`;
  return `It would have asked ${questions === 1 ? 'once' : `${questions} times`} in ${span}${repeats}.`;
}

function ruleTable(style: Style, rules: readonly ReplayedRule[], now: UnixMs): readonly string[] {
  if (rules.length === 0) return [];
  const columns = [
    { header: 'RULE' },
    { header: 'ASKED', align: 'right' as const },
    { header: 'OBSERVED', align: 'right' as const },
    { header: 'LAST' },
    { header: 'ABOUT', shrink: 'start' as const, widthMin: 20 },
  ];
  const rows = rules.map(({ rule, questions, observedQuestions, last }) => [
    { text: ruleLabel(rule, style) },
    { text: String(questions) },
    { text: String(observedQuestions) },
    { text: formatInstant(last.at, now) },
    { text: aboutOf(last) },
  ]);
  return layoutTable(style, columns, rows);
}

function aboutOf({ why, sample, pipeline }: ReplayedRule['last']): string {
  const at = sample === undefined ? '' : ` (${sample})`;
  return `${sayText(why)}${at}, ${sayText(pipeline)}`;
}

function* notes({ result, damaged, dayCount }: Said): Iterable<string> {
  const often = result.rules.filter(
    ({ questions, observedQuestions }) =>
      questions + observedQuestions > Math.max(1, dayCount * ASKS_PER_DAY_MAX),
  );
  if (often.length > 0) {
    const names = often.map(({ rule }) => rule).join(', ');
    yield `More than once a month is a defect of the rule: look at ${sayText(names)} in guard.limits or guard.modes.`;
  }
  const { mixed } = result;
  if (mixed > 0)
    yield `${countOf(mixed, 'run')} had too many kinds of operations to be replayed exactly.`;
  if (damaged > 0) yield `${countOf(damaged, 'line')} of the history could not be read.`;
}

function jsonOf({ result, damaged, dayCount }: Said): object {
  return {
    days: dayCount,
    ...result,
    since: result.since === undefined ? null : timeJson(result.since),
    rules: result.rules.map(({ last, ...rule }) => ({
      ...rule,
      last: { ...last, at: timeJson(last.at) },
    })),
    damagedLines: damaged,
  };
}
