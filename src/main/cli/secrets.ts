/** What opens a vault: from options, the environment, the configuration, the state, or a person. */
import fs from 'node:fs';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Disk } from '../../host/disk.ts';
import type { Secret } from '../../vault/core/wrapped-key.ts';
import type { Cli } from './cli.ts';
import { textOfBytes } from './places.ts';
import type { Settings } from './settings.ts';

/** A secret, and where it came from. */
export interface FoundSecret {
  readonly secret: Secret;
  readonly by: string;
  /** Of a key file. */
  readonly path: ByteString | undefined;
}

const ENV = 'HOLDFAST_PASSPHRASE';

/** Named by a person, in the order of how near to the command it was said. */
export function namedSecret(cli: Cli, settings: Settings, disk: Disk): FoundSecret | undefined {
  const { keyFile, passphraseFile } = settings;
  const isOption = (by: string | undefined): boolean => by?.startsWith('--') === true;
  const inEnvironment = cli.env[ENV] ?? '';
  if (keyFile !== undefined && isOption(keyFile.by)) return keyFileSecret(disk, keyFile);
  if (passphraseFile !== undefined && isOption(passphraseFile.by)) {
    return passphraseSecret(disk, passphraseFile);
  }
  if (inEnvironment !== '') return { secret: passphrase(inEnvironment), by: ENV, path: undefined };
  if (keyFile !== undefined) return keyFileSecret(disk, keyFile);
  if (passphraseFile !== undefined) return passphraseSecret(disk, passphraseFile);
  return undefined;
}

/** The key files that `init` made for this vault; of all vaults where its id cannot be read. */
export function keptKeys(
  disk: Disk,
  of: { readonly state: ByteString; readonly vault: string | undefined },
): readonly FoundSecret[] {
  const { state, vault } = of;
  const vaults = vault === undefined ? (disk.list(byteString(`${state}/vaults`)) ?? []) : [vault];
  return vaults
    .map((id) => keptKeyPath(state, id))
    .filter((path) => disk.size(path) !== undefined)
    .map((value) => keyFileSecret(disk, { value, by: 'the state directory' }));
}

export function keptKeyPath(state: ByteString, vault: string): ByteString {
  return byteString(`${state}/vaults/${vault}/key`);
}

/** @throws Fault HF_KEY_WANTED where nobody can be asked */
export async function askedPassphrase(cli: Cli): Promise<FoundSecret> {
  if (!cli.terminal.canAsk) {
    throw new Fault('HF_KEY_WANTED', 'no key of the vault was given, and nobody can be asked');
  }
  const { askSecret } = await import('./ask.ts');
  const typed = await askSecret(cli, 'Passphrase of the vault: ');
  return { secret: passphrase(typed), by: 'you', path: undefined };
}

/** Typed twice; undefined where nothing was typed. @throws Fault HF_KEY_REFUSED where they differ */
export async function newPassphrase(cli: Cli, question: string): Promise<Secret | undefined> {
  const { askSecret } = await import('./ask.ts');
  const typed = await askSecret(cli, question);
  if (typed === '') return undefined;
  const again = await askSecret(cli, 'The same again: ');
  if (again !== typed) throw new Fault('HF_KEY_REFUSED', 'the two passphrases differ');
  return passphrase(typed);
}

export function passphrase(text: string): Secret {
  return { kind: 'passphrase', bytes: Buffer.from(text, 'utf8') };
}

export function keyFileSecret(
  disk: Disk,
  file: { readonly value: ByteString; readonly by: string },
): FoundSecret {
  const secret: Secret = { kind: 'file', bytes: disk.read(file.value) };
  return { secret, by: file.by, path: file.value };
}

/** The first line, without its end: what an editor adds there is no part of a passphrase. */
export function passphraseSecret(
  disk: Disk,
  file: { readonly value: ByteString; readonly by: string },
): FoundSecret {
  const [line = ''] = Buffer.from(disk.read(file.value)).toString('latin1').split(/\r?\n/, 1);
  if (line === '') {
    const path = textOfBytes(file.value);
    throw new Fault('HF_KEY_REFUSED', `${path} begins with an empty line`, { path });
  }
  const bytes = Buffer.from(line, 'latin1');
  return { secret: { kind: 'passphrase', bytes }, by: file.by, path: undefined };
}

/** Whether others than its owner may read it. */
export function isOpenToOthers(path: ByteString): boolean {
  return (fs.statSync(fsPath(path)).mode & 0o077) !== 0;
}
