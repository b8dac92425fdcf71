/** `holdfast freeze`: what Holdfast changes here stops, within a second. */
import type { Command } from 'commander';
import { automationHere } from '../../adapters/discovery/automation-here.ts';
import { LocalWorld } from '../../adapters/discovery/local-world.ts';
import { momentHere } from '../../adapters/node/boot-clock.ts';
import type { Style } from '../../base/say.ts';
import { countOf } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { wrap } from '../../base/say-width.ts';
import { hours } from '../../base/units.ts';
import { type FreezeRow, sortedRows } from '../../guard/core/freeze-rows.ts';
import type { Freeze } from '../../guard/core/held-things.ts';
import { freezeCounts, freezeRow, notCovered } from '../guard/freeze-words.ts';
import { freezerHere } from '../guard/freezer-here.ts';
import { type GuardSession, openGuard } from '../guard/guard-session.ts';
import { freezeSentence } from '../guard/held-words.ts';
import { type PlanRow, planRows } from '../guard/plan-list.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { timeJson } from './json-shape.ts';
import { reasonOf } from './reason.ts';
import { readSettings } from './settings.ts';
import { parseTimeLimit } from './time-limit.ts';
import { endOf } from '../../base/moment.ts';

interface Options {
  readonly config?: string;
  readonly reason?: string;
  readonly for?: string;
}

const SPAN_HABIT = hours(2);

const EXAMPLE = `
It stops what Holdfast itself applies from this state directory, between two
operations, and holds what comes; then whatever stands below \`stoppers:\` in the
configuration: puppet, cron, timers, rsyncd and others, only those you named.
What each was is on disk before it is stopped, and \`unfreeze\` starts only that.
Backups, drills and restores into a new place go on. It ends with 6 where
something that you named still runs, or could not be seen.

Examples:
  holdfast freeze --for 2h --reason "storage work on st1, st2"
  holdfast unfreeze`;

export function define(command: Command, act: Act): void {
  command
    .summary('stop every change that Holdfast makes here, until you say so')
    .description('Freezes changes on this machine: no plan is applied, and one under way stops.')
    .option('--reason <text>', 'why; others are told')
    .option('--for <span>', 'how long, such as 30m or 2h; else 2h')
    .option('--config <file>', 'another configuration file')
    .addHelpText('after', EXAMPLE)
    .action(act((cli, [options]: [Options]) => freezeHere(cli, options)));
}

async function freezeHere(cli: Cli, options: Options): Promise<Answer> {
  const reason = reasonOf(options.reason, { command: 'freeze', example: 'storage work' });
  const spanMs =
    options.for === undefined ? SPAN_HABIT : parseTimeLimit(options.for, 'freeze', '--for');
  const session = await openGuard(cli, await readSettings(cli, options));
  const now = momentHere(cli.clock);
  const freeze: Freeze = { by: session.actor.name, reason, made: now, spanMs };
  const { stoppers: named, freeze: rules } = session.settings.config;
  const { freezer, stoppers } = freezerHere({
    ...{ ports: session.ports, stateDir: session.stateDir, clock: cli.clock },
    ...{ stoppers: named, freeze: rules },
  });
  // Plans stop first of all, and at once: what is listed may take a while.
  const stopping = freezer.freeze(freeze);
  const [stopped, seen] = await Promise.all([stopping, automationHere(new LocalWorld('/'))]);
  const rows = sortedRows([...stopped, ...notCovered(seen, stoppers)]);
  const plans = plansOf(session);
  return {
    code: stopped.every(({ state }) => state === 'stopped') ? EXIT.done : EXIT.gaps,
    say: (style) => words(style, { sentence: freezeSentence(freeze, now), rows, plans }),
    json: {
      until: timeJson(endOf(now, spanMs, now)),
      by: freeze.by,
      reason,
      rows,
      plansWaiting: plans.waiting,
      plansUnderWay: plans.underWay,
    },
  };
}

interface Plans {
  readonly waiting: number;
  readonly underWay: readonly string[];
}

function* words(
  style: Style,
  said: {
    readonly sentence: string;
    readonly rows: readonly FreezeRow[];
    readonly plans: Plans;
  },
): Iterable<string> {
  const { sentence, rows, plans } = said;
  const text = `${sentence}. Of what else changes this host: ${freezeCounts(rows)}.`;
  yield* layoutSentence(style, { mark: { is: 'held' }, text });
  yield '';
  yield* layoutRows(style, [...rows.map(freezeRow), plansRow(plans)]);
  yield '';
  const rest =
    'Backups, drills and restores into a new place go on. Not covered as well: programs that are started by hand, and Holdfast run with another state directory.';
  yield* wrap(rest, style.width);
  yield '  Let changes go on     holdfast unfreeze';
}

function plansRow({ waiting, underWay }: Plans): LabelledRow {
  const now = underWay.length === 0 ? 'none was under way' : `${underWay.join(', ')} stops`;
  return { mark: { is: 'held' }, label: 'held', text: `${countOf(waiting, 'plan')}; ${now}` };
}

function plansOf({ store, now }: GuardSession): Plans {
  const rows = planRows(store, now());
  const underWay = rows.filter(({ state }) => state === 'under-way').map(({ plan }) => plan.id);
  return { waiting: rows.filter(isHeldBack).length, underWay };
}

function isHeldBack({ state }: PlanRow): boolean {
  return state === 'held' || state === 'adds-only' || state === 'allowed';
}
