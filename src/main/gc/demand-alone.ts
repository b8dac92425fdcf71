/** What lists names must list what others have just written: else their snapshots are not seen. */
import { Fault } from '../../base/fault.ts';
import { sayName } from '../../base/say-name.ts';
import type { Mounts } from '../../host/mounts.ts';
import type { DirectoryPlace } from '../vault-place.ts';

/** Asks another process, and it alone writes there. */
const LOCAL_FUSE = 'fuseblk';
/** A directory of the machine that this one runs on. */
const OF_THE_HOST = 'virtiofs';

/**
 * @param nobodyWrites what a person answers for
 * @throws Fault HF_VAULT_NAMES_OLD. docs/design/044-collection.md, "What it asks of a store"
 */
export function demandAlone(
  { root }: DirectoryPlace,
  mounts: Pick<Mounts, 'holding' | 'realPath'>,
  nobodyWrites: true | undefined,
): void {
  if (nobodyWrites === true) return;
  const mount = mounts.holding(mounts.realPath(root));
  if (mount === undefined) return;
  const { fsType, isRemote } = mount;
  if (fsType !== OF_THE_HOST && (!isRemote || fsType === LOCAL_FUSE)) return;
  const message = `${sayName(root)} lies on ${fsType}, where a machine may not see for a while what another has stored`;
  throw new Fault('HF_VAULT_NAMES_OLD', message, { fsType });
}
