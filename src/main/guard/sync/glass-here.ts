/** `--break-glass` reaches the targets of this machine only. */
import os from 'node:os';
import type { TreePlace } from '../../../adapters/trees/tree-place.ts';
import { sshDestination } from '../../../adapters/ssh/ssh-host.ts';
import { Fault } from '../../../base/fault.ts';
import { quoteWord } from '../../../base/shell-word.ts';
import { textOfBytes } from '../../cli/places.ts';

/**
 * Root on the spot passes over the rules of the spot: another machine is not told to from here, whoever
 * asks. There it is said with what that machine has anyway.
 *
 * @throws Fault HF_SYNC_SOURCE
 */
export function demandSpot(places: readonly TreePlace[], source: string): void {
  const far = places.find(({ at }) => at !== undefined);
  if (far?.at === undefined) return;
  const to = quoteWord(`${textOfBytes(far.path)}/`);
  const from = source.startsWith('/') ? `${source}/` : '/SOURCE/';
  const words = ['rsync', '-a', '--delete', quoteWord(`${os.hostname()}:${from}`), to].join(' ');
  const why = `${sshDestination(far.at)} is another machine: only root there passes over its rules`;
  const instead = `As root there: \`holdfast guard run --break-glass "REASON" -- ${words}\`.`;
  throw new Fault('HF_SYNC_SOURCE', why, { instead });
}
