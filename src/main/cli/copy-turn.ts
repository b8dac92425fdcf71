/** Who copies to a place from this state: two at once do no harm, and `up` waits for its turn. */
import type { StateLock } from '../../adapters/sqlite/state-lock.ts';
import { byteString, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { nameOfPlace, type VaultPlace } from '../vault-place.ts';
import { nodePorts } from '../vault-session.ts';
import { textOfBytes } from './places.ts';
import type { Settings } from './settings.ts';

const NOBODYS: StateLock = { release: () => undefined };

/** @returns who copies there now, or what ends this turn; without a state there is nobody to wait for */
export async function takeCopyTurn(
  { state }: Pick<Settings, 'state'>,
  to: VaultPlace,
): Promise<StateLock | { readonly heldBy: 'another process' | number }> {
  const { disk, tools } = nodePorts();
  if (disk.list(state.value) === undefined) return NOBODYS;
  const name = hexOf(tools.hash.sha256Text(nameOfPlace(to))).slice(0, 32);
  const { takeStateLock } = await import('../../adapters/sqlite/state-lock.ts');
  try {
    return takeStateLock(textOfBytes(byteString(`${state.value}/copy-${name}.lock`)));
  } catch (error) {
    // A state that this user may not write to, or that is full, keeps nobody from copying.
    if (error instanceof Fault) return NOBODYS;
    throw error;
  }
}
