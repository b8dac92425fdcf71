/** Whether a plan asks for nothing that an earlier one, which was approved, did not ask for. */
import type { Op, Precondition } from '../../base/plan.ts';
import { comparePaths } from '../../manifest/core/order.ts';

/** What takes away or changes something that is there. */
export function isApproved(op: Op): boolean {
  return op.op !== 'create' && op.attributesOnly !== true;
}

/**
 * Destructive operations of `asked` that do not stand in `approved`: the same verb on the same object,
 * covering no more entries and bytes. Both come in the order of plans.
 */
export function* uncovered(asked: Iterable<Op>, approved: Iterable<Op>): Generator<Op> {
  const seen = approved[Symbol.iterator]();
  let next = seen.next();
  for (const op of asked) {
    if (!isApproved(op)) continue;
    while (next.done !== true && isBefore(next.value, op)) next = seen.next();
    if (next.done === true || !isSame(op, next.value)) yield op;
  }
}

/** One path may have two operations, as when something is renamed to where something goes. */
function isBefore(approved: Op, asked: Op): boolean {
  const order = comparePaths(approved.path, asked.path);
  return order < 0 || (order === 0 && !isSame(asked, approved));
}

function isSame(asked: Op, approved: Op): boolean {
  const isOne =
    asked.path === approved.path &&
    asked.op === approved.op &&
    asked.kind === approved.kind &&
    asked.from === approved.from;
  if (!isOne || !isApproved(approved)) return false;
  const isNoMore = asked.entries <= approved.entries && asked.bytes <= approved.bytes;
  const isNoWorse =
    (asked.cascade === approved.cascade || asked.cascade === 'expanded') &&
    (asked.live.state === approved.live.state || asked.live.state === 'idle') &&
    (asked.undo.verified || !approved.undo.verified) &&
    asked.undo.kind === approved.undo.kind &&
    asked.undo.fidelity === approved.undo.fidelity &&
    asked.owner === approved.owner &&
    asked.cause === approved.cause &&
    asked.cls === approved.cls;
  const isNoNewer = (asked.newest ?? 0) <= (approved.newest ?? 0);
  return isNoMore && isNoWorse && isNoNewer && isSameObject(asked.precond, approved.precond);
}

function isSameObject(a: Precondition | undefined, b: Precondition | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const keys = ['inode', 'device', 'mode', 'size', 'mtimeNs', 'ctimeNs'] as const;
  return keys.every((key) => a[key] === b[key]);
}
