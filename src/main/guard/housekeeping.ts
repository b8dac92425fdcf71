/** What is put in order before and after an apply, whatever it is about. */
import { momentHere } from '../../adapters/node/boot-clock.ts';
import { Fault } from '../../base/fault.ts';
import { appliedPlan, type AppliedSession } from './applied-plan.ts';
import type { GuardSession } from './guard-session.ts';
import { removeOldPlans } from './old-plans.ts';
import { releaseSeenOver } from './release-undo.ts';

/** Nobody waits for these: the plan is damaged, gone, or its target cannot be reached now. */
const LEFT: ReadonlySet<string> = new Set([
  ...['HF_PLAN_LEASED', 'HF_PLAN_INVALID', 'HF_PLAN_ABSENT', 'HF_UNDO_ABSENT'],
]);

/**
 * Applies that were killed: afterwards each of their operations is done or not done, and what lay
 * between is where it belongs. One that still runs is left alone.
 *
 * @returns the plans that were settled
 */
export function settleKilled(session: AppliedSession): readonly string[] {
  const settled: string[] = [];
  for (const plan of session.store.list()) {
    if (plan.flaw !== undefined) continue;
    try {
      if (session.store.standing(plan.id) !== 'under-way') continue;
      appliedPlan(session, plan.header);
      settled.push(plan.id);
    } catch (error) {
      if (!(error instanceof Fault) || !LEFT.has(error.code)) throw error;
    }
  }
  return settled;
}

/** The space of what can be put back no more. A failure of it is no failure of the apply. */
export function releaseOver(session: GuardSession): void {
  try {
    releaseSeenOver(session, momentHere({ now: () => session.now() }));
    removeOldPlans(session);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
}
