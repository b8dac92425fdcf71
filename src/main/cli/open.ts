/** From the options of a command to an opened vault. */
import { type Command, Option } from 'commander';
import { Fault } from '../../base/fault.ts';
import { sayName } from '../../base/say-name.ts';
import { KEYRING_SCOPES, type KeyringScope, scopeOf } from '../../vault/core/keyring.ts';
import type { Vault } from '../../vault/shell/open-vault.ts';
import { parseVaultHeader } from '../../vault/core/header.ts';
import { directoryLine, type Ports, provingLine, type VaultLine } from '../vault-line.ts';
import { nameOfPlace, type VaultPlace } from '../vault-place.ts';
import { nodePorts, openSession, type VaultSession } from '../vault-session.ts';
import type { Cli } from './cli.ts';
import { jsonOption } from './json-option.ts';
import { textOfBytes } from './places.ts';
import {
  askedPassphrase,
  type FoundSecret,
  isOpenToOthers,
  keptKeys,
  namedSecret,
} from './secrets.ts';
import { readSettings, type Settings, type VaultOptions, vaultOf } from './settings.ts';

export function vaultOptions(command: Command): Command {
  const group = 'Vault:';
  const named = (flags: string, text: string): Option => new Option(flags, text).helpGroup(group);
  // Help shows groups in the order in which they begin: the command's own options first.
  return jsonOption(command)
    .addOption(
      named(
        '--vault <place>',
        'its directory, ssh://user@host/path or https://host:port/name (HOLDFAST_VAULT)',
      ),
    )
    .addOption(named('--key-file <file>', 'the key file (HOLDFAST_KEY_FILE, holdfast.yaml)'))
    .addOption(named('--passphrase-file <file>', 'its first line is the passphrase'))
    .addOption(named('--config <file>', 'instead of ./holdfast.yaml, /etc/holdfast/holdfast.yaml'));
}

/** For commands that read snapshots: whom to trust besides those the keyring vouches for. */
export function writerOption(command: Command): Command {
  return command.addOption(
    new Option('--writer <fingerprint...>', 'trust this writer too (it stands on the key sheet)')
      .helpGroup('Vault:')
      .argParser(appendFingerprint),
  );
}

