/** `holdfast status`: the answer on one screen, or on one line for a monitoring that has plugins. */
import type { Command } from 'commander';
import { momentHere } from '../../adapters/node/boot-clock.ts';
import { Fault } from '../../base/fault.ts';
import type { StateMark } from '../../base/say-mark.ts';
import { sayText } from '../../base/say-name.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { durationMs, hours } from '../../base/units.ts';
import { FreezeSwitch } from '../../guard/shell/freeze-switch.ts';
import { StoppedBook } from '../../guard/shell/stopped-book.ts';
import type { Exposure } from '../../watch/core/exposure/rows.ts';
import { exposureOf } from '../../watch/core/exposure.ts';
import { renderExposure } from '../../watch/core/render-exposure.ts';
import {
  nagiosAnswer,
  type NagiosAnswer,
  nagiosUnknown,
  type NagiosState,
  statusCounts,
} from '../../watch/core/status/nagios.ts';
import { freezeSentence } from '../guard/held-words.ts';
import { listensNow } from '../server/listens-file.ts';
import { nodePorts } from '../vault-session.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { childExit, EXIT } from './exit-code.ts';
import { timeJson } from './json-shape.ts';
import { lookWithoutVault, lookWithVault } from './look-here.ts';
import { vaultOptions } from './open.ts';
import { textOfBytes } from './places.ts';
import { readSettings, type Settings, type VaultOptions } from './settings.ts';
import { parseTimeLimit } from './time-limit.ts';

interface Options extends VaultOptions {
  readonly nagios?: true;
  readonly warning?: string;
  readonly critical?: string;
}

const WARNING_HABIT = hours(26);
const CRITICAL_HABIT = hours(72);
const ROWS_MAX = 12;
const MARKS: readonly StateMark[] = ['ok', 'degraded', 'failed', 'unknown'];

const EXAMPLE = `
Computed when it is asked, from what is stored and still fresh: what no fresh
proof shows is unknown, and unknown is never ok.

--nagios prints one line with figures and ends with 0 (ok), 1 (warning),
2 (critical) or 3 (unknown): for Nagios, Icinga, Checkmk and Zabbix. Critical is
what one loss takes for good, or more than --critical of changes; whatever
cannot be told is 3.

Examples:
  holdfast status
  holdfast status --nagios --warning 26h --critical 72h`;

export function define(command: Command, act: Act): void {
  command
    .summary('the answer on one screen; --nagios on one line')
    .description('What would be lost if one thing died now, worst first, and what is stopped.')
    .option('--nagios', 'one line with figures, and an exit code from 0 to 3')
    .option('--warning <span>', 'a loss of more changes than this warns; else 26h')
    .option('--critical <span>', 'a loss of more changes than this is critical; else 72h')
    .addHelpText('after', EXAMPLE)
    .action(act((cli, [options]: [Options]) => status(cli, options)));
  vaultOptions(command);
}

interface Known {
  readonly exposure: readonly Exposure[];
  readonly frozen: string | undefined;
  readonly stillStopped: readonly string[];
  readonly answer: NagiosAnswer;
  /** The server of this machine, where one runs: it knows how hosts stand. */
  readonly server: ReturnType<typeof listensNow>;
}

async function status(cli: Cli, options: Options): Promise<Answer> {
  if (options.nagios !== true) return onOneScreen(cli, await known(cli, options));
  try {
    return onOneLine((await known(cli, options)).answer);
  } catch (error) {
    // A monitoring reads one line and a number: whatever is in the way is unknown.
    if (!(error instanceof Fault)) throw error;
    return onOneLine(nagiosUnknown(`${error.message} (${error.code})`));
  }
}

async function known(cli: Cli, options: Options): Promise<Known> {
  const span = (given: string | undefined, option: string, habit: number) =>
    durationMs(given === undefined ? habit : parseTimeLimit(given, 'status', option));
  const warningMs = span(options.warning, '--warning', WARNING_HABIT);
  const criticalMs = span(options.critical, '--critical', CRITICAL_HABIT);
  const settings = await readSettings(cli, options);
  const { estate } =
    settings.vault === undefined
      ? await lookWithoutVault(cli, settings)
      : await lookWithVault(cli, settings, options);
  const exposure = exposureOf(estate, cli.clock.now());
  const { frozen, stillStopped } = held(cli, settings);
  const unseen = estate.vaults.length === 0 ? ['no vault and no backup was opened here'] : [];
  const asked = { exposure, unseen, stillStopped, warningMs, criticalMs };
  const server = listensNow(`${textOfBytes(settings.state.value)}/server`);
  return { exposure, frozen, stillStopped, answer: nagiosAnswer(asked), server };
}

function held(cli: Cli, settings: Settings): Pick<Known, 'frozen' | 'stillStopped'> {
  const ports = { ...nodePorts(), stateDir: settings.state.value };
  const now = momentHere(cli.clock);
  const freeze = new FreezeSwitch(ports).check(() => now);
  const left = new StoppedBook(ports).names();
  return {
    frozen: freeze === undefined ? undefined : freezeSentence(freeze, now),
    // Under a freeze they are stopped because somebody wants it so.
    stillStopped: freeze === undefined ? left : [],
  };
}

function onOneLine({ state, line }: NagiosAnswer): Answer {
  return { code: exitOf(state), say: () => [line], json: { state, line } };
}

function exitOf(state: NagiosState) {
  return state === 0 ? EXIT.done : childExit(state);
}

function onOneScreen(cli: Cli, asked: Known): Answer {
  const { exposure, frozen, stillStopped, answer, server } = asked;
  const is = MARKS[answer.state] ?? 'unknown';
  return {
    code: EXIT.done,
    say: function* (style) {
      const text =
        exposure.length === 0
          ? 'Nothing here is in a backup that was opened.'
          : `${statusCounts(exposure)}.`;
      yield* layoutSentence(style, { mark: { is }, text });
      const mark = { is: 'held' } as const;
      if (frozen !== undefined) yield* layoutSentence(style, { mark, text: `${frozen}.` });
      if (stillStopped.length > 0) {
        const names = stillStopped.join(', ');
        yield* layoutSentence(style, {
          mark,
          text: `A freeze has ended, and what it stopped is still stopped: ${names} (holdfast unfreeze).`,
        });
      }
      if (server !== undefined) {
        const at = server.page ?? server.url;
        const how = 'holdfast server user add NAME prints a link';
        const told = `How the hosts stand that report to this machine: ${sayText(at, style)} (${how}).`;
        yield* layoutSentence(style, { mark: undefined, text: told });
      }
      if (exposure.length === 0) return;
      yield '';
      yield renderExposure(exposure.slice(0, ROWS_MAX), style).trimEnd();
      if (exposure.length > ROWS_MAX)
        yield `  ${exposure.length - ROWS_MAX} more: holdfast exposure`;
    },
    json: {
      computedAt: timeJson(cli.clock.now()),
      state: answer.state,
      line: answer.line,
      frozen: frozen ?? null,
      stillStopped,
      server: server === undefined ? null : { url: server.url, page: server.page ?? null },
      exposure: exposure.map(({ dataSet, domain, is: isNow, loss, outage, survives, proof }) => ({
        ...{ dataSet, domain, is: isNow, loss, outage, survives, proof },
      })),
    },
  };
}
