/** The copies of one `up`, put together with this machine. */
import type { Cli } from '../../cli/cli.ts';
import { takeCopyTurn } from '../../cli/copy-turn.ts';
import { textOfBytes } from '../../cli/places.ts';
import type { Settings } from '../../cli/settings.ts';
import { directoryPlace, nameOfPlace } from '../../vault-place.ts';
import { nodePorts } from '../../vault-session.ts';
import { byteString } from '../../../base/bytes.ts';
import type { WatchStanding } from '../watch/watch-words.ts';
import { Copies } from './copies.ts';
import { keepCopies, readCopies } from './copies-file.ts';
import { copiesGiven } from './copies-given.ts';
import { runCopy } from './copy-child.ts';

/** @throws Fault HF_CONFIG_INVALID, HF_DISK_*, and of places that are none */
export function copiesOfUp(
  cli: Cli,
  settings: Settings,
  onNews: (standing: WatchStanding) => void,
): Copies {
  const ports = nodePorts();
  const state = settings.state.value;
  const own = settings.vault?.value ?? directoryPlace(byteString(`${state}/vault`));
  const copies = new Copies(
    {
      ...{ clock: cli.clock, onNews },
      run: (given, signal) => runCopy(settings, given, { env: cli.env, signal }),
      isTaken: async ({ to }) => {
        const turn = await takeCopyTurn(settings, to);
        if (!('release' in turn)) return true;
        turn.release();
        return false;
      },
      keep: (kept) => keepCopies(ports, state, kept),
    },
    copiesGiven(settings),
    { own: textOfBytes(nameOfPlace(own)), before: readCopies(ports, state) ?? [] },
  );
  copies.begin();
  return copies;
}
