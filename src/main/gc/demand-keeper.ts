/** What only works where the vault lies: no server gives away what deletes. */
import { Fault } from '../../base/fault.ts';
import { quoteWord } from '../../base/shell-word.ts';
import { textOfBytes } from '../cli/places.ts';
import { type DirectoryPlace, nameOfPlace, type VaultPlace } from '../vault-place.ts';

/**
 * @param command to run there, without where the vault is
 * @param option what stands before that
 * @throws Fault HF_VAULT_KEEPER
 */
export function demandKeeper(
  place: VaultPlace,
  command: string,
  option = ' --vault',
): asserts place is DirectoryPlace {
  if (place.kind === 'directory') return;
  const { host } = place.place;
  const shown = textOfBytes(nameOfPlace(place));
  // Below the --root of its `vault serve`, which only the peer knows.
  const there =
    place.kind === 'ssh'
      ? quoteWord(textOfBytes(place.place.path))
      : `ROOT/vaults/${place.place.vault}`;
  throw new Fault('HF_VAULT_KEEPER', `${shown} takes what is added, and lets nothing go`, {
    host,
    command: `${command}${option} ${there}`,
  });
}
