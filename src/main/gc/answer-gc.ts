/** `vault gc`: the plan, the question, and what follows from the answer. */
import { momentHere } from '../../adapters/node/boot-clock.ts';
import type { Verdict } from '../../base/plan.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { layoutRows, layoutSentence } from '../../base/say-rows.ts';
import type { UnixMs } from '../../base/units.ts';
import { layoutObjections } from '../../guard/core/say-verdict.ts';
import type { RetentionPolicy } from '../../vault/core/retention.ts';
import { forgetSnapshots } from '../../vault/shell/forget.ts';
import { shortId } from '../../vault/shell/snapshot-store.ts';
import { askLine } from '../cli/ask.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { timeJson } from '../cli/json-shape.ts';
import { type Opened, openWith } from '../cli/open.ts';
import { textOfBytes } from '../cli/places.ts';
import { readSettings, type VaultOptions, vaultOf } from '../cli/settings.ts';
import { keepOfConfig, keepText, parseKeep } from '../estate/keep-policy.ts';
import { type GuardSession, openGuard } from '../guard/guard-session.ts';
import { exitCodeOfDecision } from '../guard/verdict-exit.ts';
import { nameOfPlace } from '../vault-place.ts';
import { collectorOf } from './collector-here.ts';
import { type Decided, decide, NO_RULE } from './decide.ts';
import { demandKeeper } from './demand-keeper.ts';
import { type GcToJudge, type JudgedGc, judgeGc, leaseGc, noteGc, sealGc } from './gc-guard.ts';
import { gcRows, goneOf } from './gc-rows.ts';
import { gcWords } from './gc-words.ts';

export interface GcOptions extends VaultOptions {
  readonly keep?: string;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly undo?: string;
}

export const GC_COMMAND = 'vault gc';

interface Made {
  readonly opened: Opened;
  readonly guard: GuardSession;
  readonly decided: Decided;
  readonly toJudge: GcToJudge;
  readonly judged: JudgedGc;
}

/** @throws Fault HF_VAULT_KEEPER, HF_USAGE, HF_PLAN_LEASED, and what the vault throws */
export async function answerGc(cli: Cli, options: GcOptions): Promise<Answer> {
  const settings = await readSettings(cli, options);
  const place = vaultOf(settings);
  demandKeeper(place, `holdfast ${GC_COMMAND}`);
  const policy = policyOf(settings.config.keep, options);
  const opened = await openWith(cli, settings, options);
  const guard = await openGuard(cli, settings);
  const decided = await decide(opened, policy, momentHere(cli.clock));
  const toJudge: GcToJudge = {
    root: place.root,
    command: ['holdfast', 'vault', 'gc', '--keep', keepText(policy)],
    entries: decided.snapshots.length,
    forget: goneOf(decided).map(({ record }) => record.name),
  };
  const judged = judgeGc(guard, toJudge);
  const made = { opened, guard, decided, toJudge, judged };
  if (goneOf(decided).length === 0) return shown(cli, made, 'nothing');
  if (options.dryRun === true) return shown(cli, made, 'dry run');
  if (judged.verdict.decision !== 'allow') return shown(cli, made, 'held');
  if (options.yes !== true && !(await isWanted(cli, made))) return shown(cli, made, 'not asked');
  return forget(cli, made);
}

/** @throws Fault HF_USAGE */
function policyOf(
  config: Parameters<typeof keepOfConfig>[0] | undefined,
  { keep }: GcOptions,
): RetentionPolicy {
  if (keep !== undefined) return parseKeep(keep, GC_COMMAND);
  return config === undefined ? NO_RULE : keepOfConfig(config, GC_COMMAND);
}

async function isWanted(cli: Cli, made: Made): Promise<boolean> {
  if (!cli.terminal.canAsk || cli.wantsJson) return false;
  const style = cli.terminal.errorStyle;
  for (const line of planLines(made, style, cli.clock.now())) cli.terminal.err(`${line}\n`);
  const count = goneOf(made.decided).length;
  const question = `\nType forget to forget ${countOf(count, 'snapshot')}, anything else to leave all: `;
  return (await askLine(cli, question)).trim() === 'forget';
}

type NotDone = 'nothing' | 'dry run' | 'held' | 'not asked';

function shown(cli: Cli, made: Made, why: NotDone): Answer {
  const now = cli.clock.now();
  const { decision } = made.judged.verdict;
  const codes = {
    nothing: made.decided.doubt === undefined ? EXIT.done : EXIT.held,
    'dry run': exitCodeOfDecision(decision),
    held: exitCodeOfDecision(decision),
    'not asked': EXIT.held,
  };
  return {
    code: codes[why],
    say: (style) => [...planLines(made, style, now), ...endLines(why, style)],
    json: { ...gcJson(made), done: false },
  };
}

