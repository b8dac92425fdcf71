/** Runs that were killed: each operation is done or not done afterwards, and nothing is between. */
import type { ByteString } from '../../base/bytes.ts';
import type { Op, PlanHeader } from '../../base/plan.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Place } from '../../host/tree-writer.ts';
import { keptBytes } from './apply-order.ts';
import type { ApplyPorts, LeaseHolder } from './apply-request.ts';
import { type AppliedRuns, OpenedPlaces, readApplied } from './applied-runs.ts';
import { Journal } from './journal.ts';
import { Lease } from './lease.ts';
import { type PlanResult, readResult, writeResult } from './plan-result.ts';
import { settleOp } from './settle-op.ts';
import { TargetTree } from './target-tree.ts';

export interface PlanToSettle {
  readonly header: PlanHeader;
  readonly ops: () => Iterable<Op>;
  /** `STATE/guard`, and in it `plans/ID`. */
  readonly stateDir: ByteString;
  readonly planDir: ByteString;
  readonly holder: LeaseHolder;
  /** Of an undo: where what it puts back lay. */
  readonly kept?: ((op: Op) => Place | undefined) | undefined;
  /** By who applies it already. */
  readonly lease?: Lease;
}

/**
 * Settles a plan whose last run was killed, and says so beside it. Nothing where it came to its
 * end, or was never begun.
 *
 * @returns what the plan did so far; undefined: it was never applied
 * @throws Fault HF_PLAN_LEASED while it runs, HF_PLAN_INVALID
 */
export function settlePlan(ports: ApplyPorts, plan: PlanToSettle): AppliedRuns | undefined {
  const applied = readApplied(ports, plan.planDir);
  if (applied === undefined) return undefined;
  const hasResult = readResult(ports, plan.planDir) !== undefined;
  if (!applied.isOpen && hasResult) return applied;
  const target = applied.runs[0]?.begin.target ?? plan.stateDir;
  const { stateDir, holder } = plan;
  const lease = plan.lease ?? Lease.take(ports, { stateDir, target, plan: plan.header.id, holder });
  try {
    if (applied.isOpen) settleOpen(ports, plan, { applied, target, token: lease.token });
    const now = readApplied(ports, plan.planDir) ?? applied;
    writeResult(ports, plan.planDir, resultOf(plan, now, ports.clock.now()));
    return now;
  } finally {
    if (plan.lease === undefined) lease.free();
  }
}

function settleOpen(
  ports: ApplyPorts,
  plan: PlanToSettle,
  of: { readonly applied: AppliedRuns; readonly target: ByteString; readonly token: number },
): void {
  const { runs } = of.applied;
  const last = runs.length - 1;
  const run = runs[last];
  if (run === undefined) return;
  const tree = new TargetTree(ports, of.target);
  const places = new OpenedPlaces(ports, runs);
  const parts = {
    ...{ ports, tree, doneBy: plan.header.doneBy, kept: plan.kept },
    placesOf: (index: number) => places.of(last, index),
  };
  try {
    const nots: number[] = [];
    for (const op of plan.ops()) {
      const intent = run.intents.get(op.n);
      if (intent !== undefined && settleOp(parts, op, intent) === 'not-done') nots.push(op.n);
    }
    const { digest, permit, until } = run.begin;
    const begin = { at: ports.clock.now(), digest, holder: plan.holder.id, permit };
    const journal = Journal.begin(ports, plan.planDir, {
      ...{ ...begin, target: of.target, token: of.token, until },
    });
    for (const n of nots) journal.add({ kind: 'not', n });
    journal.end({ at: ports.clock.now(), outcome: 'stopped', why: KILLED });
  } finally {
    places.close();
    tree.close();
  }
}

const KILLED = 'its process ended in the middle of it';

/** As the journals have it. */
export function resultOf(plan: PlanToSettle, applied: AppliedRuns, at: UnixMs): PlanResult {
  const ends = applied.runs.map(({ end }) => end);
  const end = ends.at(-1);
  let asideEntries = 0;
  let asideBytes = 0;
  for (const op of plan.ops()) {
    if (applied.intents.get(op.n)?.intent.place === undefined) continue;
    if (keptBytes(op) === 0 && op.op !== 'delete') continue;
    asideEntries += op.entries;
    asideBytes += keptBytes(op);
  }
  const done = applied.intents.size;
  const until = applied.runs.at(-1)?.begin.until ?? at;
  return {
    ...{ at: end?.at ?? at, outcome: end?.outcome === 'applied' ? 'applied' : 'stopped' },
    ...{ done, waiting: plan.header.ops.count - done, asideEntries, asideBytes, until },
    ...(end?.why === undefined ? {} : { why: end.why }),
  };
}
