/** Whether a copy lies elsewhere than its vault: it is refused, or said, before it is needed. */
import os from 'node:os';
import { fileSystemsHere } from '../../adapters/discovery/file-systems-here.ts';
import { absentMountHere } from '../../adapters/discovery/promised-mounts.ts';
import { Fault } from '../../base/fault.ts';
import { type FateShared, fateShared } from '../estate/shared-fate.ts';
import { directoryNames, placesOfVaults, seenAt } from '../estate/vault-where.ts';
import { nameOfPlace } from '../vault-place.ts';
import { textOfBytes } from './places.ts';
import type { TwoPlaces } from './vault-places.ts';

type Places = Pick<TwoPlaces, 'first' | 'second'>;

/**
 * By whatever names: it would be called a copy, and be lost with the vault.
 *
 * @throws Fault HF_COPY_SAME
 */
export async function demandAnother({ first, second }: Places): Promise<void> {
  const [from, to] = [await seenAt(first), await seenAt(second)];
  const names = directoryNames(from);
  if (!directoryNames(to).some((name) => names.includes(name))) return;
  const place = textOfBytes(nameOfPlace(second.place));
  const message = `${place} is the vault that is to be copied, under another name`;
  throw new Fault('HF_COPY_SAME', message, { place });
}

/**
 * On a disk that is not mounted a copy would fill the one beneath, and be lost with it; and the next
 * mount would hide it.
 *
 * @throws Fault HF_COPY_UNMOUNTED
 */
export async function demandMounted({ second: { place } }: Places): Promise<void> {
  if (place.kind !== 'directory') return;
  const absent = await absentMountHere(place.root);
  if (absent === undefined) return;
  const { from } = absent;
  const mountPoint = textOfBytes(absent.mountPoint);
  const message = `nothing is mounted at ${mountPoint}, and ${from} says that something is to be: the copy would lie on the disk beneath`;
  throw new Fault('HF_COPY_UNMOUNTED', message, { mountPoint, from });
}

/** What takes both at once; undefined where no single disk or machine is known to. */
export async function sharedFate({ first, second }: Places): Promise<FateShared | undefined> {
  const seen = { host: os.hostname(), fileSystems: await fileSystemsHere() };
  const [from, to] = await placesOfVaults(seen, [await seenAt(first), await seenAt(second)]);
  return from && to && fateShared(to.place, from.place);
}