function appendFingerprint(given: string, before: readonly string[] | undefined): string[] {
  const fingerprint = given.replaceAll(/[\s-]/g, '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(fingerprint)) return [...(before ?? []), fingerprint];
  throw new Fault('HF_USAGE', 'a fingerprint of a writer has 64 hexadecimal digits', {
    command: 'snapshots',
  });
}

export interface Opened {
  readonly session: VaultSession;
  readonly settings: Settings;
  /** What opened it. */
  readonly by: FoundSecret;
}

/**
 * @param needs what the key is to be for
 * @throws Fault HF_VAULT_WANTED, HF_VAULT_ABSENT, HF_KEY_*, HF_CONFIG_INVALID, HF_SSH_*, ...
 */
export async function openVaultOf(
  cli: Cli,
  options: VaultOptions,
  needs: KeyringScope = 'content',
): Promise<Opened> {
  return openWith(cli, await readSettings(cli, options), { ...options, needs });
}

/** Before anything is done by halves. @throws Fault HF_KEY_SCOPE */
function demandScope({ keyring, key }: Vault, needs: KeyringScope): void {
  const scope = scopeOf(keyring);
  if (KEYRING_SCOPES.indexOf(scope) >= KEYRING_SCOPES.indexOf(needs)) return;
  const message = `key ${key.id} is for ${SCOPE_WORDS[scope]}; this needs a key for ${SCOPE_WORDS[needs]}`;
  throw new Fault('HF_KEY_SCOPE', message, { key: key.id, scope, needs });
}

const SCOPE_WORDS: Readonly<Record<KeyringScope, string>> = {
  write: 'writing only',
  names: 'writing and reading names',
  content: 'writing and reading',
  all: 'all',
};

/** For commands that prove something of a vault: nothing of it comes from what was kept here. */
export async function openToProve(
  cli: Cli,
  options: VaultOptions,
  needs: KeyringScope = 'content',
): Promise<Opened> {
  const settings = await readSettings(cli, options);
  const line = provingLine(await lineTo(cli, settings));
  return openWith(cli, settings, { ...options, line, needs });
}

/** The way to the vault that was named; to another machine it connects at once, unasked. */
export async function lineTo(
  cli: Cli,
  settings: Settings,
  place: VaultPlace = vaultOf(settings),
): Promise<VaultLine> {
  const ports = nodePorts();
  if (place.kind === 'directory') return directoryLine(ports, place.root);
  const { remoteLine } = await import('../remote-line.ts');
  const state = settings.state.value;
  const environment = { ...cli.env };
  return remoteLine(ports, { place, state, environment, hasTerminal: cli.terminal.canAsk });
}

export interface OpenWith extends VaultOptions {
  readonly line?: VaultLine;
  /** What the key is to be for: writing and reading, unless it is said. */
  readonly needs?: KeyringScope;
}

export async function openWith(cli: Cli, settings: Settings, options: OpenWith): Promise<Opened> {
  const opened = await openByKey(cli, settings, options);
  demandScope(opened.session.vault, options.needs ?? 'content');
  return opened;
}

async function openByKey(cli: Cli, settings: Settings, options: OpenWith): Promise<Opened> {
  const place = vaultOf(settings);
  const line = options.line ?? (await lineTo(cli, settings));
  try {
    const ports = nodePorts();
    line.store.look('names');
    const named = namedSecret(cli, settings, ports.disk);
    const { state } = settings;
    const open = (by: FoundSecret): Promise<Opened> =>
      openSession({
        line,
        secret: by.secret,
        state: state.value,
        trust: options.writer ?? [],
      }).then((session) => ({ session, settings, by }));
    if (named !== undefined) {
      warnOfOthers(cli, named);
      return await open(named);
    }
    const kept = keptKeys(ports.disk, { state: state.value, vault: await idOf(ports, line) });
    return (await openedByAny(kept, open)) ?? (await open(await askedPassphrase(cli)));
  } catch (error) {
    throw withPlace(error, place);
  }
}

/** As ssh does; it is no reason not to restore. */
function warnOfOthers(cli: Cli, { path }: FoundSecret): void {
  if (path === undefined || !isOpenToOthers(path)) return;
  const name = sayName(path, cli.terminal.errorStyle);
  cli.terminal.err(`Others may read the key file ${name}: chmod 600 ${name}\n`);
}

async function openedByAny(
  kept: readonly FoundSecret[],
  open: (by: FoundSecret) => Promise<Opened>,
): Promise<Opened | undefined> {
  for (const each of kept) {
    try {
      return await open(each);
    } catch (error) {
      // A key that was retired, or of another vault: somebody may still know a passphrase.
      if (!(error instanceof Fault) || error.code !== 'HF_KEY_REFUSED') throw error;
    }
  }
  return undefined;
}

/** Undefined where no header can be read: opening says what is the matter. */
async function idOf(ports: Ports, { store }: VaultLine): Promise<string | undefined> {
  for (const name of ['header', 'copy/header']) {
    try {
      return parseVaultHeader(ports.tools, await store.get(name)).vault;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
  // Asking for a passphrase of nothing helps nobody.
  if ((await store.list('keys/')).length + (await store.list('copy/keys/')).length > 0) {
    return undefined;
  }
  throw new Fault('HF_VAULT_ABSENT', 'there is no vault');
}

/** Opening knows a store; people know the place. */
function withPlace(error: unknown, where: VaultPlace): unknown {
  if (!(error instanceof Fault)) return error;
  const place = textOfBytes(nameOfPlace(where));
  const isAbsent =
    error.code === 'HF_VAULT_ABSENT' ||
    (error.code === 'HF_DISK_ABSENT' &&
      (where.kind !== 'directory' || error.facts.path === where.root));
  if (!isAbsent) return error;
  return new Fault('HF_VAULT_ABSENT', `there is no vault at ${place}`, { place }, { cause: error });
}
