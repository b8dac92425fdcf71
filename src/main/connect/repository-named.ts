/** Which repository is meant: by its address, by the environment, or by the tool's configuration. */
import fs from 'node:fs';
import { withoutPassword } from '../../adapters/backup-tool/cut-secrets.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { CONNECT_TOOLS, type ConnectTool } from '../../watch/core/connected.ts';
import { addressOf, sameRepository } from '../../watch/core/repository-address.ts';
import type { Cli } from '../cli/cli.ts';
import { absolutePath, bytesOfArgument, bytesOfText, textOfBytes } from '../cli/places.ts';

/** A repository as it was named. */
export interface NamedRepository {
  readonly tool: ConnectTool;
  /** What the tool is given; it may hold a password. */
  readonly address: string;
  /** The same without: what is shown and kept. */
  readonly shown: string;
  readonly config: ByteString | undefined;
}

const CONFIGS = ['/etc/pgbackrest/pgbackrest.conf', '/etc/pgbackrest.conf'];

/** @throws Fault HF_USAGE */
export function repositoryNamed(
  cli: Cli,
  toolName: string,
  given: string | undefined,
): NamedRepository {
  const tool = CONNECT_TOOLS.find((each) => each === toolName);
  if (tool === undefined) {
    throw usage(`${JSON.stringify(toolName)} is not one of ${CONNECT_TOOLS.join(', ')}`);
  }
  if (tool === 'pgbackrest') return pgbackrestNamed(cli, given);
  const variable = tool === 'restic' ? 'RESTIC_REPOSITORY' : 'BORG_REPO';
  const named = given ?? cli.env[variable] ?? '';
  if (named === '') throw usage(`which ${tool} repository? Write it, or set ${variable}`);
  return plain(cli, tool, named);
}

/** One that was connected before. Where its address had a password, the environment may have it. */
export function repositoryAgain(
  cli: Cli,
  of: {
    readonly tool: ConnectTool;
    readonly repository: string;
    readonly config: ByteString | undefined;
  },
): NamedRepository {
  const { tool, repository, config } = of;
  const variable = tool === 'restic' ? 'RESTIC_REPOSITORY' : 'BORG_REPO';
  const set = cli.env[variable] ?? '';
  const isSame = withoutPassword(set) === repository;
  return { tool, address: isSame ? set : repository, shown: repository, config };
}

function plain(cli: Cli, tool: ConnectTool, named: string): NamedRepository {
  const isPath = addressOf(named).kind === 'path' && !/^(?:local:|file:)/.test(named);
  const address = isPath ? textOfBytes(absolutePath(cli.cwd, bytesOfArgument(named))) : named;
  return { tool, address, shown: withoutPassword(address), config: undefined };
}

function pgbackrestNamed(cli: Cli, given: string | undefined): NamedRepository {
  const own = CONFIGS.filter((path) => fs.existsSync(path)).map(bytesOfText);
  if (given === undefined) {
    const [config] = own;
    if (config !== undefined) return configured(config);
    throw usage(`which pgbackrest repository? Write its directory, or its configuration file`);
  }
  const path = absolutePath(cli.cwd, bytesOfArgument(given));
  const stat = fs.statSync(fsPath(path), { throwIfNoEntry: false });
  if (stat?.isFile() === true) return configured(path);
  // With its configuration it can be opened where it is encrypted or lies elsewhere.
  const known = own.map(configured).find(({ shown }) => sameRepository(shown, given));
  if (known !== undefined) return known;
  const isThere = fs.existsSync(fsPath(byteString(`${path}/backup`)));
  if (isThere)
    return {
      tool: 'pgbackrest',
      address: textOfBytes(path),
      shown: textOfBytes(path),
      config: undefined,
    };
  const message = `${given} is no repository of pgBackRest on this machine; name its configuration file`;
  throw new Fault('HF_CONNECT_ABSENT', message, { tool: 'pgbackrest', repository: given });
}

/** `repo1-path`, with the host or the kind of store before it, as discovery names it. */
function configured(config: ByteString): NamedRepository {
  const text = fs.readFileSync(fsPath(config), 'utf8');
  const value = (name: string): string | undefined =>
    new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)`, 'm').exec(text)?.[1];
  const path = value('repo1-path') ?? '/var/lib/pgbackrest';
  const type = value('repo1-type');
  const host = value('repo1-host') ?? (type === undefined || type === 'posix' ? undefined : type);
  const address = host === undefined ? path : `${host}:${path}`;
  return { tool: 'pgbackrest', address, shown: address, config };
}

function usage(message: string): Fault {
  return new Fault('HF_USAGE', message, { command: 'connect' });
}
