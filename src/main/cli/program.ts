/** From the arguments to a command, and from its end to an exit code. */
import { Command, CommanderError } from 'commander';
import { nodeClock } from '../../adapters/node/clock.ts';
import { Fault } from '../../base/fault.ts';
import { wrap } from '../../base/say-width.ts';
import type { Act, Cli } from './cli.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { jsonOption } from './json-option.ts';
import { currentDirectory } from './places.ts';
import { StopSignals } from './stop-signals.ts';
import { nodeTerminal, type Terminal } from './terminal.ts';
import { findVerb, VERBS, type Verb } from './verbs.ts';

/** Options that may stand before the verb, as users of other tools write them. */
const EARLY = { '--json': 0, '--vault': 1, '--config': 1, '--key-file': 1, '--passphrase-file': 1 };

const PRINTED_AT_ONCE = 65_536;

/** @returns the exit code */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const env = { ...process.env };
  delete process.env.HOLDFAST_PASSPHRASE; // No program that is started later is told it.
  const terminal = nodeTerminal(env);
  const cli: Cli = {
    env,
    cwd: currentDirectory(),
    terminal,
    clock: nodeClock(),
    stop: new StopSignals((text) => sayStopped(terminal, text)),
    wantsJson: ownPart(argv).includes('--json'),
    tellAgent: await heldBy(process.env),
  };
  try {
    const code = await dispatch(cli, verbFirst(argv));
    const failed = await terminal.drained();
    if (failed === undefined) return code;
    throw new Fault('HF_OUTPUT_FAILED', `not all of it could be written: ${failed.message}`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { sayFault } = await import('./say-fault.ts');
    // What stdout did not take says no failure either.
    sayFault(error.code === 'HF_OUTPUT_FAILED' ? { ...cli, wantsJson: false } : cli, error);
    await terminal.drained();
    return exitCodeOf(error.kind);
  }
}

/** A job of an agent; most are nobody's. */
async function heldBy(env: NodeJS.ProcessEnv): Promise<Cli['tellAgent']> {
  if (env.HOLDFAST_LEASH === undefined) return undefined;
  const { takeLeash } = await import('../../adapters/node/leash.ts');
  return takeLeash(env);
}

function sayStopped({ err, errorStyle }: Terminal, text: string): void {
  err(`${wrap(text, errorStyle.width).join('\n')}\n`);
}

/** What is ours: behind `--` stands somebody else's command. */
function ownPart(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}

/** `holdfast --vault PLACE snapshots` as `holdfast snapshots --vault PLACE`. */
function verbFirst(argv: readonly string[]): readonly string[] {
  let at = 0;
  while (at < argv.length) {
    const [name = '', joined] = (argv[at] ?? '').split('=', 2);
    if (!(name in EARLY)) break;
    at += joined === undefined ? 1 + EARLY[name as keyof typeof EARLY] : 1;
  }
  const verb = argv[at];
  if (at === 0 || verb === undefined || verb.startsWith('-')) return argv;
  return [verb, ...argv.slice(0, at), ...argv.slice(at + 1)];
}

async function dispatch(cli: Cli, argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  const isHelp = name === undefined || name === 'help' || name === '--help' || name === '-h';
  if (isHelp) return help(cli, rest);
  if (name === '--version' || name === '-V') {
    const { VERSION } = await import('../version.ts');
    cli.terminal.out(`holdfast ${VERSION}\n`);
    return EXIT.done;
  }
  const verb = findVerb(name);
  if (verb === undefined) throw await unknownVerb(name);
  return perform(cli, verb, rest);
}

async function help(cli: Cli, rest: readonly string[]): Promise<number> {
  const [name] = rest;
  if (name !== undefined && !name.startsWith('-')) {
    const verb = findVerb(name);
    if (verb === undefined) throw await unknownVerb(name);
    return perform(cli, verb, [...rest.slice(1), '--help']);
  }
  const { helpText } = await import('./help.ts');
  cli.terminal.out(helpText(cli.terminal.style, { all: rest.includes('--all') }));
  return EXIT.done;
}

async function unknownVerb(name: string): Promise<Fault> {
  const { nearestWord } = await import('../../base/nearest-word.ts');
  const { sayText } = await import('../../base/say-name.ts');
  const near = nearestWord(
    name,
    VERBS.flatMap((verb) => [verb.name, ...(verb.aliases ?? [])]),
  );
  const meant = near === undefined ? '' : `; did you mean ${near}?`;
  const what = name.startsWith('-') ? 'option' : 'verb';
  return new Fault('HF_USAGE', `there is no ${what} ${sayText(name)}${meant}`, {
    command: near ?? 'help',
  });
}

async function perform(cli: Cli, verb: Verb, args: readonly string[]): Promise<number> {
  const { define } = await verb.load();
  let code: number = EXIT.done;
  const act: Act = (run) => {
    return async (...given) => {
      const answer = await run(cli, given);
      code = answer.code;
      if (cli.wantsJson) cli.terminal.out(`${jsonText(answer.json)}\n`);
      else printLines(cli, answer.say(cli.terminal.style));
    };
  };
  const command = new Command(`holdfast ${verb.name}`);
  define(command, act);
  prepare(command, cli);
  try {
    await command.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.done;
    // A verb of several parts without one: its help is the answer, and it is no success.
    if (error.code === 'commander.help') return EXIT.usage;
    throw usageFault(error, command, args);
  }
  return code;
}

/** A listing may be long: a call of the system for each line would take most of its time. */
function printLines({ terminal }: Cli, lines: Iterable<string>): void {
  let text = '';
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < PRINTED_AT_ONCE) continue;
    terminal.out(text);
    text = '';
  }
  if (text !== '') terminal.out(text);
}

/** Everything commander would print or end by itself goes our way, for the parts as well. */
function prepare(command: Command, { terminal }: Cli): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: terminal.out,
    writeErr: terminal.err,
    outputError: () => undefined,
    getOutHasColors: () => terminal.style.color,
    getOutHelpWidth: () => terminal.style.width,
    getErrHelpWidth: () => terminal.errorStyle.width,
  });
  if (!command.options.some(({ long }) => long === '--json')) {
    const hasParts = command.commands.length > 0;
    if (!hasParts) jsonOption(command);
  }
  command.helpOption('-h, --help', 'this text').helpCommand(false);
  for (const part of command.commands) prepare(part, { terminal } as Cli);
}

/** `error: unknown option '--vualt'\n(Did you mean --vault?)` as one sentence of ours. */
function usageFault(error: CommanderError, command: Command, args: readonly string[]): Fault {
  const part = command.commands.find((each) => each.name() === args[0]);
  const takesCommand = part?.registeredArguments.some((each) => each.name() === 'command') === true;
  const isBare = takesCommand && error.code === 'commander.unknownOption' && !args.includes('--');
  const said = error.message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)$/s, '; did you mean $1?')
    .replaceAll('\n', ' ');
  const text = isBare ? `${said}; what is to be run stands behind --` : said;
  const called = `${command.name()} ${part?.name() ?? ''}`.replace(/^holdfast /, '').trimEnd();
  return new Fault('HF_USAGE', text, { command: called });
}

/** Numbers beyond what JSON readers can hold are text. */
function jsonText(value: object): string {
  return JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each !== 'bigint') return each;
    return each <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(each) : String(each);
  });
}
