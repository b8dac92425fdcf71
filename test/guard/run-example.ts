/** A run as a history keeps it, for tests that care for some of its members. */
import { OP_VERBS, type PlanSummary } from '../../src/base/plan.ts';
import { unixMs } from '../../src/base/units.ts';
import type { RunRecord } from '../../src/guard/core/history.ts';

const NOTHING = Object.fromEntries(
  OP_VERBS.map((verb) => [verb, { ops: 0, entries: 0, bytes: 0 }]),
) as PlanSummary;

export function runExample(given: Partial<RunRecord> = {}): Omit<RunRecord, 'v' | 'id'> {
  return {
    at: unixMs(1_795_000_000_000),
    plan: 'p-0123abcd',
    digest: 'ab'.repeat(32),
    actor: { name: 'root@mirror1', kind: 'service' },
    outcome: 'applied',
    decision: 'allow',
    isFirst: false,
    source: {
      place: 'build1:/srv/release',
      identity: 'build1:/srv/release',
      role: 'source',
      generation: 3,
      complete: 'yes',
      filter: null,
      filterNarrowsDeletes: false,
      seen: 18_961,
      errors: 0,
      missing: 0,
      differs: [],
    },
    target: {
      place: '/srv/mirror',
      identity: '/srv/mirror',
      generation: 3,
      entries: 18_932,
      bytes: 4_000_000,
    },
    objections: [],
    summary: NOTHING,
    groups: [],
    deleted: { entries: 0, bytes: 0 },
    ...given,
  };
}
