/** `holdfast agent`: this host, watched for a server. `agent enroll` makes it known there. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { actOnce } from '../agent/act-once.ts';
import { enrolHere } from '../agent/enrol-here.ts';
import { runAgent } from '../agent/run-agent.ts';
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
