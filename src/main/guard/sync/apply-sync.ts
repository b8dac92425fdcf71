/** A judged plan of a sync is applied, and what became of it is kept. */
import { momentHere } from '../../../adapters/node/boot-clock.ts';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import type { Op } from '../../../base/plan.ts';
import { unixMs } from '../../../base/units.ts';
import type { RunOutcome } from '../../../guard/core/history.ts';
import { isInForce } from '../../../guard/core/release.ts';
import { runOf } from '../../../guard/core/run-of.ts';
import type { ApplyReport, ApplyRequest, LeaseHolder } from '../../../guard/shell/apply-request.ts';
import { FreezeSwitch } from '../../../guard/shell/freeze-switch.ts';
import type { Excludes } from '../../../host/excludes.ts';
import { withAbove } from '../../../recover/core/sync-ops.ts';
import type { RestoreTally } from '../../../recover/core/restore-tally.ts';
import { SyncContent } from '../../../recover/shell/sync-content.ts';
import { targetSynced } from '../eligibility.ts';
import type { GuardSession } from '../guard-session.ts';
import { releaseOver } from '../housekeeping.ts';
import { brokenOf, noteRelease, type Released } from '../judge-again.ts';
import { applyPast } from './apply-past.ts';
import type { SyncOffer } from './sync-offer.ts';
import type { SyncPlan } from './plan-sync.ts';

export interface SyncEnd {
  readonly report: ApplyReport;
  readonly tally: RestoreTally;
}

export type ApplyPlan = (
  ports: GuardSession['ports'],
  request: ApplyRequest,
) => Promise<ApplyReport>;

export interface SyncEngine {
  readonly apply: ApplyPlan;
  readonly holder: LeaseHolder;
  /** Between batches and before each operation: why to stop. */
  readonly stopped?: () => string | undefined;
  readonly onBatch?: (done: number, all: number) => void;
}

/** @throws Fault as an apply does; what was done is in the journal then */
export async function applySync(
  guard: GuardSession,
  of: { readonly plan: SyncPlan; readonly offer: SyncOffer; readonly engine: SyncEngine },
): Promise<SyncEnd> {
  const { plan, offer, engine } = of;
  const { ports, store } = guard;
  const { header, verdict, target } = plan;
  const top = ports.source.openRoot(target);
  const permit = verdict.decision === 'allow' ? 'all' : 'creates';
  const ops = (): Iterable<Op> => {
    const all = (): Iterable<Op> => store.ops(header.id);
    return permit === 'all' && offer.first !== undefined ? inOrder(all, offer.first) : all();
  };
  const content = new SyncContent(
    { ...ports, tools: ports.tools, reader: offer.reader, crew: offer.crew },
    {
      ...{ wanted: plan.entries, top, upcoming: ops() },
      ...(offer.onFile === undefined ? {} : { onFile: offer.onFile }),
      givesWhatItCan: offer.keepsOthers === true,
    },
  );
  const freeze = new FreezeSwitch({
    disk: ports.disk,
    tools: ports.tools,
    stateDir: guard.stateDir,
  });
  const progress = new Progress(ports.clock, header.ops.count, engine.onBatch);
  try {
    if (isPassed(plan)) noteRelease(guard, plan, plan.released);
    const request: ApplyRequest = {
      ...{ header, ops, target, stateDir: guard.guardDir, permit, content, holder: engine.holder },
      until: unixMs(guard.now() + guard.keepMs),
      check: async ({ done }) => {
        progress.passed(done);
        return undefined;
      },
      stopped: () => {
        progress.staged(content.stagedOps);
        const isFrozen = freeze.check(() => momentHere(ports.clock)) !== undefined;
        if (isFrozen && plan.released?.breakGlass === undefined) return 'changes are frozen here';
        return engine.stopped?.();
      },
    };
    const apply = (): Promise<ApplyReport> => engine.apply(ports, request);
    const report =
      offer.keepsOthers === true
        ? await applyPast(apply, (failure) => content.leaveOut(failure))
        : await apply();
    const outcome = outcomeOf(report, plan);
    recordRun(guard, { plan, offer, outcome, report });
    releaseOver(guard);
    if (outcome === 'applied') {
      await noteReplica(guard, plan, offer);
      // The marker of a tree lies in its top, and is no part of what was synced.
      const path = byteString('');
      const isWanted = offer.wanted.find(path) !== undefined;
      const wanted = isWanted ? content.attributes({ path }) : undefined;
      if (wanted !== undefined) ports.tree.setAttributes(top, wanted);
    }
    return { report, tally: content.tally };
  } finally {
    content.close();
    ports.source.closeDir(top);
  }
}

