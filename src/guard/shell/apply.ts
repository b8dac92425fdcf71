/** Applies a plan whose verdict allows it: lease, what was stopped before, one run, its result. */
import { assert } from '../../base/assert.ts';
import { byteString, hexOf } from '../../base/bytes.ts';
import type { Op } from '../../base/plan.ts';
import { durationMs } from '../../base/units.ts';
import { utf8Of } from '../../manifest/core/utf8.ts';
import { digestOfHeader } from '../core/plan-digest.ts';
import { ApplyRun, type RunOutcome } from './apply-run.ts';
import type { ApplyPorts, ApplyReport, ApplyRequest } from './apply-request.ts';
import { keptBytes } from './apply-order.ts';
import { type AppliedRuns, readApplied } from './applied-runs.ts';
import { Journal } from './journal.ts';
import { Lease } from './lease.ts';
import { writeResult } from './plan-result.ts';
import { Quarantine } from './quarantine.ts';
import { refusalOf } from './tree-errno.ts';
import { resultOf, settlePlan } from './resume.ts';

/**
 * Whether the plan may be applied has been decided: nothing is judged here. Each operation is done
 * only if it finds what the plan saw, and what it takes away can be put back until `until`. What an
 * earlier run of the same plan did is not done again.
 *
 * @returns also where it stopped: then what was done is whole, and nothing is between
 * @throws Fault HF_PLAN_LEASED, HF_PLAN_INVALID, HF_DISK_... of the state directory
 */
export async function applyPlan(ports: ApplyPorts, asked: ApplyRequest): Promise<ApplyReport> {
  const request = { ...asked, ops: readOnce(asked) };
  const { header, stateDir, target, holder } = request;
  const planDir = byteString(`${stateDir}/plans/${header.id}`);
  const lease = Lease.take(ports, { stateDir, target, plan: header.id, holder });
  try {
    const { content, ops } = request;
    const kept = content.by === 'holdfast' ? content.kept?.bind(content) : undefined;
    const plan = { header, ops, stateDir, planDir, holder, kept, lease };
    const before = settlePlan(ports, plan);
    const now = ports.clock.now();
    const keep = durationMs(Math.max(0, request.until - now));
    const place = { target, planId: header.id, now, keep };
    const quarantine = Quarantine.open(ports, place);
    try {
      ports.disk.makeDir(planDir);
      const journal = Journal.begin(ports, planDir, {
        ...{ at: now, digest: hexOf(digestOfHeader(ports.tools.hash, header)), holder: holder.id },
        ...{ permit: request.permit, target, token: lease.token, until: quarantine.until },
      });
      const run = new ApplyRun({ ports, request, quarantine, journal, lease, before });
      const outcome = await run.perform();
      const why = outcome.stop === undefined ? {} : { why: sayStop(outcome.stop) };
      journal.end({ at: ports.clock.now(), outcome: outcome.outcome, ...why });
      const applied = readApplied(ports, planDir);
      assert(applied !== undefined, 'its journal was just written');
      recordKept(quarantine, request, applied);
      writeResult(ports, planDir, resultOf(plan, applied, ports.clock.now()));
      const waiting = header.ops.count - applied.intents.size;
      if (outcome.outcome === 'applied' && waiting === 0) quarantine.removeEmpty();
      return reportOf(outcome, { waiting, quarantine });
    } finally {
      quarantine.close();
    }
  } finally {
    lease.free();
  }
}

/** An apply goes over its operations many times: of a plan of usual size they stay in memory. */
function readOnce({ header, ops }: ApplyRequest): ApplyRequest['ops'] {
  if (header.ops.count > OPS_KEPT_MAX) return ops;
  let all: readonly Op[] | undefined;
  return () => (all ??= [...ops()]);
}

/** Some 20 MB. */
const OPS_KEPT_MAX = 20_000;

/** What was really set aside, by mount: less than was planned where it stopped. */
function recordKept(quarantine: Quarantine, request: ApplyRequest, applied: AppliedRuns): void {
  const bytes = new Map(quarantine.places.map((mount) => [mount, 0]));
  for (const op of request.ops()) {
    const done = applied.intents.get(op.n);
    if (done?.intent.place === undefined) continue;
    const mount = quarantine.placeFor(op.path);
    if (typeof mount !== 'string') bytes.set(mount, (bytes.get(mount) ?? 0) + keptBytes(op));
  }
  for (const [mount, kept] of bytes) {
    // Where it cannot be said, what was planned stays said: that is more.
    if (mount.opened !== undefined) {
      refusalOf(() => quarantine.record(mount, kept, request.stateDir));
    }
  }
}

function reportOf(
  outcome: RunOutcome,
  { waiting, quarantine }: { readonly waiting: number; readonly quarantine: Quarantine },
): ApplyReport {
  return { ...outcome, waiting, until: quarantine.until };
}

function sayStop({ path, why }: NonNullable<RunOutcome['stop']>): string {
  return path === '' ? why : `${utf8Of(path)}: ${why}`;
}
