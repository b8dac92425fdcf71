/** What was chosen, and by what: options before environment before configuration before habit. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Config } from '../../wire/config.ts';
import { directoryPlace, parseVaultPlace, type VaultPlace } from '../vault-place.ts';
import type { Cli } from './cli.ts';
import { absolutePath, bytesOfArgument, bytesOfText, textOfBytes } from './places.ts';

/** Options that every command with a vault has. */
export interface VaultOptions {
  readonly vault?: string;
  readonly config?: string;
  readonly keyFile?: string;
  readonly passphraseFile?: string;
  /** Fingerprints. */
  readonly writer?: readonly string[];
}

export interface Chosen<T> {
  readonly value: T;
  /** `--vault`, `HOLDFAST_VAULT`, a file: for those who wonder why. */
  readonly by: string;
}

export interface Settings {
  readonly config: Config;
  /** Undefined where there is none. */
  readonly configFile: string | undefined;
  readonly state: Chosen<ByteString>;
  readonly vault: Chosen<VaultPlace> | undefined;
  readonly keyFile: Chosen<ByteString> | undefined;
  readonly passphraseFile: Chosen<ByteString> | undefined;
}

export const CONFIG_NAME = 'holdfast.yaml';
const CONFIG_SYSTEM = '/etc/holdfast/holdfast.yaml';
const STATE_SYSTEM = '/var/lib/holdfast';
/** `src/main/cli` and `dist/main/cli` both lie three below it. */
const ROOT = path.join(import.meta.dirname, '../../..');

/** @throws Fault HF_CONFIG_INVALID */
export async function readSettings(cli: Cli, options: VaultOptions): Promise<Settings> {
  const configFile = configFileOf(cli, options.config);
  const config = configFile === undefined ? {} : await configOf(configFile);
  const choose = (from: Choice): Chosen<ByteString> | undefined => {
    const given = givenOf(cli, from, configFile);
    return given && { ...given, value: absolutePath(given.base, given.value) };
  };
  const state = choose({ name: '', variable: 'HOLDFAST_STATE', key: config.state });
  const where = state ?? usualState(cli);
  const ofVault = { option: options.vault, name: '--vault', variable: 'HOLDFAST_VAULT' };
  const vault = givenOf(cli, { ...ofVault, key: config.vault }, configFile);
  return {
    config,
    configFile,
    state: where,
    vault: vault === undefined ? ownVault(where.value) : placeGiven(vault),
    keyFile: choose({
      option: options.keyFile,
      name: '--key-file',
      variable: 'HOLDFAST_KEY_FILE',
      key: config['key-file'],
    }),
    passphraseFile: choose({
      option: options.passphraseFile,
      name: '--passphrase-file',
      variable: 'HOLDFAST_PASSPHRASE_FILE',
      key: config['passphrase-file'],
    }),
  };
}

/** Where a value may come from. */
interface Choice {
  readonly option?: string | undefined;
  readonly name: string;
  readonly variable: string;
  readonly key: string | undefined;
}

/** As it was written; what is no address is relative to `base`. */
interface Given extends Chosen<ByteString> {
  readonly base: ByteString;
}

function givenOf(cli: Cli, from: Choice, configFile: string | undefined): Given | undefined {
  const { option, name, variable, key } = from;
  const set = cli.env[variable] ?? '';
  const base = cli.cwd;
  if (option !== undefined) return { value: bytesOfArgument(option), by: name, base };
  if (set !== '') return { value: bytesOfArgument(set), by: variable, base };
  if (key === undefined || configFile === undefined) return undefined;
  const beside = bytesOfText(path.dirname(configFile));
  return { value: bytesOfText(key), by: configFile, base: beside };
}

/** @throws Fault HF_SSH_PLACE */
function placeGiven({ value, by, base }: Given): Chosen<VaultPlace> {
  return { value: parseVaultPlace(value, (given) => absolutePath(base, given)), by };
}

/** @throws Fault HF_VAULT_WANTED where none was named */
export function vaultOf(settings: Settings): VaultPlace {
  if (settings.vault !== undefined) return settings.vault.value;
  throw new Fault('HF_VAULT_WANTED', 'no vault was named');
}

export function fullPath(cli: Cli, given: string): ByteString {
  return absolutePath(cli.cwd, bytesOfArgument(given));
}

function configFileOf(cli: Cli, named: string | undefined): string | undefined {
  const asked = named ?? cli.env.HOLDFAST_CONFIG ?? '';
  if (asked !== '') return textOfBytes(fullPath(cli, asked));
  const here = path.join(textOfBytes(cli.cwd), CONFIG_NAME);
  return [here, CONFIG_SYSTEM].find((file) => fs.existsSync(file));
}

/** YAML and schemas are loaded by whoever has a configuration, and by nobody else. */
async function configOf(file: string): Promise<Config> {
  const { readConfig } = await import('../../adapters/config/config-file.ts');
  return readConfig(file);
}

function usualState(cli: Cli): Chosen<ByteString> {
  if (isOwnCheckout()) return { value: bytesOfText(`${ROOT}/.holdfast`), by: 'the checkout' };
  if (process.getuid?.() === 0) return { value: bytesOfText(STATE_SYSTEM), by: 'habit' };
  const home = cli.env.HOME ?? os.homedir();
  const xdg = cli.env.XDG_STATE_HOME ?? '';
  const base = path.isAbsolute(xdg) ? xdg : path.join(home, '.local/state');
  return { value: bytesOfText(path.join(base, 'holdfast')), by: 'habit' };
}

/** The one that `up` made, if it has. */
function ownVault(state: ByteString): Chosen<VaultPlace> | undefined {
  const root = byteString(`${state}/vault`);
  const isThere = ['header', 'copy/header'].some((name) =>
    fs.existsSync(fsPath(byteString(`${root}/${name}`))),
  );
  return isThere ? { value: directoryPlace(root), by: 'the state directory' } : undefined;
}

/** A checkout of somebody else is run from, and not written to. */
function isOwnCheckout(): boolean {
  if (!fs.existsSync(path.join(ROOT, '.git'))) return false;
  try {
    fs.accessSync(ROOT, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
