import type { Op, PlanHeader } from '../../base/plan.ts';

/** In `observe` a rule says what it would have said, and holds nothing back. */
export type RuleMode = 'enforce' | 'observe';

/** A plan is judged while its operations are streamed: what is only known at their end is left out. */
export type JudgedHeader = Omit<PlanHeader, 'summary' | 'ops'>;

/**
 * A rule of the team, `guard.rules` in holdfast.yaml. What its expression says true of is objected
 * to; so is what it says nothing of: a missing key, an error, no boolean, too long a time.
 */
export interface OwnRule {
  readonly name: string;
  readonly effect: 'hold' | 'deny';
  readonly mode: RuleMode;
  readonly why: string;
  readonly fix: string;
  /** One judgement of one plan. */
  begin(header: JudgedHeader): OwnRuleRun;
}

export interface OwnRuleRun {
  add(op: Op): void;
  end(): OwnRuleFound;
}

export interface OwnRuleFound {
  readonly objects: boolean;
  /** Operations that it said true of; 0 where it is about the plan as a whole. */
  readonly opCount: number;
  readonly sample: readonly number[];
  /** Why it could not be decided, in words; such a rule objects. */
  readonly failed?: string;
}
