import type { Op, OpTotal, OpVerb, PlanSummary } from '../../base/plan.ts';

/** Adds up what the operations of a plan come to, verb by verb. */
export class SummaryCount {
  readonly #totals: Record<OpVerb, OpTotal> = {
    create: ZERO,
    update: ZERO,
    delete: ZERO,
    replace: ZERO,
    rename: ZERO,
    forget: ZERO,
  };

  add({ op, entries, bytes }: Op): void {
    const before = this.#totals[op];
    this.#totals[op] = {
      ops: before.ops + 1,
      entries: before.entries + entries,
      bytes: before.bytes + bytes,
    };
  }

  summary(): PlanSummary {
    return { ...this.#totals };
  }
}

const ZERO: OpTotal = { ops: 0, entries: 0, bytes: 0 };
