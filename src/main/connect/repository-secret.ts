/** How the secret of a team's repository is come by: named, from the environment, or asked for. */
import { readFileSync } from 'node:fs';
import { parseShellLine } from '../../adapters/discovery/shell-words.ts';
import { errnoOf } from '../../adapters/node/errno.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { wordsOf } from '../../adapters/backup-tool/tool-fault.ts';
import type { ToolRunner } from '../../adapters/backup-tool/tool-runner.ts';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { seconds } from '../../base/units.ts';
import type { ConnectTool, SecretSource } from '../../watch/core/connected.ts';
import type { Cli } from '../cli/cli.ts';
import { textOfBytes } from '../cli/places.ts';
import { fullPath } from '../cli/settings.ts';

export interface SecretOptions {
  readonly passwordFile?: string;
  readonly passwordCommand?: string;
}

interface Names {
  readonly word: string;
  readonly file: string | undefined;
  readonly command: string | undefined;
}

const VARIABLES: Readonly<Record<ConnectTool, Names>> = {
  restic: {
    word: 'RESTIC_PASSWORD',
    file: 'RESTIC_PASSWORD_FILE',
    command: 'RESTIC_PASSWORD_COMMAND',
  },
  borg: { word: 'BORG_PASSPHRASE', file: undefined, command: 'BORG_PASSCOMMAND' },
  pgbackrest: { word: 'PGBACKREST_REPO1_CIPHER_PASS', file: undefined, command: undefined },
};

/** What was said, in the order of how near to the command; undefined where nothing was. */
export function namedSource(
  cli: Cli,
  tool: ConnectTool,
  options: SecretOptions,
): SecretSource | undefined {
  const { passwordFile, passwordCommand } = options;
  if (passwordFile !== undefined) return { kind: 'file', path: fullPath(cli, passwordFile) };
  if (passwordCommand !== undefined) return commandSource(passwordCommand);
  const { word, file, command } = VARIABLES[tool];
  const set = (name: string | undefined): string => cli.env[name ?? ''] ?? '';
  if (set(file) !== '') return { kind: 'file', path: fullPath(cli, set(file)) };
  if (set(command) !== '') return commandSource(set(command));
  if (set(word) !== '') return { kind: 'environment', name: word };
  return undefined;
}

/** A command is kept to be run again: one that holds the secret would keep the secret. */
function commandSource(line: string): SecretSource {
  const [program = ''] = wordsIn(line);
  if (/(?:^|\/)(?:echo|printf)$/.test(program)) {
    const message = `a command that begins with ${program} holds the secret itself, and is not kept`;
    throw new Fault('HF_USAGE', message, { command: 'connect' });
  }
  return { kind: 'command', line };
}

function wordsIn(line: string): readonly string[] {
  const commands = parseShellLine(line);
  const [only] = commands;
  if (only === undefined || commands.length > 1 || only.words.length === 0) {
    const message = 'the password command is one program with its arguments; no shell runs it';
    throw new Fault('HF_USAGE', message, { command: 'connect' });
  }
  return only.words;
}

/** Whether the secret can be had with nobody there. */
export function isUnattended(source: SecretSource, env: Cli['env']): boolean {
  if (source.kind === 'environment') return (env[source.name] ?? '') !== '';
  return source.kind !== 'typed';
}

/** @throws Fault HF_CONNECT_SECRET_REFUSED, HF_CONNECT_SECRET_WANTED, HF_CONNECT_TOOL_ABSENT */
export async function secretOf(
  source: SecretSource,
  of: { readonly cli: Cli; readonly runner: ToolRunner; readonly tool: ConnectTool },
): Promise<Uint8Array | undefined> {
  switch (source.kind) {
    case 'none':
      return undefined;
    case 'file':
      return firstLine(readSecret(source.path, of.tool), textOfBytes(source.path), of.tool);
    case 'command':
      return fromCommand(source.line, of);
    case 'environment': {
      const word = of.cli.env[source.name] ?? '';
      if (word === '') throw wanted(of.tool, `${source.name} is not set`);
      return Buffer.from(word);
    }
    case 'typed': {
      if (!of.cli.terminal.canAsk) {
        throw wanted(of.tool, `the password of this ${of.tool} repository has to be typed`);
      }
      const { askSecret } = await import('../cli/ask.ts');
      return Buffer.from(await askSecret(of.cli, `Password of the ${of.tool} repository: `));
    }
  }
}

function wanted(tool: ConnectTool, message: string): Fault {
  return new Fault('HF_CONNECT_SECRET_WANTED', message, { tool });
}

function readSecret(path: ByteString, tool: ConnectTool): Buffer {
  try {
    return readFileSync(fsPath(path));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    const name = textOfBytes(path);
    const message = `the password file ${name} cannot be read: ${errno}`;
    throw new Fault('HF_CONNECT_SECRET_WANTED', message, { tool, path: name, errno });
  }
}

/** Without its end, and without what an editor puts before it. */
function firstLine(bytes: Buffer, from: string, tool: ConnectTool): Uint8Array {
  const [line = ''] = bytes
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .split(/\r?\n/, 1);
  if (line === '') {
    const message = `${from} begins with an empty line`;
    throw new Fault('HF_CONNECT_SECRET_REFUSED', message, { tool });
  }
  return Buffer.from(line, 'latin1');
}

async function fromCommand(
  line: string,
  of: { readonly cli: Cli; readonly runner: ToolRunner; readonly tool: ConnectTool },
): Promise<Uint8Array> {
  const [program = '', ...args] = wordsIn(line);
  const env = Object.fromEntries(
    Object.entries(of.cli.env).flatMap(([name, value]) =>
      value === undefined || name.startsWith('HOLDFAST_') ? [] : [[name, value]],
    ),
  );
  const end = await of.runner.run({
    ...{ program, args, env, cwd: textOfBytes(of.cli.cwd) },
    ...{ secret: undefined, limit: seconds(60) },
  });
  if (end.code === 0 && !end.isTimedOut) {
    return firstLine(Buffer.from(end.output), `what ${program} printed`, of.tool);
  }
  const why = end.isTimedOut ? 'did not end' : `ended with ${end.code ?? 'a signal'}`;
  const message = `the password command ${program} ${why}: ${sayText(wordsOf(end.said))}`;
  throw new Fault('HF_CONNECT_SECRET_REFUSED', message, { tool: of.tool });
}

/** How it is said where the key lies. */
export function sourceWords(source: SecretSource): string {
  switch (source.kind) {
    case 'file':
      return `the password file ${textOfBytes(source.path)}`;
    case 'command':
      return `the command ${wordsIn(source.line)[0] ?? ''}`;
    case 'environment':
      return source.name;
    case 'typed':
      return 'a password that somebody types';
    case 'none':
      return 'nothing';
  }
}
