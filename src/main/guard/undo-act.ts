/** An undo: made as a plan, judged, applied as any other, and what it took back is marked so. */
import { momentHere } from '../../adapters/node/boot-clock.ts';
import { leaseHolderHere } from '../../adapters/node/lease-holder.ts';
import { Fault } from '../../base/fault.ts';
import type { PlanHeader, Verdict } from '../../base/plan.ts';
import { formatInstant } from '../../base/say-time.ts';
import { unixMs } from '../../base/units.ts';
import type { PlanPicture } from '../../guard/core/plan-picture.ts';
import { mayGoForGood } from '../../guard/core/release.ts';
import { runOf } from '../../guard/core/run-of.ts';
import { applyPlan } from '../../guard/shell/apply.ts';
import type { ApplyReport } from '../../guard/shell/apply-request.ts';
import { FreezeSwitch } from '../../guard/shell/freeze-switch.ts';
import { type PlanResult, writeResult } from '../../guard/shell/plan-result.ts';
import type { StoredPlan } from '../../guard/shell/plan-store.ts';
import { undoPlan, type UndoNote } from '../../guard/shell/undo.ts';
import type { Cli } from '../cli/cli.ts';
import { GC_PIPELINE, UPGRADE_PIPELINE } from '../gc/gc-guard.ts';
import { appliedPlan, neverApplied, resultOfPlan, undoContent } from './applied-plan.ts';
import type { GuardSession } from './guard-session.ts';
import { releaseOver } from './housekeeping.ts';
import { brokenOf, JudgingHere, noteRelease, type Released, releasedHere } from './judge-again.ts';
import { isReleasePlan } from './release-plan.ts';
import { demandMounted } from './release-undo.ts';

/** Made and judged; nothing is changed yet. */
export interface PreparedUndo extends StoredPlan {
  readonly original: PlanHeader;
  readonly released: Released;
  readonly verdict: Verdict;
  readonly picture: PlanPicture;
  readonly notes: readonly UndoNote[];
  readonly judging: JudgingHere;
}

/** @throws Fault HF_PLAN_ABSENT, HF_UNDO_ABSENT, HF_PLAN_LEASED, HF_PLAN_INVALID */
export async function prepareUndo(
  session: GuardSession,
  asked: {
    readonly id: string;
    readonly reason?: string | undefined;
    readonly breakGlass?: string | undefined;
  },
): Promise<PreparedUndo> {
  const { store, ports, actor } = session;
  const original = store.find(asked.id).header;
  demandThere(session, original);
  demandMounted(session, original.id);
  const plan = appliedPlan(session, original);
  if (plan === undefined) throw neverApplied(original.id);
  let judging: JudgingHere | undefined;
  const { header, notes } = undoPlan(ports, {
    ...{ store, original, plan, actor, now: session.now(), keep: session.keepMs },
    ...(asked.reason === undefined ? {} : { reason: asked.reason }),
    begin: (made) => {
      const here = new JudgingHere(session, made, plan.target);
      judging = here;
      return (op) => here.add(op);
    },
  });
  const { digest } = store.read(header.id);
  if (judging === undefined) throw new TypeError('a plan that was made was judged');
  const released = await releasedHere(
    session,
    { header, digest, verdict: judging.end() },
    asked.breakGlass,
  );
  const { verdict } = released;
  return { header, digest, original, released, verdict, picture: judging.picture, notes, judging };
}

/** One that was put back or let go says by whom and since when. */
function demandThere(session: GuardSession, { id, ...header }: PlanHeader): void {
  if (header.pipeline === GC_PIPELINE) {
    const why = `${id} forgot snapshots of a vault: they are put back by holdfast vault gc --undo ${id}`;
    throw new Fault('HF_UNDO_ABSENT', why, { id });
  }
  if (header.pipeline === UPGRADE_PIPELINE) {
    const why = `${id} brought a vault to a newer format: nothing was lost by it, what it replaced lies below damaged/ there, and there is no way back`;
    throw new Fault('HF_UNDO_ABSENT', why, { id });
  }
  if (isReleasePlan(header)) {
    const why = `${id} gave back the space of what was kept for an undo: that is not taken back`;
    throw new Fault('HF_UNDO_ABSENT', why, { id });
  }
  const result = resultOfPlan(session, id);
  if (result?.outcome === 'undone') {
    const by = result.undoneBy ?? 'another plan';
    throw new Fault('HF_UNDO_ABSENT', `${id} was put back already, by ${by}`, { id });
  }
  if (result !== undefined && hasOnlyWaited(result)) {
    // The run that repeated it, approved, has an id of its own.
    const why = `nothing was done by ${id}: what it would have done waited, or was done by a later plan`;
    throw new Fault('HF_UNDO_ABSENT', why, { id });
  }
  if (result?.outcome === 'released') {
    const until = formatInstant(result.until, session.now());
    throw new Fault('HF_UNDO_ABSENT', `what ${id} set aside was kept until ${until}`, { id });
  }
}

/** It was held, and nothing of it was new. One that was killed is another matter: its undo settles it. */
function hasOnlyWaited({ outcome, done, waiting, asideEntries }: PlanResult): boolean {
  return outcome === 'applied' && done === 0 && asideEntries === 0 && waiting > 0;
}

/** @throws Fault as an apply does */
export async function applyUndo(
  cli: Cli,
  session: GuardSession,
  undo: StoredPlan & { readonly released: Released; readonly judging: JudgingHere },
): Promise<ApplyReport> {
  const { header, digest, released, judging } = undo;
  noteRelease(session, undo, released);
  const content = undoContent(session, header);
  const leavesSome = content.leavesSome();
  let isStopped = false;
  cli.stop.onStop(() => {
    isStopped = true;
  });
  try {
    const freeze = new FreezeSwitch({ ...session.ports, stateDir: session.stateDir });
    const report = await applyPlan(session.ports, {
      ...{ header, ops: () => session.store.ops(header.id), target: content.target, content },
      ...{ stateDir: session.guardDir, permit: 'all', holder: leaseHolderHere() },
      withoutUndo: mayGoForGood(released.verdict),
      until: unixMs(session.now() + session.keepMs),
      stopped: () => {
        if (isStopped) return 'it was stopped';
        const isFrozen = freeze.check(() => momentHere(cli.clock)) !== undefined;
        return isFrozen && released.breakGlass === undefined
          ? 'changes are frozen here'
          : undefined;
      },
    });
    if (report.outcome === 'applied' && !leavesSome) markUndone(session, header);
    releaseOver(session);
    const outcome = report.outcome === 'applied' ? 'undone' : report.outcome;
    judging.found.book.record(
      runOf({
        ...{ header, digest, verdict: released.verdict, folded: judging.folded, outcome },
        ...{ at: session.now(), isFirst: judging.found.past.isFirstRun },
        deleted: { entries: 0, bytes: 0 },
        broken: brokenOf(released),
      }),
    );
    return report;
  } finally {
    content.close();
  }
}

function markUndone(session: GuardSession, header: PlanHeader): void {
  const id = header.undoOf ?? '';
  const result = resultOfPlan(session, id);
  if (result === undefined) return;
  const undone = { ...result, outcome: 'undone', undoneBy: header.id } as const;
  writeResult(session.ports, session.store.dirOf(id), undone);
}
