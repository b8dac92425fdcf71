/** `vault gc`: the plan, the question, and what follows from the answer. */
import { momentHere } from '../../adapters/node/boot-clock.ts';
import { MOUNT_ANSWER_MAX, nodeMounts } from '../../adapters/node/mounts.ts';
import { Fault } from '../../base/fault.ts';
import type { Verdict } from '../../base/plan.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { layoutObjections } from '../../guard/core/say-verdict.ts';
import type { RetentionPolicy } from '../../vault/core/retention.ts';
import {
  type CollectorPorts,
  markGarbage,
  type MarkReport,
  type SweepReport,
  sweepTrash,
} from '../../vault/shell/collect.ts';
import { dropSeen } from '../../vault/shell/seen-store.ts';
import { bringMissingBack, type Forgot, forgetSnapshots } from '../../vault/shell/forget.ts';
import { putBack } from '../../vault/shell/put-back.ts';
import { shortId } from '../../vault/shell/snapshot-store.ts';
import { surveyByKey } from '../../vault/shell/seal-packs.ts';
import { type Exploration, exploreVault } from '../../vault/shell/survey-vault.ts';
import { demandCollectedFormat } from '../../vault/shell/upgrade-vault.ts';
import { askLine } from '../cli/ask.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { timeJson } from '../cli/json-shape.ts';
import { type Opened, openWith } from '../cli/open.ts';
import { textOfBytes } from '../cli/places.ts';
import { readSettings, type VaultOptions, vaultOf } from '../cli/settings.ts';
import { parseTimeLimit } from '../cli/time-limit.ts';
import { keepOfConfig, keepText, parseKeep } from '../estate/keep-policy.ts';
import { type GuardSession, openGuard } from '../guard/guard-session.ts';
import { exitCodeOfDecision } from '../guard/verdict-exit.ts';
import { nameOfPlace } from '../vault-place.ts';
import { damagedPacksOf } from '../vault-session.ts';
import { collectorOf, type Trash, trashOf } from './collector-here.ts';
import {
  type CompactionAsked,
  compactionOfOptions,
  planJson,
  planMoves,
} from './compaction-here.ts';
import { type Decided, decide, NO_RULE } from './decide.ts';
import { demandAlone } from './demand-alone.ts';
import { demandKeeper } from './demand-keeper.ts';
import {
  bytesOf,
  dueTrash,
  type Freeing,
  freedRows,
  freeingRows,
  stoppedOf,
} from './freeing-words.ts';
import { type GcToJudge, type JudgedGc, judgeGc, leaseGc, noteGc, sealGc } from './gc-guard.ts';
import { gcRows, goneOf } from './gc-rows.ts';
import { gcWords } from './gc-words.ts';

export interface GcOptions extends CompactionAsked, VaultOptions {
  readonly keep?: string;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly undo?: string;
  readonly grace?: string;
  readonly nobodyWrites?: true;
}

export const GC_COMMAND = 'vault gc';
/** So long what was forgotten can be put back. */
const GRACE = '7d';

interface Made {
  readonly opened: Opened;
  readonly guard: GuardSession;
  readonly decided: Decided;
  readonly explored: Exploration;
  readonly freeing: Freeing;
  readonly collector: CollectorPorts;
  readonly toJudge: GcToJudge;
  readonly judged: JudgedGc;
}

/** @throws Fault HF_VAULT_KEEPER, HF_VAULT_NAMES_OLD, HF_VAULT_FORMAT_OLD, HF_USAGE, HF_PLAN_LEASED, ... */
export async function answerGc(cli: Cli, options: GcOptions): Promise<Answer> {
  const settings = await readSettings(cli, options);
  const place = vaultOf(settings);
  demandKeeper(place, `holdfast ${GC_COMMAND}`);
  demandAlone(place, nodeMounts({ answerMax: MOUNT_ANSWER_MAX }), options.nobodyWrites);
  const policy = policyOf(settings.config.keep, options);
  const graceMs = parseTimeLimit(options.grace ?? GRACE, GC_COMMAND, '--grace');
  const opened = await openWith(cli, settings, { ...options, needs: 'all' });
  const guard = await openGuard(cli, settings);
  const decided = await decide(opened, policy, momentHere(cli.clock));
  const forget = goneOf(decided).map(({ record }) => record.name);
  const collector = collectorOf(opened.session);
  const minFree = settings.config['min-free']?.toString();
  const room = { space: await opened.session.line.space(), minFree };
  const compaction = compactionOfOptions(options, room, GC_COMMAND);
  const explored = await exploreVault(collector, { without: forget });
  const freeing: Freeing = {
    compaction,
    survey: await surveyByKey(collector, explored, compaction),
    ...{ trash: await trashOf(collector, graceMs), graceMs, now: cli.clock.now() },
    damaged: damagedPacksOf(opened.session).read(),
    isClockTrusted: decided.doubt === undefined,
  };
  const toJudge: GcToJudge = {
    root: place.root,
    command: ['holdfast', 'vault', 'gc', '--keep', keepText(policy)],
    ...{ entries: decided.snapshots.length, forget },
    sweep: dueTrash(freeing).map((each) => sweptOf(each, freeing)),
  };
  const judged = judgeGc(guard, toJudge);
  const made = { opened, guard, decided, explored, freeing, collector, toJudge, judged };
  if (options.dryRun === true) return shown(cli, made, 'dry run');
  await demandCollectedFormat({ ...collector, place: textOfBytes(nameOfPlace(place)) });
  if (judged.verdict.decision !== 'allow') return shown(cli, made, 'held');
  const isAsked = judged.ops.length > 0;
  if (isAsked && options.yes !== true && !(await isWanted(cli, made))) {
    return shown(cli, made, 'not asked');
  }
  return perform(cli, made);
}

