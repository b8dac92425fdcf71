/** Gives back the space of what was kept for plans: by itself a day after its time is over, or asked for. */
import { leaseHolderHere } from '../../adapters/node/lease-holder.ts';
import { Fault } from '../../base/fault.ts';
import type { Moment } from '../../base/moment.ts';
import type { UndoProof } from '../../base/plan.ts';
import type { Style } from '../../base/say.ts';
import { countOf, formatBytes } from '../../base/say-quantity.ts';
import { formatInstant } from '../../base/say-time.ts';
import { sayVerdict } from '../../guard/core/say-verdict.ts';
import { readApplied } from '../../guard/shell/applied-runs.ts';
import { partOf, placesAway, placesNamed, placesThere } from '../../guard/shell/kept-places.ts';
import { Lease } from '../../guard/shell/lease.ts';
import { forgetSeenOver, wasSeenOver } from '../../guard/shell/over-mark.ts';
import { type PlanResult, readResult, writeResult } from '../../guard/shell/plan-result.ts';
import { readReclaimed } from '../../guard/shell/reclaimed.ts';
import { aboveOf } from '../../guard/shell/target-tree.ts';
import { utf8Of } from '../../manifest/core/utf8.ts';
import type { GuardSession } from './guard-session.ts';
import {
  applyRelease,
  type HeldRelease,
  isReleasePlan,
  type JudgedRelease,
  judgeRelease,
  type Kept,
  passRelease,
  removePlace,
  sealRelease,
} from './release-plan.ts';

export interface ReleasedUndo {
  readonly id: string;
  readonly bytes: number;
}

export interface ReleaseAnswer {
  readonly released: readonly ReleasedUndo[];
  readonly held: readonly HeldRelease[];
}

/**
 * What a person asks for: all whose time is over by the wall clock, or one plan. That one may still
 * be put back: then somebody has to approve it.
 *
 * @throws Fault HF_UNDO_ABSENT where that one was never applied, HF_PLAN_LEASED
 */
export async function releaseAsked(session: GuardSession, only?: string): Promise<ReleaseAnswer> {
  const id = only === undefined ? undefined : session.store.find(only).header.id;
  const released: ReleasedUndo[] = [];
  const held: HeldRelease[] = [];
  const isAsked = (each: string, { until }: PlanResult): boolean =>
    id === undefined ? until <= session.now() : each === id;
  const kept = keptHere(session, isAsked);
  if (id !== undefined && kept.length === 0) throw nothingKept(id);
  for (const each of kept) {
    // It waits until its file system is there again, unless somebody named it.
    if (id === undefined && isAway(session, each.original.id)) continue;
    const done = await whileLeased(session, each, (lease) => releaseOne(session, each, lease));
    if ('plan' in done) held.push(done);
    else released.push(done);
  }
  return { released, held };
}

async function releaseOne(
  session: GuardSession,
  kept: Kept,
  lease: Lease,
): Promise<ReleasedUndo | HeldRelease> {
  const { original, places } = kept;
  if (isAway(session, original.id)) demandMounted(session, original.id);
  if (places.length === 0) {
    demandKeptHere(session, kept);
    return markReleased(session, kept);
  }
  const judged = judgedOf(session, kept);
  const passed = await passRelease(session, judged, { lease });
  if ('plan' in passed) return passed;
  return passed.isGone ? markReleased(session, kept) : { id: original.id, bytes: 0 };
}

/** What lies in a vault can be put back from there: it takes no space here that could be given back. */
function demandKeptHere(session: GuardSession, { original, result }: Kept): void {
  const isKept = result.asideEntries > 0 && result.outcome !== 'undone';
  if (!isKept || result.until <= session.now()) return;
  const { id } = original;
  const why = `what is kept for ${id} does not lie here: it is in a vault, or its place was taken away`;
  throw new Fault('HF_UNDO_ABSENT', why, { id });
}

/** What goes by itself, a day after it was first seen to be over; what a rule holds stays. */
export function releaseSeenOver(session: GuardSession, now: Moment): void {
  const { ports, store } = session;
  const isOver = (id: string, { until }: PlanResult): boolean => {
    if (until <= now.at) return wasSeenOver(ports, store.dirOf(id), now);
    forgetSeenOver(ports, store.dirOf(id));
    return false;
  };
  for (const kept of keptHere(session, isOver)) {
    try {
      releaseUnasked(session, kept);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'HF_PLAN_LEASED') throw error;
    }
  }
}

