/** A plan against which nothing speaks, and what differs from it. */
import { byteString } from '../../src/base/bytes.ts';
import { type Op, PLAN_FORMAT, type PlanSource } from '../../src/base/plan.ts';
import { hours, unixMs } from '../../src/base/units.ts';
import type { JudgedHeader } from '../../src/guard/core/own-rules.ts';
import type { JudgeFacts } from '../../src/guard/core/judge-facts.ts';
import type { CaseOps, CasePlan } from './field-case.ts';

const NOW = unixMs(Date.UTC(2026, 10, 20, 3, 17));

export interface ToJudge {
  readonly header: JudgedHeader;
  readonly facts: JudgeFacts;
  readonly ops: readonly Op[];
}

/** Ten runs were applied before; the source is enrolled, whole, and the target is the pipeline's. */
export function planOf(plan: CasePlan): ToJudge {
  return {
    header: headerOf(plan),
    facts: factsOf(plan),
    ops: plan.ops.flatMap(opsOf).map(numbered),
  };
}

function headerOf({ target, actor, command, ...plan }: CasePlan): JudgedHeader {
  const source = plan.source === null ? {} : { source: sourceOf(plan) };
  return {
    format: PLAN_FORMAT,
    id: 'p-7f3a9c41',
    created: NOW,
    expires: plan.isExpired === true ? NOW : unixMs(NOW + hours(4)),
    pipeline: plan.pipeline ?? 'rsync:/srv/release>/srv/mirror',
    actor: actor ?? { name: 'root@mirror1', kind: 'service' },
    ...(command !== undefined && { command }),
    doneBy: 'command',
    ...source,
    target: {
      place: '/srv/mirror',
      identity: '/srv/mirror',
      generation: 0,
      entries: 1000,
      bytes: 4e9,
      readAt: NOW,
      ...target,
    },
    scope: (plan.scope ?? ['']).map(byteString),
  };
}

function sourceOf({ source, listing, before }: CasePlan): PlanSource {
  return {
    place: 'build1:/srv/release',
    identity: 'build1:/srv/release',
    role: 'source',
    generation: 0,
    listing: {
      complete: 'yes',
      filter: null,
      filterNarrowsDeletes: false,
      seen: 1000,
      errors: [],
      sentinels: [],
      readAt: NOW,
      ...listing,
    },
    ...(before !== undefined && { before: { ...before, at: unixMs(NOW - hours(1)) } }),
    differs: [],
    ...source,
  };
}

function factsOf({ history }: CasePlan): JudgeFacts {
  const pipeline = { isFirstRun: false, deletedIn24h: 0, deletedP99: 4, runs: 10, ...history };
  return { now: NOW, pipeline, claims: [], approvals: [] };
}

function opsOf({ count = 1, path, from, is }: CaseOps): readonly Omit<Op, 'n'>[] {
  return Array.from({ length: count }, (_, at) => ({
    op: 'delete',
    kind: 'file',
    path: byteString(path.replace('#', String(at))),
    ...(from !== undefined && { from: byteString(from) }),
    entries: 1,
    bytes: 0,
    owner: 'pipeline',
    cause: 'absent-in-source',
    cascade: 'expanded',
    cls: 'data',
    live: { state: 'idle' },
    undo: { kind: 'quarantine', verified: true, fidelity: 'exact' },
    ...is,
  }));
}

function numbered(op: Omit<Op, 'n'>, n: number): Op {
  return { ...op, n };
}
