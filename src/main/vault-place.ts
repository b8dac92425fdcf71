/** Where a vault lies: a directory of this machine, or one of another that SSH leads to. */
import {
  isSshPlace,
  parseSshPlace,
  type SshPlace,
  sshPlaceText,
} from '../adapters/ssh/ssh-place.ts';
import type { ByteString } from '../base/bytes.ts';

export type VaultPlace = DirectoryPlace | RemotePlace;

export interface DirectoryPlace {
  readonly kind: 'directory';
  readonly root: ByteString;
}

export interface RemotePlace {
  readonly kind: 'ssh';
  readonly place: SshPlace;
}

export function directoryPlace(root: ByteString): DirectoryPlace {
  return { kind: 'directory', root };
}

/**
 * What was given for a vault: an address, or a path that `pathOf` makes absolute.
 *
 * @throws Fault HF_SSH_PLACE
 */
export function parseVaultPlace(
  given: ByteString,
  pathOf: (given: ByteString) => ByteString,
): VaultPlace {
  if (!isSshPlace(given)) return directoryPlace(pathOf(given));
  return { kind: 'ssh', place: parseSshPlace(given) };
}

/** As it can be given again: a path, or an address. It holds no secret. */
export function nameOfPlace(place: VaultPlace): ByteString {
  return place.kind === 'directory' ? place.root : sshPlaceText(place.place);
}

/** The directory, where it is one of this machine: Holdfast's own, which is in no backup. */
export function ownDirectories(place: VaultPlace): readonly ByteString[] {
  return place.kind === 'directory' ? [place.root] : [];
}
