/** What opened the vault, as far as its loss matters: where it lies, and who else has it. */
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import type { Key } from '../../watch/core/estate.ts';
import { placeOf } from '../../watch/core/locate.ts';
import type { Opened } from '../cli/open.ts';
import { readConfirmation } from '../cli/sheet-confirmation.ts';

export type KeyHere = {
  /** Of the key, in the vault. */
  readonly id: string;
  /** Its sheet is stored elsewhere, and part of it was typed back. */
  readonly isConfirmed: boolean;
} & (
  | { readonly kind: 'key file' | 'passphrase file'; readonly path: ByteString }
  /** Who set the variable is not known: some file of this machine did. */
  | { readonly kind: 'environment' }
  /** Somebody knows it by heart, or has it at hand. */
  | { readonly kind: 'typed' }
);

const TYPED = 'you';

export function keyHereOf({ session, settings, by }: Opened): KeyHere {
  const { id, key } = session.vault;
  const sheet = readConfirmation(session.disk, { state: settings.state.value, vault: id });
  // A sheet of the key that opens the vault now, and of no other.
  const said = { id: key.id, isConfirmed: sheet?.key === key.id };
  if (by.path !== undefined) return { ...said, kind: 'key file', path: by.path };
  if (by.by === TYPED) return { ...said, kind: 'typed' };
  const { passphraseFile } = settings;
  if (passphraseFile?.by !== by.by) return { ...said, kind: 'environment' };
  return { ...said, kind: 'passphrase file', path: passphraseFile.value };
}

/** Where it is known to be, and whether it is known to be elsewhere too. */
export function keyIn(discovery: Pick<Discovery, 'fileSystems' | 'host'>, key: KeyHere): Key {
  const isConfirmedElsewhere = key.isConfirmed || key.kind === 'typed';
  if (key.kind === 'typed') return { id: key.id, places: [], isConfirmedElsewhere };
  const path = 'path' in key ? key.path : byteString('/');
  return { id: key.id, places: [placeOf(discovery, path)], isConfirmedElsewhere };
}