function sweptOf(trash: Trash, { survey }: Freeing): GcToJudge['sweep'][number] {
  const { generation, packs, until } = trash;
  const name = `collect/${String(generation).padStart(10, '0')}-trash`;
  return { name, packs: packs.length, bytes: bytesOf(survey, [trash]), until };
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
  const [word, what] =
    count > 0
      ? ['forget', `to forget ${countOf(count, 'snapshot')}`]
      : ['free', 'to free it for good'];
  const question = `\nType ${word} ${what}, anything else to leave all: `;
  return (await askLine(cli, question)).trim() === word;
}

type NotDone = 'dry run' | 'held' | 'not asked';

function shown(cli: Cli, made: Made, why: NotDone): Answer {
  const now = cli.clock.now();
  const { decision } = made.judged.verdict;
  const codes = {
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
    'dry run': 'Nothing was changed: this was a dry run.',
    held: 'Nothing was changed.',
    'not asked': 'Nothing was changed: nobody was here to ask. --yes does it.',
  }[why];
  return ['', ...layoutSentence(style, { mark: undefined, text: said })];
}

/** What waited goes, what no rule keeps is forgotten, and what nothing needs then begins to wait. */
async function perform(cli: Cli, made: Made): Promise<Answer> {
  const { guard, decided, freeing, collector, toJudge, judged } = made;
  const lease = leaseGc(guard, toJudge.root, judged.header.id);
  try {
    // What was frozen or claimed while somebody thought it over counts.
    const again = judgeGc(guard, toJudge, judged.header.id);
    if (again.verdict.decision !== 'allow') return shown(cli, { ...made, judged: again }, 'held');
    if (again.ops.length > 0) sealGc(guard, again);
    const { broughtBack, swept, forgot, marked } = await noted(made, again, () => done(cli, made));
    const { survey, compacted, indexes } = marked;
    const now = cli.clock.now();
    const trash = await trashOf(collector, freeing.graceMs);
    const after: Freeing = { ...freeing, survey: { ...survey }, trash, now };
    const stopped = stoppedOf({ swept, marked });
    const isLeft = swept.undeleted.length > 0 || marked.untidied !== undefined;
    const isStopped = decided.doubt !== undefined || stopped.length > 0;
    return {
      code: isLeft ? EXIT.error : isStopped ? EXIT.held : EXIT.done,
      say: (style) => [
        ...gcWords(
          {
            ...wordsOf(made, now),
            isDone: true,
            spaceRows: freedRows(after, { swept, marked }, style),
          },
          style,
        ),
        ...undoLines({ ...forgot, broughtBack }, judged.header.id, style),
      ],
      json: {
        ...gcJson(made),
        ...(again.ops.length > 0 ? { plan: judged.header.id } : {}),
        done: true,
        stopped,
        freedBytes: swept.freedBytes,
        takenBack: swept.takenBack,
        notDeleted: swept.undeleted.map(({ packs, why }) => ({ packs, why: sayText(why) })),
        moved: {
          ...compacted,
          sources: compacted.sources.length,
          unmovable: compacted.unmovable.length,
        },
        indexes,
        notMerged: marked.untidied === undefined ? null : sayText(marked.untidied),
        heldMeanwhile: forgot.heldMeanwhile.map(({ id }) => id),
        broughtBack: broughtBack.map(({ id }) => id),
      },
    };
  } finally {
    lease.free();
  }
}

interface Done {
  readonly broughtBack: Awaited<ReturnType<typeof bringMissingBack>>;
  readonly swept: SweepReport;
  readonly forgot: Forgot;
  readonly marked: MarkReport;
}

const NOTHING_SWEPT: SweepReport = {
  ...{ packs: 0, freedBytes: 0, takenBack: 0, undeleted: [], waiting: [], stopped: [] },
};

