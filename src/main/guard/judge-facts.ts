/** What the rules are told besides the plan: collected where it is kept. */
import type { Moment } from '../../base/moment.ts';
import { endOf } from '../../base/moment.ts';
import type { Actor } from '../../base/plan.ts';
import { hours, unixMs } from '../../base/units.ts';
import { type Claim, heldBy, placeOfClaim, type TouchedPlace } from '../../guard/core/claims.ts';
import type { FreezeFact, JudgeFacts, PipelineFacts } from '../../guard/core/judge-facts.ts';
import type { PipelinePast } from '../../guard/core/history.ts';
import { ClaimStore } from '../../guard/shell/claim-store.ts';
import { FreezeSwitch, UNREADABLE } from '../../guard/shell/freeze-switch.ts';
import { type BookPorts, PipelineBook } from '../../guard/shell/pipeline-book.ts';

export interface FactsWanted {
  readonly pipeline: string;
  /** What the plan reads from and writes to: claims of either hold it. */
  readonly touched: readonly TouchedPlace[];
  readonly actor: Actor;
  readonly now: Moment;
  /** Names of this host. */
  readonly hostsHere: readonly string[];
  /** Who applies something to the same target just now. */
  readonly leaseHeldBy?: string | undefined;
}

export interface FactsFound {
  /** Without approvals: these need a verdict first, and `releaseVerdict` takes them. */
  readonly facts: JudgeFacts;
  readonly book: PipelineBook;
  /** For `PlanSource.before`, `lastSeen` of the source, and what is recorded of this run. */
  readonly past: PipelinePast;
}

/** @throws Fault HF_CLAIM_UNREADABLE, and as a Disk throws */
export function judgeFacts(ports: BookPorts, wanted: FactsWanted): FactsFound {
  const book = new PipelineBook(ports, wanted.pipeline);
  const past = book.past(wanted.now.at);
  const freeze = freezeFact(ports, wanted.now);
  const facts: JudgeFacts = {
    now: wanted.now.at,
    pipeline: pipelineFacts(past),
    ...(freeze === undefined ? {} : { freeze }),
    claims: claimsOn(ports, wanted).map((claim) => ({
      place: placeOfClaim(claim, wanted.hostsHere),
      by: claim.by,
      reason: claim.reason,
      until: endOf(claim.made, claim.spanMs, wanted.now),
    })),
    ...(wanted.leaseHeldBy === undefined ? {} : { leaseHeldBy: wanted.leaseHeldBy }),
    approvals: [],
  };
  return { facts, book, past };
}

/** Of others, on what is touched; asked on the host that applies. */
export function claimsOn(
  ports: BookPorts,
  { touched, actor, now, hostsHere }: Omit<FactsWanted, 'pipeline'>,
): readonly Claim[] {
  return heldBy(new ClaimStore(ports).list(now), touched, { now, actor, hostsHere });
}

function pipelineFacts(past: PipelinePast): PipelineFacts {
  return {
    isFirstRun: past.isFirstRun,
    deletedIn24h: past.deleted24h,
    deletedP99: past.deleted24hP99 ?? 0,
    runs: past.appliedRuns,
  };
}

/** It is judged again before it is applied; a file that is still damaged then holds it again. */
const ASK_AGAIN = hours(1);

function freezeFact(ports: BookPorts, now: Moment): FreezeFact | undefined {
  const freeze = new FreezeSwitch(ports).check(() => now);
  if (freeze === undefined) return undefined;
  if (freeze === UNREADABLE) {
    return {
      by: 'unknown',
      reason: 'freeze.json cannot be read',
      until: unixMs(now.at + ASK_AGAIN),
    };
  }
  return { by: freeze.by, reason: freeze.reason, until: endOf(freeze.made, freeze.spanMs, now) };
}
