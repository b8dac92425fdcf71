/** A plan that somebody's tool really carried out, in few words, and what has to be said of it. */
import type { Decision, Op, PlanHeader, PlanSource, RuleName } from '../../src/base/plan.ts';
import type { PipelineFacts } from '../../src/guard/core/judge-facts.ts';

export interface FieldCase {
  /** Who and when: how people call it. */
  readonly name: string;
  /** Where it is told: a name to search for, or an address. `composed`: after it, by us. */
  readonly told: string;
  /** What happened, in one or two sentences. */
  readonly story: string;
  readonly plan: CasePlan;
  readonly expect: {
    readonly decision: Decision;
    /** Each of them has to object; others may. */
    readonly rules: readonly RuleName[];
  };
  /** The legitimate change that looks like it: everything that is not named is as in the case. */
  readonly twin: {
    readonly story: string;
    readonly plan: CasePlan;
  };
}

/** What is not said is as in an ordinary run: see `ordinaryPlan`. */
export interface CasePlan {
  readonly pipeline?: string;
  readonly actor?: PlanHeader['actor'];
  readonly command?: readonly string[];
  /** `null`: nothing is read, things are named. */
  readonly source?: Partial<Omit<PlanSource, 'listing' | 'before'>> | null;
  readonly listing?: Partial<PlanSource['listing']>;
  /** The listing of the last applied run, an hour ago. */
  readonly before?: { readonly seen: number; readonly generation: number };
  readonly target?: Partial<PlanHeader['target']>;
  readonly scope?: readonly string[];
  readonly history?: Partial<PipelineFacts>;
  readonly isExpired?: true;
  readonly ops: readonly CaseOps[];
}

/** Operations that are alike. */
export interface CaseOps {
  readonly count?: number;
  /** `#` stands for the number of the operation. */
  readonly path: string;
  readonly from?: string;
  readonly is?: Partial<Omit<Op, 'n' | 'path' | 'from'>>;
}
