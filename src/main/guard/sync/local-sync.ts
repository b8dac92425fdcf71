/** A target on this machine. */
import type { ByteString } from '../../../base/bytes.ts';
import { opLine } from '../../../guard/core/plan-lines.ts';
import { utf8Of } from '../../../manifest/core/utf8.ts';
import type { RestoreTally } from '../../../recover/core/restore-tally.ts';
import type { GuardSession } from '../guard-session.ts';
import { applySync, recordRun, type SyncEngine } from './apply-sync.ts';
import { namedLeft, type PlanAsked, planSync, type SyncPlan } from './plan-sync.ts';
import type { PreparedSync, SyncDone } from './prepared-sync.ts';

export interface LocalSync extends PreparedSync {
  readonly plan: SyncPlan;
}

/** @throws Fault as `planSync` */
export async function prepareLocal(
  guard: GuardSession,
  of: PlanAsked & { readonly engine: Omit<SyncEngine, 'onBatch'> },
): Promise<LocalSync> {
  const { offer, engine } = of;
  const plan = await planSync(guard, of);
  const { header, digest, verdict, picture } = plan;
  return {
    ...{ plan, header, digest, verdict, picture, place: header.target.place },
    opLines: () => opLinesOf(guard, header.id),
    left: namedLeft(plan).map(({ path, why }) => ({ path: utf8Of(path), why })),
    leftCount: plan.left.length,
    missed: plan.released?.approvals.missed ?? [],
    apply: async (onBatch) =>
      doneOf(await applySync(guard, { plan, offer, engine: { ...engine, onBatch } })),
    leave: async (outcome) => {
      recordRun(guard, { plan, offer, outcome: outcome === 'equal' ? 'applied' : outcome });
      // Nothing to do, or nobody wanted it: there is nothing that anybody could approve.
      if (outcome === 'equal' || outcome === 'shown') guard.store.remove(header.id);
    },
  };
}

function* opLinesOf({ store }: GuardSession, id: string): Generator<ByteString> {
  for (const op of store.ops(id)) yield opLine(op);
}

export function doneOf({ report, tally }: Awaited<ReturnType<typeof applySync>>): SyncDone {
  const { outcome, done, waiting, asideEntries, asideBytes, until, stop } = report;
  const unset = [
    ...report.unset.map(({ path, what }) => ({ path: utf8Of(path), what })),
    ...tally.unset.flatMap(({ what, examples }) =>
      examples.map((path) => ({ path: utf8Of(path), what })),
    ),
  ];
  return {
    ...{ outcome, done, waiting, asideEntries, asideBytes, until, unset, bytes: tally.bytes },
    ...(tally.failureCount === 0 ? {} : failuresOf(tally)),
    ...(stop === undefined ? {} : { stop: { path: utf8Of(stop.path), why: stop.why } }),
  };
}

const FAILURES_NAMED_MAX = 1000;

function failuresOf({ failures, failureCount }: RestoreTally): Partial<SyncDone> {
  const named = failures.slice(0, FAILURES_NAMED_MAX);
  return {
    failures: named.map(({ path, code, why }) => ({ path: utf8Of(path), code, why })),
    failureCount,
  };
}
