/** A plan that was applied here, settled: what it did, and what an undo of it puts back. */
import { leaseHolderHere } from '../../adapters/node/lease-holder.ts';
import { Fault } from '../../base/fault.ts';
import type { Op, PlanHeader } from '../../base/plan.ts';
import type { Place } from '../../host/tree-writer.ts';
import type { ApplyPorts } from '../../guard/shell/apply-request.ts';
import { readApplied } from '../../guard/shell/applied-runs.ts';
import { type PlanResult, readResult } from '../../guard/shell/plan-result.ts';
import { settlePlan } from '../../guard/shell/resume.ts';
import { type AppliedPlan, UndoContent } from '../../guard/shell/undo-content.ts';
import type { GuardSession } from './guard-session.ts';

export type AppliedSession = Pick<GuardSession, 'guardDir' | 'store'> & {
  readonly ports: ApplyPorts;
};

/** Undefined where it was never applied. One that was killed is settled first. */
export function appliedPlan(session: AppliedSession, header: PlanHeader): AppliedPlan | undefined {
  const { ports, store, guardDir } = session;
  const ops = (): Iterable<Op> => store.ops(header.id);
  const planDir = store.dirOf(header.id);
  const content = header.undoOf === undefined ? undefined : undoContent(session, header);
  try {
    const kept = content && ((op: Op): Place | undefined => content.kept(op));
    const applied = settlePlan(ports, {
      ...{ header, ops, stateDir: guardDir, planDir, holder: leaseHolderHere(), kept },
    });
    const target = applied?.runs[0]?.begin.target;
    if (applied === undefined || target === undefined) return undefined;
    return { target, count: header.ops.count, ops, applied };
  } finally {
    content?.close();
  }
}

/** What the undo `header` puts back. To be closed. @throws Fault HF_UNDO_ABSENT */
export function undoContent(session: AppliedSession, header: PlanHeader): UndoContent {
  const { ports, store } = session;
  const original = store.read(header.undoOf ?? '').header;
  const applied = readApplied(ports, store.dirOf(original.id));
  const target = applied?.runs[0]?.begin.target;
  if (applied === undefined || target === undefined) throw neverApplied(original.id);
  const plan = { target, count: original.ops.count, ops: () => store.ops(original.id), applied };
  const undo = { ops: () => store.ops(header.id), count: header.ops.count };
  return new UndoContent(ports, plan, undo);
}

export function resultOfPlan(session: AppliedSession, id: string): PlanResult | undefined {
  return readResult(session.ports, session.store.dirOf(id));
}

export function neverApplied(id: string): Fault {
  return new Fault('HF_UNDO_ABSENT', `${id} was never applied: nothing of it can be put back`, {
    id,
  });
}
