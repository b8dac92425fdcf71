/**
 * The hands of a restore: threads in life, one inline body for small restores and simulations.
 * What they do is the same.
 */
import { assert } from '../../base/assert.ts';
import type { RestoreTally } from '../core/restore-tally.ts';
import { type VerifyBatch, type VerifyResult, VerifyWork } from './verify-work.ts';
import type { EntryBatch, PartBatch, PartResult, RestoreSetup } from './restore-setup.ts';
import { RestoreWork, type RestoreWorkPorts } from './restore-work.ts';

export interface RestoreCrew {
  readonly size: number;
  /** Comes first. */
  begin(setup: RestoreSetup): void;
  restore(batch: EntryBatch): Promise<RestoreTally>;
  writeParts(batch: PartBatch): Promise<PartResult>;
  /** Needs no `begin`. */
  compare(batch: VerifyBatch): Promise<VerifyResult>;
  /** Lets go of everything, finished or not. */
  close(): Promise<void>;
}

/** Everything at once, in this thread. */
export function inlineRestoreCrew(ports: RestoreWorkPorts): RestoreCrew {
  let work: RestoreWork | undefined;
  const comparing = new VerifyWork(ports);
  const begun = (): RestoreWork => {
    assert(work !== undefined, 'begin comes first');
    return work;
  };
  return {
    size: 1,
    begin(setup) {
      work = new RestoreWork(ports, setup);
    },
    async restore(batch) {
      return begun().restore(batch);
    },
    async writeParts(batch) {
      return begun().writeParts(batch);
    },
    async compare(batch) {
      return comparing.compare(batch);
    },
    async close() {
      work = undefined;
    },
  };
}
