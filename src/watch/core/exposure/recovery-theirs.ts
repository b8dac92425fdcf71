/** How another tool brings its own point back: its command, and what must be at hand for it. */
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { sayText } from '../../../base/say-name.ts';
import type { DataSet, RecoveryPoint, VaultCopy } from '../estate.ts';
import { sftpAddress, sshAddress } from '../look/open-command.ts';
import type { PlacedOpening } from '../opening.ts';
import { addressOf } from '../repository-address.ts';
import { borgArchive, hasOwnOptions, resticLiteral } from '../tool-words.ts';
import { isOneFile } from './recovery-image.ts';
import { nameWord, pathWord, textWord, type Typed } from './typed-line.ts';

interface TheirsFrom {
  readonly set: DataSet;
  readonly point: RecoveryPoint;
  readonly copy: VaultCopy;
  readonly opening: PlacedOpening;
  readonly target: { readonly host: string; readonly path: ByteString };
  /** What ssh is told to get to a machine. */
  readonly addressOf: (host: string) => string;
  /** Whether what lies there is left for certain. */
  readonly isLeft: (host: string, path: ByteString) => boolean;
}

/** What must be at hand stands in the notes; no secret, and no command that may hold one. */
interface TheirLines {
  readonly typed: readonly Typed[];
  readonly notes: readonly string[];
}

export function theirLines(from: TheirsFrom): TheirLines {
  const { opening } = from;
  const repository = repositoryText(from);
  if (isTakenForOption(repository)) {
    const note = `its address, ${sayText(repository)}, begins as an option does: a command with it could run anything`;
    return { typed: [], notes: [note] };
  }
  switch (opening.tool) {
    case 'restic':
      return resticLines(from, repository);
    case 'borg':
      return borgLines(from, repository);
    case 'pgbackrest':
      return pgbackrestLines(from);
    case 'holdfast':
      return { typed: [], notes: [] };
  }
}

const PASSWORD_FILE = byteString('/PASSWORD_FILE');

function resticLines(from: TheirsFrom, repository: string): TheirLines {
  const { target, point, set } = from;
  const file = passwordFile(from);
  const words = [
    ...['restic', '-r', textWord(repository)],
    ...['restore', nameWord(point.id), '--target', pathWord(rootOf(from))],
    ...pathsOf(set).flatMap((path) => ['--include', pathWord(byteString(resticLiteral(path)))]),
    ...(file === undefined ? [] : ['--password-file', pathWord(file)]),
  ];
  return {
    typed: [{ on: target.host, words }, ...moveBack(from)],
    notes: [
      ...belowNotes(from),
      'if nothing comes back, it was backed up by a relative path: leave --include out, into an empty --target',
      ...secretNotes(from),
      ...wayNotes(from),
    ],
  };
}

function borgLines(from: TheirsFrom, repository: string): TheirLines {
  const { target, point, set } = from;
  const root = pathWord(rootOf(from));
  const paths = pathsOf(set).flatMap((path) =>
    path === '/' ? [] : [pathWord(byteString(`pp:${path.slice(1)}`))],
  );
  const file = passwordFile(from);
  const asked =
    file === undefined ? [] : [`BORG_PASSCOMMAND=${pathWord(byteString(`cat ${quoted(file)}`))}`];
  const archive = textWord(`${repository}::${borgArchive(point.id)}`);
  const extract = [...asked, 'borg', 'extract', '--', archive, ...paths];
  const make: Typed = { on: target.host, words: ['mkdir', '-p', '--', root] };
  return {
    typed: [
      ...(rootOf(from) === '/' ? [] : [make]),
      { on: target.host, words: ['cd', root, '&&', ...extract] },
      ...moveBack(from),
    ],
    notes: [...belowNotes(from), ...secretNotes(from), ...keyNotes(from), ...wayNotes(from)],
  };
}

function pgbackrestLines(from: TheirsFrom): TheirLines {
  const { target, point, opening } = from;
  const { config, openedOn, repository } = opening;
  const [, stanza = '', label = point.id] =
    /^(.*).([0-9]{8}-[0-9]{6}F(?:_[0-9]{8}-[0-9]{6}[DI])?)$/s.exec(point.id) ?? [];
  const isThere = openedOn === target.host;
  const where =
    config === undefined
      ? [`--repo1-path=${textWord(repository)}`]
      : [`--config=${pathWord(config)}`];
  const words = [
    ...['pgbackrest', ...where, `--stanza=${textWord(stanza)}`, `--set=${textWord(label)}`],
    ...[`--pg1-path=${pathWord(target.path)}`, 'restore'],
  ];
  const cipher = opening.isEncrypted ? ', with its cipher key' : '';
  const lies =
    config === undefined
      ? `${textWord(repository)} has to be reached from ${target.host}: it was opened on ${openedOn}`
      : `its configuration${cipher} lies in ${openedOn}:${pathWord(config)}: bring it to ${target.host} first`;
  return {
    typed: [{ on: target.host, words }],
    notes: [
      'without --type it goes on to the end of the WAL that was archived',
      'type it as the user that PostgreSQL runs as',
      ...(isThere ? [] : [lies]),
      ...(isThere && cipher !== '' ? ['its cipher key is in its configuration'] : []),
    ],
  };
}

