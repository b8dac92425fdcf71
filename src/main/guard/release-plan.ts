/**
 * That what is kept for an undo goes is a plan as well: one operation `forget`, judged by every rule
 * and journalled. There is no undo of it.
 */
import { leaseHolderHere } from '../../adapters/node/lease-holder.ts';
import { type ByteString, byteString, hexOf } from '../../base/bytes.ts';
import {
  type Op,
  PLAN_FORMAT,
  type PlanHeader,
  type UndoProof,
  type Verdict,
} from '../../base/plan.ts';
import { unixMs } from '../../base/units.ts';
import type { JudgedHeader } from '../../guard/core/own-rules.ts';
import { Journal } from '../../guard/shell/journal.ts';
import type { Lease } from '../../guard/shell/lease.ts';
import { type PlanResult, writeResult } from '../../guard/shell/plan-result.ts';
import { PLAN_LIFE_MS, type StoredPlan } from '../../guard/shell/plan-store.ts';
import { aboveOf, lastOf } from '../../guard/shell/target-tree.ts';
import { SourceFailure } from '../../host/source.ts';
import { TreeFailure } from '../../host/tree-writer.ts';
import { removeTree } from '../../recover/shell/remove-tree.ts';
import type { GuardSession } from './guard-session.ts';
import { JudgingHere, noteRelease, releasedHere } from './judge-again.ts';

const PIPELINE = 'undo-release';

/** What a plan kept. */
export interface Kept {
  readonly original: PlanHeader;
  readonly result: PlanResult;
  /** Absolute, of that plan. */
  readonly target: ByteString;
  /** In the quarantines, and there. */
  readonly places: readonly ByteString[];
}

/** Judged; nothing of it is on the disk yet. */
export interface JudgedRelease {
  readonly kept: Kept;
  readonly header: JudgedHeader;
  readonly op: Omit<Op, 'n'>;
  readonly judging: JudgingHere;
  readonly verdict: Verdict;
}

/** One that waits for a person. */
export interface HeldRelease {
  readonly plan: StoredPlan;
  readonly judged: JudgedRelease;
}

/** Whether a plan is one of these: of what it took away there is no undo. */
export function isReleasePlan({ summary }: Pick<PlanHeader, 'summary'>): boolean {
  return summary.forget.ops > 0;
}

/** @param undo what is left to put it back from, when it has gone */
export function judgeRelease(
  session: GuardSession,
  kept: Kept,
  why: { readonly cause: Op['cause']; readonly undo: UndoProof; readonly command: string },
): JudgedRelease {
  const { original, result, target } = kept;
  const now = session.now();
  const header: JudgedHeader = {
    format: PLAN_FORMAT,
    ...{ id: session.store.newId(), created: now, expires: unixMs(now + PLAN_LIFE_MS) },
    ...{ pipeline: PIPELINE, actor: session.actor, doneBy: 'holdfast' },
    command: ['holdfast', 'undo', why.command, original.id],
    target: { ...original.target, entries: 0, bytes: 0, readAt: now },
    scope: [byteString('')],
  };
  const isBack = result.outcome === 'undone';
  const op: Omit<Op, 'n'> = {
    op: 'forget',
    kind: 'undo',
    path: byteString(original.id),
    entries: isBack ? 1 : Math.max(1, result.asideEntries),
    bytes: isBack ? 0 : result.asideBytes,
    owner: 'pipeline',
    cause: why.cause,
    cascade: 'expanded',
    cls: 'data',
    live: { state: 'idle' },
    undo: why.undo,
  };
  const judging = new JudgingHere(session, header, target);
  judging.add({ ...op, n: 0 });
  return { kept, header, op, judging, verdict: judging.end() };
}

/** On the disk, with its verdict: it can be looked at and approved. */
export function sealRelease(session: GuardSession, judged: JudgedRelease): StoredPlan {
  const draft = session.store.draft(judged.header);
  draft.add(judged.op);
  const { id } = draft.seal();
  session.store.putVerdict(judged.verdict, session.now());
  return session.store.read(id);
}

/**
 * With the approvals there are: held, or noted and done. Whoever calls holds the lease of the target.
 *
 * @param of.ahead what has to be durable before anything goes
 * @returns whether all of it is gone
 */
export async function passRelease(
  session: GuardSession,
  judged: JudgedRelease,
  of: { readonly lease: Lease; readonly ahead?: () => void },
): Promise<HeldRelease | { readonly isGone: boolean }> {
  const plan = sealRelease(session, judged);
  const released = await releasedHere(session, { ...plan, verdict: judged.verdict }, undefined);
  const passed = { ...judged, verdict: released.verdict };
  if (released.verdict.decision !== 'allow') return { plan, judged: passed };
  noteRelease(session, plan, released);
  of.ahead?.();
  return { isGone: applyRelease(session, plan, { judged: passed, lease: of.lease }) };
}

/**
 * Frees what is kept. Whoever calls holds the lease of the target.
 *
 * @returns false where something of it is still there: it is tried again the next time
 */
export function applyRelease(
  session: GuardSession,
  plan: StoredPlan,
  { judged, lease }: { readonly judged: JudgedRelease; readonly lease: Lease },
): boolean {
  const { ports, store } = session;
  const { header, digest } = plan;
  const { places, target } = judged.kept;
  const now = session.now();
  const planDir = store.dirOf(header.id);
  const journal = Journal.begin(ports, planDir, {
    ...{ at: now, digest: hexOf(digest), holder: leaseHolderHere().id, permit: 'all', target },
    ...{ token: lease.token, until: now },
  });
  for (const [index, path] of places.entries()) journal.add({ kind: 'place', index, path });
  journal.add({ kind: 'intend', intent: { n: 0, place: places.length - 1 } });
  journal.durable();
  // The last is the one by which it is told whether all is done.
  const isGone = places.every((place) => removePlace(session, place));
  if (!isGone) journal.add({ kind: 'not', n: 0 });
  const outcome = isGone ? 'applied' : 'stopped';
  journal.end({ at: session.now(), outcome });
  const done = isGone ? 1 : 0;
  writeResult(ports, planDir, {
    ...{ at: session.now(), outcome, done, waiting: 1 - done, asideEntries: 0, asideBytes: 0 },
    ...{ until: now, ...(isGone ? {} : { why: 'something of it could not be removed' }) },
  });
  return isGone;
}

/** False where something of it is still there. */
export function removePlace({ ports }: Pick<GuardSession, 'ports'>, place: ByteString): boolean {
  const { source, tree } = ports;
  try {
    const dir = source.openRoot(aboveOf(place));
    try {
      removeTree({ source, tree }, dir, lastOf(place));
      return true;
    } finally {
      source.closeDir(dir);
    }
  } catch (error) {
    if (!(error instanceof TreeFailure) && !(error instanceof SourceFailure)) throw error;
    return error.errno === 'ENOENT';
  }
}