function releaseUnasked(session: GuardSession, kept: Kept): void {
  if (isAway(session, kept.original.id)) return;
  const lease = leaseOf(session, kept);
  try {
    if (kept.places.length > 0) {
      const judged = judgedOf(session, kept);
      if (judged.verdict.decision !== 'allow') return;
      if (!applyRelease(session, sealRelease(session, judged), { judged, lease })) return;
    }
    markReleased(session, kept);
  } finally {
    lease.free();
  }
}

/** Before its time it is what somebody wants; after it, what was said from the first day. */
function judgedOf(session: GuardSession, kept: Kept): JudgedRelease {
  const { until } = kept.result;
  const isOver = until <= session.now();
  const can = isOver ? 'could' : 'can';
  const why = `it ${can} be put back until ${formatInstant(until, session.now())}`;
  const undo: UndoProof = { kind: 'none', verified: false, why, until, fidelity: 'exact' };
  const cause = isOver ? 'undo-expired' : 'explicit';
  return judgeRelease(session, kept, { cause, undo, command: '--release' });
}

function markReleased({ ports, store }: GuardSession, { original, result }: Kept): ReleasedUndo {
  const planDir = store.dirOf(original.id);
  for (const place of placesNamed(ports, planDir)) removePlace({ ports }, partOf(place));
  writeResult(ports, planDir, { ...result, outcome: 'released' });
  return { id: original.id, bytes: result.outcome === 'undone' ? 0 : result.asideBytes };
}

/** Of plans that were applied and not released. */
export function keptHere(
  { ports, store }: Pick<GuardSession, 'ports' | 'store'>,
  wants: (id: string, result: PlanResult) => boolean,
): readonly Kept[] {
  return store.list().flatMap((plan): readonly Kept[] => {
    if (plan.flaw !== undefined || isReleasePlan(plan.header)) return [];
    const dir = store.dirOf(plan.id);
    const result = readResult(ports, dir);
    if (result === undefined || result.outcome === 'released') return [];
    if (!wants(plan.id, result)) return [];
    const target = readApplied(ports, dir)?.runs[0]?.begin.target;
    if (target === undefined) return [];
    return [{ original: plan.header, result, target, places: placesThere(ports, dir) }];
  });
}

/** @throws Fault HF_PLAN_LEASED while somebody changes the target: it may be an undo */
export function leaseOf({ ports, guardDir }: GuardSession, { original, target }: Kept): Lease {
  const holder = leaseHolderHere();
  return Lease.take(ports, { stateDir: guardDir, target, plan: original.id, holder });
}

export async function whileLeased<T>(
  session: GuardSession,
  kept: Kept,
  act: (lease: Lease) => Promise<T>,
): Promise<T> {
  const lease = leaseOf(session, kept);
  try {
    return await act(lease);
  } finally {
    lease.free();
  }
}

/** Of what is kept on the disk; what lies in a vault is not away. */
function isAway({ ports, store }: GuardSession, id: string): boolean {
  const planDir = store.dirOf(id);
  return readReclaimed(ports, planDir) === undefined && placesAway(ports, planDir).length > 0;
}

/** @throws Fault HF_UNDO_ABSENT where what is kept for `id` lies, or comes back to, what is not mounted now */
export function demandMounted({ ports, store }: GuardSession, id: string): void {
  const [away] = placesAway(ports, store.dirOf(id));
  if (away === undefined) return;
  const place = utf8Of(aboveOf(aboveOf(away)));
  const why = `what ${id} set aside belongs in ${place || '/'}, on a file system that is not mounted there now: mount it, and nothing is lost`;
  throw new Fault('HF_UNDO_ABSENT', why, { id });
}

export function nothingKept(id: string): Fault {
  return new Fault('HF_UNDO_ABSENT', `nothing is kept for ${id}`, { id });
}

export function* releaseWords(
  { released, held }: ReleaseAnswer,
  style: Style,
  now: Moment['at'],
): Generator<string> {
  if (released.length > 0) {
    const bytes = released.reduce((sum, each) => sum + each.bytes, 0);
    yield `Released what was kept for ${countOf(released.length, 'plan')}: ${formatBytes(bytes)}.`;
  } else if (held.length === 0) {
    yield 'Nothing was released: all that is kept can still be put back.';
  }
  for (const { plan, judged } of held) {
    const { header, digest } = plan;
    const { verdict, judging } = judged;
    yield* sayVerdict({ header, digest, verdict, picture: judging.picture, now }, style);
  }
}