async function done(cli: Cli, made: Made): Promise<Done> {
  const { collector, explored, freeing, decided } = made;
  const { isClockTrusted, graceMs, compaction } = freeing;
  // Before anything is freed: a run that was stopped may have left out what somebody held.
  const { vault, clock } = made.opened.session;
  const forgetting = { vault, clock, store: collector.store };
  const broughtBack = await bringMissingBack(forgetting, (some) => putBack(collector, some));
  const swept = isClockTrusted
    ? await sweepTrash(collector, { graceMs, compaction })
    : NOTHING_SWEPT;
  const forgot = await forgetGone(cli, made);
  const marked = await markGarbage(collector, { compaction, before: explored });
  await dropSeen({ ...vault, store: collector.store }, decided.facts.all, clock.now());
  return { broughtBack, swept, forgot, marked };
}

/** How the plan ended stands beside it, whatever came of it. */
async function noted(
  { guard, freeing }: Made,
  judged: JudgedGc,
  act: () => Promise<Done>,
): Promise<Done> {
  const count = judged.ops.length;
  const until = unixMs(guard.now() + freeing.graceMs);
  try {
    const did = await act();
    if (count > 0) noteGc(guard, judged, { done: count, until });
    return did;
  } catch (error) {
    if (count > 0 && error instanceof Fault) {
      noteGc(guard, judged, { done: 0, until, why: error.message });
    }
    throw error;
  }
}

async function forgetGone(cli: Cli, { opened, decided, collector, judged }: Made): Promise<Forgot> {
  const gone = goneOf(decided);
  if (gone.length === 0) return { forgotten: 0, heldMeanwhile: [] };
  const { vault, clock } = opened.session;
  const plan = judged.header.id;
  cli.stop.note(`What was forgotten can be put back: holdfast vault gc --undo ${plan}`);
  return forgetSnapshots(
    { vault, clock, store: collector.store },
    { plan, policy: keepText(decided.policy), snapshots: gone.map(({ record }) => record) },
    (snapshots) => putBack(collector, snapshots),
  );
}

function undoLines(
  { forgotten, heldMeanwhile, broughtBack }: Forgot & Pick<Done, 'broughtBack'>,
  plan: string,
  style: Style,
): readonly string[] {
  const rows: LabelledRow[] = [];
  if (forgotten > 0) {
    const text = 'all that was forgotten can be put back until it is freed';
    const command = `holdfast vault gc --undo ${plan}`;
    rows.push({ mark: undefined, label: 'undo', text, command });
  }
  if (heldMeanwhile.length > 0) {
    const ids = heldMeanwhile.map(({ id }) => shortId(id)).join(', ');
    rows.push({ mark: undefined, label: 'held', text: `${ids} meanwhile: they stay` });
  }
  if (broughtBack.length > 0) {
    const ids = broughtBack.map(({ id }) => shortId(id)).join(', ');
    const text = `${ids}: forgotten once, kept since, and missing; there again`;
    rows.push({ mark: undefined, label: 'back', text });
  }
  return rows.length === 0 ? [] : layoutRows(style, rows);
}

function wordsOf(
  { opened, decided, freeing }: Made,
  now: UnixMs,
): Omit<Parameters<typeof gcWords>[0], 'isDone' | 'spaceRows'> {
  return { decided, freeing, place: sayName(nameOfPlace(opened.session.line.place)), now };
}

function planLines(made: Made, style: Style, now: UnixMs): readonly string[] {
  return [
    ...gcWords(
      { ...wordsOf(made, now), isDone: false, spaceRows: freeingRows(made.freeing, style) },
      style,
    ),
    ...verdictLines(made.judged.verdict, style),
  ];
}

function verdictLines({ decision, objections }: Verdict, style: Style): readonly string[] {
  return decision === 'allow' ? [] : ['', ...layoutObjections(objections, style)];
}

function gcJson({ opened, decided, freeing, judged }: Made): object {
  const { policy, doubt, snapshots, facts } = decided;
  return {
    vault: opened.session.vault.id,
    place: textOfBytes(nameOfPlace(opened.session.line.place)),
    policy: policy === NO_RULE ? null : keepText(policy),
    doubt: doubt ?? null,
    verdict: judged.verdict.decision,
    objections: judged.verdict.objections.map(({ rule, why, fix }) => ({ rule, why, fix })),
    space: spaceJson(freeing),
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

function spaceJson(freeing: Freeing): object {
  const { survey } = freeing;
  const { liveBytes, deadBytes, leavingBytes, sharedBytes, keptBytes, stopped, packs, ignored } =
    survey;
  return {
    ...{ liveBytes, deadBytes, leavingBytes, sharedBytes, keptBytes, stopped, ignored },
    dueBytes: bytesOf(survey, dueTrash(freeing)),
    move: planJson(planMoves(survey, freeing.compaction, freeing.damaged)),
    kept: packs
      .filter(({ fate }) => fate === 'kept')
      .map(({ name, sizeBytes, why }) => ({ name, sizeBytes, why })),
  };
}