function pathsOf({ places }: DataSet): readonly ByteString[] {
  return places.flatMap(({ path }) => path ?? []);
}

/** restic and borg put all below a target under its whole path: what comes back where it was, below `/`. */
function rootOf({ set, target }: TheirsFrom): ByteString {
  const [own] = set.places;
  const isOwnPlace = own?.host === target.host && own.path === target.path;
  return isOwnPlace && set.places.length === 1 ? byteString('/') : target.path;
}

function belowNotes(from: TheirsFrom): readonly string[] {
  if (rootOf(from) === '/') return [];
  return [`${from.opening.tool} puts it below the target under its whole path`];
}

/** One file is moved to where it was: never over anything. */
function moveBack({ set, target }: TheirsFrom): readonly Typed[] {
  const [own] = set.places;
  if (!isOneFile(set) || own?.path === undefined || own.host !== target.host) return [];
  const words = ['mv', '-n', '--', pathWord(byteString(target.path + own.path))];
  return [{ on: target.host, words: [...words, pathWord(own.path)] }];
}

/** Undefined where it is typed, or is in none. */
function passwordFile(from: TheirsFrom): ByteString | undefined {
  const { opening, target } = from;
  if (opening.secret.kind !== 'file') return undefined;
  const { path } = opening.secret;
  return opening.openedOn === target.host && from.isLeft(target.host, path) ? path : PASSWORD_FILE;
}

/** Where its secret lies; never the secret, nor a command line that may hold it. */
function secretNotes(from: TheirsFrom): readonly string[] {
  const { opening, target } = from;
  const { secret, openedOn, tool } = opening;
  switch (secret.kind) {
    case 'file': {
      const lies = `${openedOn}:${pathWord(secret.path)}`;
      if (passwordFile(from) !== PASSWORD_FILE) return [`its password lies in ${lies}`];
      return from.isLeft(openedOn, secret.path)
        ? [`/PASSWORD_FILE is its password, from ${lies}: bring it to ${target.host} first`]
        : [`/PASSWORD_FILE is its password, which lay in ${lies}: ask who knows it`];
    }
    case 'command':
      return [`its password comes from the command that holdfast connect was given on ${openedOn}`];
    case 'environment':
      return [`its password comes from the variable ${sayText(secret.name)} on ${openedOn}`];
    case 'typed':
      return ['somebody knows its password: have them there'];
    case 'unsaid':
      return opening.isEncrypted
        ? [`how ${openedOn} comes by its password was not said: look into its ${tool} job there`]
        : [];
    case 'none':
      return [];
  }
}

function keyNotes({ opening, target, isLeft }: TheirsFrom): readonly string[] {
  const { keyFile, openedOn } = opening;
  if (keyFile === undefined) return [];
  const lies = `${openedOn}:${pathWord(keyFile)}`;
  if (!isLeft(openedOn, keyFile)) return [`borg needs its key file, which lay in ${lies}`];
  const bring = openedOn === target.host ? '' : `: bring it to ~/.config/borg/keys of the user`;
  return [`borg needs its key file, from ${lies}${bring}`];
}

/** What lets this machine reach the repository. */
function wayNotes(from: TheirsFrom): readonly string[] {
  const { opening, target, copy } = from;
  const { openedOn, repository } = opening;
  if (openedOn === target.host) return [];
  const address = addressOf(repository);
  if (address.kind === 'path') {
    if (copy.place.host === target.host) return [];
    if (!isReached(from)) {
      return [`${textWord(address.path)} is as ${openedOn} reaches it: mount it on ${target.host}`];
    }
    return [`${target.host} needs an SSH key that ${copy.place.host} lets in`];
  }
  if (address.kind === 'host' && !/^(?:s3|rest):/.test(repository)) {
    return [`${target.host} needs an SSH key that ${address.host} lets in, as ${openedOn} has one`];
  }
  return [`what lets ${openedOn} into ${textWord(repository)} has to be on ${target.host} too`];
}

/** A directory of a machine that is known by name, and not of a mount of some server's. */
function isReached({ copy }: TheirsFrom): boolean {
  return !copy.place.host.startsWith('server ');
}

/** A repository on a disk of the machine that opened it is reached over SSH from others. */
function repositoryText(from: TheirsFrom): string {
  const { copy, target, opening, addressOf: sshTo } = from;
  const { repository, tool } = opening;
  const address = addressOf(repository);
  const { host } = copy.place;
  if (address.kind !== 'path' || host === target.host || !isReached(from)) return repository;
  if (tool === 'pgbackrest') return repository;
  return tool === 'borg'
    ? sshAddress(sshTo(host), address.path)
    : sftpAddress(sshTo(host), address.path);
}

/** A user or host that begins with a dash would be an option of ssh or rclone. */
function isTakenForOption(repository: string): boolean {
  return /^(?:[a-z0-9+]+:){0,2}(?:\/\/)?(?:.*@)?-/i.test(repository) || hasOwnOptions(repository);
}

/** As the words of a command in a variable are split: without what only bash knows. */
function quoted(path: ByteString): string {
  return `'${path.replaceAll("'", `'"'"'`)}'`;
}
