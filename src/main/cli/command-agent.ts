/** `holdfast agent`: this host, watched for a server. `agent enroll` makes it known there. */
import { type Command, Option } from 'commander';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf, formatBytes } from '../../base/say-quantity.ts';
import { layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { actOnce } from '../agent/act-once.ts';
import { enrolHere } from '../agent/enrol-here.ts';
import { runAgent } from '../agent/run-agent.ts';
import type { Frame } from '../agent/show-here.ts';
import { isToldWaiting } from '../../watch/core/plans-report.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';

interface Options {
  readonly config?: string;
  readonly state?: string;
  readonly again?: true;
}

const LINE_BYTES_MAX = 4096;

const EXAMPLE = `
What a server may ask of this host stands in /etc/holdfast/agent.yaml, which
root writes; without that file it may ask for nothing, and is told what is seen.

Examples:
  holdfast agent
  holdfast agent enroll - < line.txt     # what server token HOST printed`;

const SHOW_EXAMPLE = `
No content of files, no key and no password is in it. What root writes in agent.yaml,
show: false, keeps it from the server.

Example:
  holdfast agent show`;

const ENROLL_EXAMPLE = `
The line is what \`holdfast server token HOST\` printed on the server. As - it is
read from standard input, where no list of processes shows it.

Example:
  holdfast agent enroll - < line.txt`;

export function define(command: Command, act: Act): void {
  command
    .summary('watch this host for a server; does what agent.yaml allows')
    .description('Watches this host, says what it sees to its server, and stays until it is ended.')
    .option('--config <file>', 'instead of /etc/holdfast/agent.yaml')
    .option('--state <directory>', 'where its key and what it keeps lie')
    .addHelpText('after', EXAMPLE)
    .action(act((cli, [options]: [Options]) => run(cli, options)));
  command
    .command('act')
    .description('Applies one plan that standard input names: systemd starts it, for level act.')
    .option('--config <file>', 'instead of /etc/holdfast/agent.yaml')
    .addHelpText('after', '\nExample:\n  holdfast agent act < plan-id.txt')
    .action(
      act(async (cli, [options]: [Options]) => {
        const { config } = { ...command.opts<Options>(), ...options };
        const streams = { input: process.stdin, output: process.stdout };
        const end = await actOnce(streams, { env: cli.env, config });
        return { code: end.state === 'failed' ? EXIT.error : EXIT.done, say: () => [], json: {} };
      }),
    );
  command
    .command('files', { hidden: true })
    .description('Answers one question of files of the server; the agent starts it.')
    .action(
      act(async (cli) => {
        const { answerFiles } = await import('../agent/files-command.ts');
        return answerFiles(cli, process.stdin);
      }),
    );
  command
    .command('show')
    .description('Says what this host shows its server: what it is, and what proves its backups.')
    .addOption(new Option('--frames', 'as the agent sends it, for the agent').hideHelp())
    .addOption(new Option('--ledger', 'the same of the ledger, for a sight on input').hideHelp())
    .addOption(new Option('--plans', 'as the agent sends them: plans that wait').hideHelp())
    .addOption(new Option('--plain', 'without what an older server does not read').hideHelp())
    .addHelpText('after', SHOW_EXAMPLE)
    .action(act((cli, [options]: [ShowOptions]) => show(cli, options)));
  command
    .command('enroll')
    .description('Makes this host known to a server.')
    .argument('<line...>', 'URL#PIN TOKEN as the server printed it; - reads it from standard input')
    .option('--config <file>', 'instead of /etc/holdfast/agent.yaml')
    .option('--state <directory>', 'where its key and what it keeps lie')
    .option('--again', 'in place of the enrolment that is there')
    .addHelpText('after', ENROLL_EXAMPLE)
    .action(
      act((cli, [line, options]: [readonly string[], Options]) =>
        // What both know, commander gives to the verb.
        enroll(cli, line, { ...command.opts<Options>(), ...options }),
      ),
    );
}

async function run(cli: Cli, { config, state }: Options): Promise<Answer> {
  const stop = new AbortController();
  cli.stop.leaveToCommand();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());
  const say = (line: string): void => cli.terminal.err(`${line}\n`);
  await runAgent({ env: cli.env, config, state, say }, stop.signal);
  return { code: EXIT.done, say: () => ['The agent has ended.'], json: { ended: true } };
}

