/** `holdfast freeze`: what Holdfast changes here stops, within a second. */
import type { Command } from 'commander';
import { automationHere, type AutomationSeen } from '../../adapters/discovery/automation-here.ts';
import { LocalWorld } from '../../adapters/discovery/local-world.ts';
import { momentHere } from '../../adapters/node/boot-clock.ts';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { countOf } from '../../base/say-quantity.ts';
import { sayText } from '../../base/say-name.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { wrap } from '../../base/say-width.ts';
import { hours } from '../../base/units.ts';
import type { Freeze } from '../../guard/core/held-things.ts';
import { FreezeSwitch } from '../../guard/shell/freeze-switch.ts';
import { type GuardSession, openGuard } from '../guard/guard-session.ts';
import { freezeSentence } from '../guard/held-words.ts';
import { type PlanRow, planRows } from '../guard/plan-list.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { timeJson } from './json-shape.ts';
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
operations, and holds what comes. Backups, drills and restores into a new place
go on. What else changes this machine by itself is listed as not covered.

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
  const reason = options.reason?.trim() ?? '';
  if (reason === '') {
    throw new Fault('HF_USAGE', 'say why: --reason "storage work"', { command: 'freeze' });
  }
  const spanMs =
    options.for === undefined ? SPAN_HABIT : parseTimeLimit(options.for, 'freeze', '--for');
  const session = await openGuard(cli, await readSettings(cli, options));
  const now = momentHere(cli.clock);
  const freeze: Freeze = { by: session.actor.name, reason, made: now, spanMs };
  // First of all: what is listed below may take a while.
  new FreezeSwitch({ ...session.ports, stateDir: session.stateDir }).set(freeze);
  const notCovered = await automationHere(new LocalWorld('/'));
  const plans = plansOf(session);
  return {
    code: EXIT.done,
    say: (style) => words(style, { sentence: freezeSentence(freeze, now), notCovered, plans }),
    json: {
      until: timeJson(endOf(now, spanMs, now)),
      by: freeze.by,
      reason,
      notCovered,
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
    readonly notCovered: readonly AutomationSeen[];
    readonly plans: Plans;
  },
): Iterable<string> {
  const { sentence, notCovered, plans } = said;
  const count = notCovered.length;
  const verb = count === 1 ? 'is' : 'are';
  const others = count === 0 ? '' : ` ${countOf(count, 'thing')} here ${verb} not covered.`;
  yield* layoutSentence(style, { mark: { is: 'held' }, text: `${sentence}.${others}` });
  yield '';
  yield* layoutRows(style, [...notCovered.map(notCoveredRow), plansRow(plans)]);
  yield '';
  const rest =
    'Backups, drills and restores into a new place go on. Not covered as well: programs that are started by hand, and Holdfast run with another state directory.';
  yield* wrap(rest, style.width);
  yield '  Let changes go on     holdfast unfreeze';
}

function notCoveredRow({ name, what }: AutomationSeen): LabelledRow {
  const text = `${sayText(name)}: ${sayText(what)}; it goes on`;
  return { mark: { is: 'failed' }, label: 'not covered', text };
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