function endLines(why: NotDone, style: Style): readonly string[] {
  const said = {
    nothing: undefined,
    'dry run': 'Nothing was changed: this was a dry run.',
    held: 'Nothing was changed.',
    'not asked': 'Nothing was changed: nobody was here to ask. --yes does it.',
  }[why];
  return said === undefined ? [] : ['', ...layoutSentence(style, { mark: undefined, text: said })];
}

async function forget(cli: Cli, made: Made): Promise<Answer> {
  const { opened, guard, decided, toJudge, judged } = made;
  const { session } = opened;
  const lease = leaseGc(guard, toJudge.root, judged.header.id);
  try {
    // What was frozen or claimed while somebody thought it over counts.
    const again = judgeGc(guard, toJudge, judged.header.id);
    if (again.verdict.decision !== 'allow') return shown(cli, { ...made, judged: again }, 'held');
    sealGc(guard, again);
    const plan = again.header.id;
    cli.stop.note(`What was forgotten can be put back: holdfast vault gc --undo ${plan}`);
    const collector = collectorOf(session);
    const gone = goneOf(decided);
    const forgot = await forgetSnapshots(
      { vault: session.vault, store: collector.store, clock: session.clock },
      {
        ...{ plan, policy: keepText(decided.policy) },
        snapshots: gone.map(({ record }) => record),
      },
      collector.putBack,
    );
    const at = cli.clock.now();
    noteGc(guard, again, { done: forgot.forgotten, until: at });
    const held = forgot.heldMeanwhile.map(({ id }) => shortId(id));
    return {
      code: EXIT.done,
      say: (style) => [
        ...gcWords({ ...wordsOf(made, at), isDone: true }, style),
        ...layoutRows(style, [
          {
            mark: undefined,
            label: 'undo',
            text: 'all of it can be put back',
            command: `holdfast vault gc --undo ${plan}`,
          },
          ...(held.length === 0
            ? []
            : [
                { mark: undefined, label: 'held', text: `${held.join(', ')} meanwhile: they stay` },
              ]),
        ]),
      ],
      json: {
        ...gcJson(made),
        plan,
        done: true,
        heldMeanwhile: forgot.heldMeanwhile.map(({ id }) => id),
      },
    };
  } finally {
    lease.free();
  }
}

function wordsOf(
  { opened, decided }: Made,
  now: UnixMs,
): Omit<Parameters<typeof gcWords>[0], 'isDone'> {
  return { decided, place: sayName(nameOfPlace(opened.session.line.place)), now };
}

function planLines(made: Made, style: Style, now: UnixMs): readonly string[] {
  return [
    ...gcWords({ ...wordsOf(made, now), isDone: false }, style),
    ...verdictLines(made.judged.verdict, style),
  ];
}

function verdictLines({ decision, objections }: Verdict, style: Style): readonly string[] {
  return decision === 'allow' ? [] : ['', ...layoutObjections(objections, style)];
}

function gcJson({ opened, decided, judged }: Made): object {
  const { policy, doubt, snapshots, facts } = decided;
  return {
    vault: opened.session.vault.id,
    place: textOfBytes(nameOfPlace(opened.session.line.place)),
    policy: policy === NO_RULE ? null : keepText(policy),
    doubt: doubt ?? null,
    verdict: judged.verdict.decision,
    objections: judged.verdict.objections.map(({ rule, why, fix }) => ({ rule, why, fix })),
    total: snapshots.length,
    forget: goneOf(decided).map(({ record, content }) => ({
      ...{ id: record.id, dataSet: content.dataSet, host: content.host },
      time: timeJson(record.time),
    })),
    keep: snapshots
      .filter(({ keptBy }) => keptBy.length > 0)
      .map(({ record, keptBy }) => ({ id: record.id, keptBy })),
    dataSets: gcRows(decided).map(({ oldest, broughtBytes, ...row }) => ({
      ...row,
      oldest: oldest === undefined ? null : timeJson(oldest),
      broughtBytes: broughtBytes ?? null,
    })),
    notTouched: facts.untouched.map(({ snapshot, why }) => ({ id: snapshot.record.id, why })),
    problems: [...facts.problems, ...facts.holdProblems].map(({ object, why }) => ({
      ...{ object, why: sayText(why) },
    })),
  };
}
