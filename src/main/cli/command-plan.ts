/** `holdfast plan`: what waits for somebody, and one plan in full. */
import type { Command } from 'commander';
import { momentHere } from '../../adapters/node/boot-clock.ts';
import type { Verdict } from '../../base/plan.ts';
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { formatAge, formatInstant } from '../../base/say-time.ts';
import { padTo, shorten } from '../../base/say-width.ts';
import type { UnixMs } from '../../base/units.ts';
import { PlanPicture } from '../../guard/core/plan-picture.ts';
import { layoutAllOps } from '../../guard/core/say-ops.ts';
import { sayVerdict, shortDigest, wouldWords } from '../../guard/core/say-verdict.ts';
import type { JudgedVerdict } from '../../guard/core/verdict-text.ts';
import { brokenGlass } from '../../guard/shell/broken-glass.ts';
import type { PlanStore, StoredPlan } from '../../guard/shell/plan-store.ts';
import { approvalsFor } from '../guard/approvals-here.ts';
import { type GuardSession, openGuard } from '../guard/guard-session.ts';
import { opJson, planJson } from '../guard/plan-json.ts';
import { brokenGlassWords, recentGlass } from '../guard/broken-glass-words.ts';
import { exportLines } from '../guard/plan-export.ts';
import { isWaiting, planListWords, planRows } from '../guard/plan-list.ts';
import { exitCodeOfDecision } from '../guard/verdict-exit.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { jsonOption } from './json-option.ts';
import { readSettings, type VaultOptions } from './settings.ts';

interface Options extends VaultOptions {
  readonly all?: true;
  readonly exitCode?: true;
  readonly export?: true;
}

const EXAMPLE = `
With an id, or the first digits of one: what it would do, every reason against
it with what to do about it, and the ten most alarming operations first. It is
shown as it was judged when it was made; it is judged again when it is applied.

Examples:
  holdfast plan
  holdfast plan p-7f3a --all | less`;

export function define(command: Command, act: Act): void {
  jsonOption(command)
    .summary('plans that wait, or one in full')
    .description('Plans that wait for somebody, or one plan in full.')
    .argument('[id]', 'of a plan; the first digits suffice')
    .option('--all', 'every operation; without an id: every plan')
    .option('--export', 'all of it as a text, to be approved on another machine')
    .option('--exit-code', 'end with 2 where it is held, 3 denied, 4 expired')
    .option('--config <file>', 'instead of ./holdfast.yaml, /etc/holdfast/holdfast.yaml')
    .addHelpText('after', EXAMPLE)
    .action(
      act((cli, [id, options]: [string | undefined, Options]) =>
        id === undefined ? list(cli, options) : show(cli, id, options),
      ),
    );
}

async function list(cli: Cli, options: Options): Promise<Answer> {
  const session = await openGuard(cli, await readSettings(cli, options));
  const now = session.now();
  const rows = planRows(session.store, now);
  const waiting = rows.filter(isWaiting);
  const isAll = options.all === true;
  const notes = brokenGlass({ ...session.ports, stateDir: session.stateDir });
  const glass = recentGlass(notes, { now, isAll });
  return {
    code: options.exitCode === true && waiting.length > 0 ? EXIT.held : EXIT.done,
    say: function* (style) {
      yield* planListWords(rows, { style, now, isAll });
      yield* brokenGlassWords(glass, { style, now });
    },
    json: {
      brokenGlass: glass,
      plans: (isAll ? rows : waiting).map(({ plan, state, verdict }) => ({
        id: plan.id,
        state,
        ...(plan.flaw === undefined ? planJson(plan, verdict) : { flaw: plan.flaw.message }),
      })),
    },
  };
}

async function show(cli: Cli, id: string, options: Options): Promise<Answer> {
  const session = await openGuard(cli, await readSettings(cli, options));
  const { store, now: clock } = session;
  if (options.export === true) return exported(session, store.check(store.find(id).header.id));
  const now = clock();
  const plan = store.find(id);
  const picture = new PlanPicture(now);
  for (const op of store.ops(plan.header.id)) picture.add(op);
  const judged = store.verdict(plan.header.id);
  const approved = await approvedBy(cli, session, { plan, judged });
  const shown: Shown = { store, plan, judged, approved, picture, now, isAll: options.all === true };
  const ops = cli.wantsJson && shown.isAll ? [...store.ops(plan.header.id)].map(opJson) : undefined;
  return {
    code: options.exitCode === true ? codeOf(plan, judged?.verdict, now) : EXIT.done,
    say: (style) => words(shown, style),
    json: {
      ...planJson(plan, judged?.verdict),
      ...(judged === undefined ? {} : { judged: judged.judged }),
      approvedBy: approved,
      alarming: picture.alarms().map(opJson),
      ...(ops === undefined ? {} : { ops }),
    },
  };
}

/** Persons whose approval counts for what was objected to. */
async function approvedBy(
  cli: Cli,
  session: GuardSession,
  { plan, judged }: { readonly plan: StoredPlan; readonly judged: JudgedVerdict | undefined },
): Promise<readonly string[]> {
  if (judged?.verdict.decision !== 'hold') return [];
  const { verdict } = judged;
  const { facts } = await approvalsFor(session, { ...plan, verdict, now: momentHere(cli.clock) });
  return [...new Set(facts.map(({ person }) => person))];
}

function exported(session: GuardSession, plan: StoredPlan): Answer {
  const say = (): Iterable<string> => exportLines(session, plan);
  return { code: EXIT.done, say, json: { plan: plan.header.id, lines: [...say()] } };
}

function codeOf({ header }: StoredPlan, verdict: Verdict | undefined, now: UnixMs): ExitCode {
  if (now >= header.expires) return EXIT.stale;
  return verdict === undefined ? EXIT.held : exitCodeOfDecision(verdict.decision);
}

interface Shown {
  readonly store: PlanStore;
  readonly plan: StoredPlan;
  readonly judged: JudgedVerdict | undefined;
  readonly approved: readonly string[];
  readonly picture: PlanPicture;
  readonly now: UnixMs;
  readonly isAll: boolean;
}

function* words(shown: Shown, style: Style): Generator<string> {
  const { plan, judged, picture, now } = shown;
  const { header, digest } = plan;
  if (judged === undefined) {
    yield `${header.id}   It would ${wouldWords({ header, picture })}. It was not judged yet.`;
  } else {
    yield* sayVerdict({ header, digest, picture, now, verdict: judged.verdict }, style);
  }
  yield '';
  yield* aboutLines(shown, style);
  if (shown.isAll) yield* layoutAllOps(shown.store.ops(header.id), now, style);
}

function* aboutLines({ plan, judged, approved, now }: Shown, style: Style): Generator<string> {
  const { header, digest } = plan;
  const { actor, source, target, reason, command, undoOf, created, expires } = header;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['made', `${formatAge(now - created)} by ${actor.name} (${actor.kind})`],
    ['judged', judged === undefined ? undefined : formatAge(now - judged.judged)],
    ['approved', approved.length === 0 ? undefined : `by ${approved.join(', ')}`],
    ['good until', formatInstant(expires, now)],
    ['command', command?.join(' ')],
    ['takes back', undoOf],
    ['reason', reason],
    ['from', source?.place],
    ['to', target.place],
    ['digest', shortDigest(digest)],
  ];
  for (const [what, said] of rows) {
    if (said === undefined) continue;
    const text = shorten(sayText(said, style), { width: style.width - 14, style });
    yield `  ${padTo(what, 10)}  ${text}`;
  }
}
