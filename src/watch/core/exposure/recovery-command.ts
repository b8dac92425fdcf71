/** The exact commands by which a recovery point comes back, by whichever tool holds it. */
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { sayText } from '../../../base/say-name.ts';
import type { ConnectedRepository } from '../connected.ts';
import type { DataSet, RecoveryPoint, VaultCopy } from '../estate.ts';
import { addressOf } from '../repository-address.ts';
import { isOneFile } from './recovery-image.ts';
import { pathWord, textWord, type Typed } from './typed-line.ts';

/** What a person must know besides; no secret, and no command that may hold one. */
export interface RestoreLines {
  readonly typed: readonly Typed[];
  readonly notes: readonly string[];
}

export interface RestoreFrom {
  readonly set: DataSet;
  readonly point: RecoveryPoint;
  readonly copy: VaultCopy;
  /** Undefined of a vault of Holdfast's own. */
  readonly repository: ConnectedRepository | undefined;
  readonly target: { readonly host: string; readonly path: ByteString };
  /** Of a vault of Holdfast's own, where it is a file: it is given with the command. */
  readonly key: KeyFile | undefined;
  /** What ssh is told to get to a machine. */
  readonly addressOf: (host: string) => string;
}

export interface KeyFile {
  readonly option: '--key-file' | '--passphrase-file';
  /** Where it is left; undefined: nowhere that is known. */
  readonly place: { readonly host: string; readonly path: ByteString } | undefined;
}

/** A snapshot is named by its first digits; these are enough in any vault. */
const DIGITS = 12;

export function restoreLines(from: RestoreFrom): RestoreLines {
  const { repository } = from;
  if (repository === undefined) return ownLines(from);
  switch (repository.tool) {
    case 'restic':
      return resticLines(from, repository);
    case 'borg':
      return borgLines(from, repository);
    case 'pgbackrest':
      return pgbackrestLines(from, repository);
  }
}

function ownLines(from: RestoreFrom): RestoreLines {
  const { point, target } = from;
  const { option, notes } = keyOption(from);
  const words = [
    ...['holdfast', 'restore', '--vault', vaultWord(from), ...option],
    ...[point.id.slice(0, DIGITS), pathWord(target.path)],
  ];
  return { typed: [{ on: target.host, words }, ...moveBack(from)], notes };
}

/** What is one file comes back under its name, and is moved to where it was: never over anything. */
function moveBack({ set, target }: RestoreFrom): readonly Typed[] {
  const [own] = set.places;
  if (!isOneFile(set) || own?.path === undefined || own.host !== target.host) return [];
  const name = own.path.slice(own.path.lastIndexOf('/'));
  const words = ['mv', '-n', '--', pathWord(byteString(target.path + name)), pathWord(own.path)];
  return [{ on: target.host, words }];
}

const KEY_FILE = '/KEY_FILE';

/** A key that lies elsewhere is brought first; one that somebody knows is asked for. */
function keyOption({ key, target }: RestoreFrom): {
  readonly option: readonly string[];
  readonly notes: readonly string[];
} {
  if (key === undefined) return { option: [], notes: [] };
  const { option, place } = key;
  if (place?.host === target.host) return { option: [option, pathWord(place.path)], notes: [] };
  const from =
    place === undefined ? 'made from the key sheet' : `from ${place.host}:${pathWord(place.path)}`;
  return {
    option: [option, KEY_FILE],
    notes: [`${KEY_FILE} is the key, ${from}: bring it to ${target.host} first`],
  };
}

/** As it is reached from the machine that it is restored on. */
function vaultWord({
  copy,
  target,
  addressOf: sshTo,
}: Pick<RestoreFrom, 'copy' | 'target' | 'addressOf'>): string {
  const { host, path } = copy.place;
  if (path === undefined) return textWord(copy.copy);
  if (host === target.host) return pathWord(path);
  return pathWord(byteString(`ssh://${sshTo(host)}${path}`));
}

function resticLines(from: RestoreFrom, of: ConnectedRepository): RestoreLines {
  const { target, point, set } = from;
  const secret = of.secret.kind === 'file' ? ['--password-file', pathWord(of.secret.path)] : [];
  const included = set.places.flatMap(({ path }) =>
    path === undefined ? [] : ['--include', pathWord(path)],
  );
  const words = [
    ...['restic', '-r', repositoryWord(from, of, 'sftp')],
    ...['restore', textWord(point.id), '--target', pathWord(target.path)],
    ...[...included, ...secret],
  ];
  const notes = ['restic puts it below the target under its whole path', ...secretNotes(of)];
  return { typed: [{ on: target.host, words }], notes };
}

function borgLines(from: RestoreFrom, of: ConnectedRepository): RestoreLines {
  const { target, point, set } = from;
  const paths = set.places.flatMap(({ path }) =>
    path === undefined || path === '/' ? [] : [pathWord(byteString(path.slice(1)))],
  );
  const archive = `${repositoryText(from, of, 'ssh')}::${point.id}`;
  return {
    typed: [
      { on: target.host, words: ['mkdir', '-p', pathWord(target.path)] },
      {
        on: target.host,
        words: ['cd', pathWord(target.path), '&&', 'borg', 'extract', textWord(archive), ...paths],
      },
    ],
    notes: ['borg puts it below the target under its whole path', ...secretNotes(of)],
  };
}

function pgbackrestLines(from: RestoreFrom, of: ConnectedRepository): RestoreLines {
  const { target, point } = from;
  const [, stanza = '', label = point.id] =
    /^(.*).([0-9]{8}-[0-9]{6}F(?:_[0-9]{8}-[0-9]{6}[DI])?)$/.exec(point.id) ?? [];
  const config = of.config === undefined ? [] : [`--config=${pathWord(of.config)}`];
  const words = [
    ...['pgbackrest', ...config, `--stanza=${textWord(stanza)}`, `--set=${textWord(label)}`],
    ...[`--pg1-path=${pathWord(target.path)}`, 'restore'],
  ];
  return {
    typed: [{ on: target.host, words }],
    notes: [
      'without --type it goes on to the end of the WAL that was archived',
      `its configuration lies where it was opened${of.isEncrypted ? ', with its cipher key' : ''}`,
    ],
  };
}

/** A repository on a disk of the machine that opened it is reached over SSH from others. */
function repositoryText(
  { copy, target, addressOf: sshTo }: RestoreFrom,
  { repository }: ConnectedRepository,
  by: 'ssh' | 'sftp',
): string {
  const address = addressOf(repository);
  const { host } = copy.place;
  if (address.kind !== 'path' || host === target.host || host.startsWith('server ')) {
    return repository;
  }
  return by === 'ssh'
    ? `ssh://${sshTo(host)}${address.path}`
    : `sftp:${sshTo(host)}:${address.path}`;
}

function repositoryWord(from: RestoreFrom, of: ConnectedRepository, by: 'ssh' | 'sftp'): string {
  return textWord(repositoryText(from, of, by));
}

/** Where its secret lies; never the secret, nor a command line that may hold it. */
function secretNotes({ secret, keyFile, tool }: ConnectedRepository): readonly string[] {
  const key = keyFile === undefined ? [] : [`${tool} needs its key file ${pathWord(keyFile)}`];
  switch (secret.kind) {
    case 'file':
      return [...key, `its password lies in ${pathWord(secret.path)}`];
    case 'command':
      return [...key, 'its password comes from the command that was given to holdfast connect'];
    case 'environment':
      return [...key, `its password comes from the variable ${sayText(secret.name)}`];
    case 'typed':
      return [...key, 'somebody knows its password: have them there'];
    case 'none':
      return key;
  }
}