/** The holdfast.yaml of its jobs is read as by every command: HOLDFAST_CONFIG, or the usual places. */
interface ShowOptions {
  readonly frames?: true;
  readonly ledger?: true;
  readonly plans?: true;
  readonly plain?: true;
}

async function show(cli: Cli, { frames, ledger, plans, plain }: ShowOptions): Promise<Answer> {
  const { showHere, plansFrame } = await import('../agent/show-here.ts');
  const told = ledger === true ? undefined : await plansFrame(cli);
  if (plans === true && told !== undefined) {
    writeFrame(told.frame);
    return { code: EXIT.done, say: () => [], json: {} };
  }
  const shows = await showHere(cli, {
    known: ledger === true ? process.stdin : undefined,
    isPlain: plain === true,
  });
  const { look, report } = shows;
  if (frames === true || ledger === true) {
    for (const frame of shows.frames) writeFrame(frame);
    return { code: EXIT.done, say: () => [], json: {} };
  }
  const { discovery } = look.sight;
  const { estate, notSeen } = report;
  const plansHidden = told?.report.notSeen ?? [];
  const waiting = told?.report.plans.filter(isToldWaiting).length ?? 0;
  const hidden = [...discovery.notSeen, ...notSeen, ...plansHidden].map(({ what, why }) => ({
    what,
    why,
  }));
  const sizes = shows.frames.map(({ kind, bytes }) => ({ kind, bytes: bytes.length }));
  return {
    code: EXIT.done,
    say: (style) => [
      ...layoutRows(style, [
        row('host', sayText(discovery.host)),
        row('data', countOf(discovery.data.length, 'data set')),
        row('points', countOf(estate.points.length, 'recovery point')),
        row('drills', countOf(estate.drills.length, 'drill')),
        row('plans', `${countOf(waiting, 'plan')} waiting`),
        row('size', sizes.map(({ kind, bytes }) => `${kind} ${formatBytes(bytes)}`).join(', ')),
      ]),
      ...hidden.map(({ what, why }) => `Not seen: ${sayText(what)} (${sayText(why)}).`),
    ],
    json: { host: discovery.host, sizes, points: estate.points.length, notSeen: hidden },
  };
}

function writeFrame({ kind, bytes, same }: Frame): void {
  process.stdout.write(`${kind} ${bytes.length} ${same}\n`);
  process.stdout.write(bytes);
}

function row(label: string, text: string): Parameters<typeof layoutRows>[1][number] {
  return { mark: undefined, label, text };
}

async function enroll(
  cli: Cli,
  given: readonly string[],
  { config, state, again }: Options,
): Promise<Answer> {
  const line = given.join(' ') === '-' ? await lineFromInput() : given.join(' ');
  const say = (text: string): void => {
    if (!cli.wantsJson) cli.terminal.err(`${text}\n`);
  };
  const made = await enrolHere({
    ...{ env: cli.env, config, state, say, line, isAgain: again === true },
  });
  const text = `This host is ${sayText(made.host)} at ${made.server}, at level ${made.level}.`;
  return {
    code: EXIT.done,
    say: (style) => [
      ...layoutSentence(style, { mark: { is: 'ok' }, text }),
      '',
      '  Start it     holdfast agent',
    ],
    json: { ...made },
  };
}

/**
 * The first line, as soon as it is whole: who pastes it need not end the input. A pipe may be empty for
 * a while, and reading it at once fails then.
 *
 * @throws Fault HF_AGENT_LINE
 */
async function lineFromInput(): Promise<string> {
  let text = '';
  for await (const part of process.stdin) {
    text += String(part);
    if (text.length > LINE_BYTES_MAX) {
      throw new Fault('HF_AGENT_LINE', 'this is no enrolment line: it is too long');
    }
    if (text.trimStart().includes('\n')) break;
  }
  return text.trimStart().split('\n')[0] ?? '';
}
