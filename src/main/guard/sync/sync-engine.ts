/** What applies the plan of a sync on this machine. */
import { leaseHolderHere } from '../../../adapters/node/lease-holder.ts';
import { applyPlan } from '../../../guard/shell/apply.ts';
import type { StopSignals } from '../../cli/stop-signals.ts';
import type { SyncEngine } from './apply-sync.ts';

/** Ctrl-C stops before the next operation: what was done is whole then. */
export function syncEngine(stop: StopSignals): Omit<SyncEngine, 'onBatch'> {
  let isStopped = false;
  stop.onStop(() => {
    isStopped = true;
  });
  return {
    apply: applyPlan,
    holder: leaseHolderHere(),
    stopped: () => (isStopped ? 'it was stopped' : undefined),
  };
}
