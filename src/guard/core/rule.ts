import type { Objection, Op, RuleName } from '../../base/plan.ts';
import type { UnixMs } from '../../base/units.ts';
import type { GuardPolicy } from './guard-policy.ts';
import type { JudgeFacts } from './judge-facts.ts';
import type { JudgedHeader } from './own-rules.ts';

/** What every rule is given. */
export interface Case {
  readonly header: JudgedHeader;
  readonly facts: JudgeFacts;
  readonly policy: GuardPolicy;
}

/** One rule at work on one plan: it sees each operation once, and then says what it has against it. */
export interface RuleRun {
  add(op: Op): void;
  end(): readonly Objection[];
}

export interface Rule {
  readonly name: RuleName;
  readonly begin: (given: Case) => RuleRun;
}

const SAMPLE_MAX = 10;

/** Counts what a rule objects to, and remembers the first of it. */
export class Counted {
  readonly sample: number[] = [];
  ops = 0;
  entries = 0;

  add(op: Op): void {
    if (this.ops < SAMPLE_MAX) this.sample.push(op.n);
    this.ops += 1;
    this.entries += op.entries;
  }
}

/** Takes away what was there. Whose place is taken by something else is gone as well. */
export function isLoss(op: Op): boolean {
  return op.op === 'delete' || op.op === 'forget' || op.op === 'replace';
}

/** Changes or takes away what was there. */
export function isDestructive(op: Op): boolean {
  return isLoss(op) || op.op === 'update';
}

/**
 * A path that would be no more: because it is absent from a listing, whatever else is said of it. Of
 * a rename the content stays, and its old path goes all the same.
 */
export function isAbsence(op: Op): boolean {
  if (isExplicit(op) || isRelease(op)) return false;
  const goes = op.op === 'delete' || op.op === 'forget' || op.op === 'rename';
  return goes || op.cause === 'absent-in-source';
}

/** Somebody wanted exactly this: no listing was read as a wish. */
export function isExplicit(op: Op): boolean {
  return op.cause === 'explicit';
}

/**
 * Of what was kept for an undo, and said from its first day to go when its time is over. It went
 * from its tree when it was judged and counted.
 */
export function isRelease({ op, cause }: Op): boolean {
  return op === 'forget' && cause === 'undo-expired';
}

/** A release whose time has come: `until` is that of the undo that ends. */
export function isDueRelease(op: Op, now: UnixMs): boolean {
  return isRelease(op) && op.undo.until !== undefined && op.undo.until <= now;
}

/** That it can be put back was tried. Whose content stays loses nothing that its journal has not. */
export function hasUndo({ undo, attributesOnly }: Op, now: UnixMs): boolean {
  if (attributesOnly === true) return true;
  if (undo.kind === 'none' || !undo.verified || undo.fidelity === 'partial') return false;
  return undo.until === undefined || undo.until > now;
}
