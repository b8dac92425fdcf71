/** The exact commands by which a recovery point comes back, by whichever tool holds it. */
import { type ByteString, byteString } from '../../../base/bytes.ts';
import type { DataSet, RecoveryPoint, VaultCopy } from '../estate.ts';
import type { PlacedOpening } from '../opening.ts';
import { isOneFile } from './recovery-image.ts';
import { theirLines } from './recovery-theirs.ts';
import { nameWord, pathWord, textWord, type Typed } from './typed-line.ts';

/** What a person must know besides; no secret, and no command that may hold one. */
export interface RestoreLines {
  readonly typed: readonly Typed[];
  readonly notes: readonly string[];
}

export interface RestoreFrom {
  readonly set: DataSet;
  readonly point: RecoveryPoint;
  readonly copy: VaultCopy;
  /** Undefined of a vault of Holdfast's own that its place says enough of. */
  readonly opening: PlacedOpening | undefined;
  readonly target: { readonly host: string; readonly path: ByteString };
  /** Of a vault of Holdfast's own, where it is a file: it is given with the command. */
  readonly key: KeyFile | undefined;
  /** What ssh is told to get to a machine. */
  readonly addressOf: (host: string) => string;
  /** Whether what lies there is left for certain. */
  readonly isLeft: (host: string, path: ByteString) => boolean;
}

export interface KeyFile {
  readonly option: '--key-file' | '--passphrase-file';
  /** Where it is left; undefined: nowhere that is known. */
  readonly place: { readonly host: string; readonly path: ByteString } | undefined;
}

/** A snapshot is named by its first digits; these are enough in any vault. */
const DIGITS = 12;

export function restoreLines(from: RestoreFrom): RestoreLines {
  const { opening } = from;
  return isTheirs(opening) ? theirLines({ ...from, opening }) : ownLines(from);
}

/** Opened by the team's own tool, and not by Holdfast. */
export function isTheirs(opening: PlacedOpening | undefined): opening is PlacedOpening {
  return opening !== undefined && opening.tool !== 'holdfast';
}

function ownLines(from: RestoreFrom): RestoreLines {
  const { point, target } = from;
  const { option, notes } = keyOption(from);
  const words = [
    ...['holdfast', 'restore', '--vault', vaultWord(from), ...option],
    ...[nameWord(point.id.slice(0, DIGITS)), pathWord(target.path)],
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
function vaultWord({ copy, target, opening, addressOf: sshTo }: RestoreFrom): string {
  const { host, path } = copy.place;
  if (path === undefined) return textWord(opening?.repository ?? copy.copy);
  if (host === target.host) return pathWord(path);
  return pathWord(byteString(`ssh://${sshTo(host)}${path}`));
}
