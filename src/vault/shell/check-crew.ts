/** The hands of a check: threads in life, one inline body in simulations. */
import {
  type CheckedLeaf,
  type CheckedPack,
  CheckWork,
  type CheckWorkPorts,
  type LeavesToCheck,
  type PackToCheck,
} from './check-work.ts';
import type { VaultAccess } from './vault-access.ts';

export interface CheckCrew {
  readonly size: number;
  checkPack(pack: PackToCheck): Promise<CheckedPack>;
  checkLeaves(leaves: LeavesToCheck): Promise<readonly CheckedLeaf[]>;
  close(): Promise<void>;
}

/** Everything at once, in this thread. */
export function inlineCheckCrew(ports: CheckWorkPorts, access: VaultAccess): CheckCrew {
  const work = new CheckWork(ports, access);
  return {
    size: 1,
    async checkPack(pack) {
      return work.checkPack(pack);
    },
    async checkLeaves(leaves) {
      return work.checkLeaves(leaves);
    },
    async close() {
      // Nothing is held.
    },
  };
}
