/** Which copies `up` is to make, with their places as they are reached from here. */
import path from 'node:path';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { Fault } from '../../../base/fault.ts';
import { absolutePath, bytesOfText, textOfBytes } from '../../cli/places.ts';
import type { Settings } from '../../cli/settings.ts';
import {
  directoryPlace,
  nameOfPlace,
  parseVaultPlace,
  type VaultPlace,
} from '../../vault-place.ts';

export interface CopyGiven {
  readonly from: VaultPlace;
  readonly to: VaultPlace;
  readonly everyMs: number;
}

/**
 * Paths are relative to the file. `up` makes a vault of its own where none is named.
 *
 * @throws Fault HF_CONFIG_INVALID where two are one place, HF_SSH_PLACE, HF_PEER_PLACE
 */
export function copiesGiven(settings: Settings): readonly CopyGiven[] {
  const { config, configFile, state, vault } = settings;
  if (configFile === undefined) return [];
  const beside = bytesOfText(path.dirname(configFile));
  const pathOf = (given: ByteString): ByteString => absolutePath(beside, given);
  const placeOf = (text: string): VaultPlace => parseVaultPlace(bytesOfText(text), pathOf);
  const own = vault?.value ?? directoryPlace(byteString(`${state.value}/vault`));
  const given = (config.copies ?? []).map(({ from, to, every }) => ({
    from: from === undefined ? own : placeOf(from),
    to: placeOf(to),
    everyMs: every,
  }));
  const seen = new Set<string>();
  for (const { from, to } of given) {
    const name = nameOfPlace(to);
    const isSame = nameOfPlace(from) === name;
    if (isSame || seen.has(name)) throw notApart(configFile, textOfBytes(name), isSame);
    seen.add(name);
  }
  return given;
}

function notApart(file: string, name: string, isSame: boolean): Fault {
  const what = isSame ? 'is the vault itself' : 'stands there twice';
  const instead = 'Name each place once, and another than the vault.';
  const message = `${file}: ${name}, below copies, ${what}`;
  return new Fault('HF_CONFIG_INVALID', message, { file, instead });
}