const TOLD_EVERY_MS = 200;

/** A batch may take minutes: what is ready to be put in is told meanwhile. */
class Progress {
  readonly #clock: GuardSession['ports']['clock'];
  readonly #all: number;
  readonly #onBatch: SyncEngine['onBatch'];
  #done = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(clock: GuardSession['ports']['clock'], all: number, onBatch: SyncEngine['onBatch']) {
    this.#clock = clock;
    this.#all = all;
    this.#onBatch = onBatch;
  }

  passed(done: number): void {
    this.#done = Math.max(this.#done, done);
    this.#onBatch?.(this.#done, this.#all);
  }

  staged(count: number): void {
    const now = this.#clock.monotonic();
    if (count <= this.#done || now - this.#toldMs < TOLD_EVERY_MS) return;
    this.#toldMs = now;
    this.passed(count);
  }
}

/** What a person said of it is what lets it pass. */
function isPassed(plan: SyncPlan): plan is SyncPlan & { readonly released: Released } {
  return plan.released !== undefined && plan.verdict.decision === 'allow';
}

/** Rules about what would be lost: a first run loses nothing, whatever they say. */
const OF_LOSS: ReadonlySet<string> = new Set(['scoped', 'live', 'radius', 'undo']);

/**
 * A first run of which nothing else was to be said has taken over what lies there. Any other that was
 * held is none that the next one is measured by: an empty source would set the measure.
 */
function outcomeOf({ outcome }: ApplyReport, { verdict, isFirst }: SyncPlan): RunOutcome {
  if (outcome !== 'applied') return outcome;
  if (verdict.decision === 'allow') return 'applied';
  const isOfLoss = verdict.objections.filter(isInForce).every(({ rule }) => OF_LOSS.has(rule));
  return isFirst && isOfLoss ? 'additive' : 'held';
}

/** Also of what was not applied: what would have been asked is told from it. */
export function recordRun(
  guard: GuardSession,
  of: {
    readonly plan: SyncPlan;
    readonly offer: SyncOffer;
    readonly outcome: RunOutcome;
    readonly report?: ApplyReport;
  },
): void {
  const { plan, offer, outcome, report } = of;
  const { header, digest, verdict, folded, isFirst, book } = plan;
  const isDone = outcome === 'applied';
  const gone = header.summary.delete;
  const deleted = isDone ? { entries: gone.entries, bytes: gone.bytes } : { entries: 0, bytes: 0 };
  const { sighting } = offer;
  if (isDone || outcome === 'additive' || (report !== undefined && !isFirst)) {
    keepOwned(plan, offer, isDone);
  }
  book.record(
    runOf({
      ...{ header, digest, verdict, folded, isFirst, outcome, at: guard.now() },
      ...(report === undefined ? {} : { deleted }),
      ...(isPassed(plan) ? { broken: brokenOf(plan.released) } : {}),
      ...(sighting === undefined ? {} : { mark: sighting }),
    }),
  );
}

/** A first run adopts what lies there; later what it put there is its own, and nothing else. */
function keepOwned({ book, isFirst, extra, header }: SyncPlan, offer: SyncOffer, isDone: boolean) {
  // What a person put back by hand is nobody's to delete.
  if (offer.keepsOthers === true) return;
  const all = function* (): Generator<ByteString> {
    for (const { path } of offer.wanted.lines()) yield path;
    // What was just taken away may be put back, and is its own then.
    if (isFirst || isDone) yield* extra;
  };
  if (!isFirst && header.ops.count === 0) return;
  if (isDone && !isFirst) book.replaceOwned(all());
  else book.exchange(all(), []);
}

async function noteReplica(guard: GuardSession, plan: SyncPlan, offer: SyncOffer): Promise<void> {
  const { identity, role, generation } = offer.source;
  await targetSynced(
    { state: guard.stateDir, environment: process.env, mayAsk: false },
    plan.target,
    { source: { identity, role, generation, isEnrolled: offer.isEnrolled }, at: guard.now() },
  );
}

/** With the directories above it, which come before it. */
function* inOrder(ops: () => Iterable<Op>, first: Excludes): Generator<Op> {
  const early = withAbove(matching(ops(), first));
  for (const op of ops()) if (early.has(op.path)) yield op;
  for (const op of ops()) if (!early.has(op.path)) yield op;
}

function* matching(ops: Iterable<Op>, first: Excludes): Generator<ByteString> {
  for (const { path, kind } of ops) if (first.ruleFor(path, kind === 'dir')) yield path;
}
