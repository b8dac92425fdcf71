/** Where a vault lies: a directory of this machine, one of another that SSH leads to, or at a peer. */
import {
  isPeerPlace,
  parsePeerPlace,
  type PeerPlace,
  peerPlaceText,
} from '../adapters/peer/peer-place.ts';
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

export type RemotePlace =
  | { readonly kind: 'ssh'; readonly place: SshPlace }
  /** `holdfast vault serve` on another machine. */
  | { readonly kind: 'https'; readonly place: PeerPlace };

export function directoryPlace(root: ByteString): DirectoryPlace {
  return { kind: 'directory', root };
}

/**
 * What was given for a vault: an address, or a path that `pathOf` makes absolute.
 *
 * @throws Fault HF_SSH_PLACE, HF_PEER_PLACE
 */
export function parseVaultPlace(
  given: ByteString,
  pathOf: (given: ByteString) => ByteString,
): VaultPlace {
  if (isPeerPlace(given)) return { kind: 'https', place: parsePeerPlace(given) };
  if (!isSshPlace(given)) return directoryPlace(pathOf(given));
  return { kind: 'ssh', place: parseSshPlace(given) };
}

/** As it can be given again: a path, or an address. It holds no secret. */
export function nameOfPlace(place: VaultPlace): ByteString {
  if (place.kind === 'directory') return place.root;
  return place.kind === 'ssh' ? sshPlaceText(place.place) : peerPlaceText(place.place);
}

/** The directory, where it is one of this machine: Holdfast's own, which is in no backup. */
export function ownDirectories(place: VaultPlace): readonly ByteString[] {
  return place.kind === 'directory' ? [place.root] : [];
}
