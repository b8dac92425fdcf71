import { DECISIONS, type Objection, type Op, type Verdict } from '../../base/plan.ts';
import type { JudgedHeader } from './own-rules.ts';
import { needOf, releaseVerdict } from './release.ts';
import type { Case, Rule, RuleRun } from './rule.ts';
import { RULES } from './rules.ts';
import type { GuardPolicy } from './guard-policy.ts';
import type { JudgeFacts } from './judge-facts.ts';
import { ownRule } from './own-objection.ts';

/**
 * Every rule over every operation, in one pass. All run, so that a person sees all reasons at once;
 * none can allow what another objects to.
 */
export class Judging {
  readonly #case: Case;
  readonly #running: readonly (readonly [Rule, RuleRun])[];

  constructor(header: JudgedHeader, facts: JudgeFacts, policy: GuardPolicy) {
    this.#case = { header, facts, policy };
    const rules = [...RULES, ...policy.own.map(ownRule)];
    this.#running = rules.map((rule) => [rule, rule.begin(this.#case)]);
  }

  add(op: Op): void {
    for (const [, run] of this.#running) run.add(op);
  }

  end(): Verdict {
    const said = this.#running.map(([rule, run]) => ({ rule, objections: run.end() }));
    const objections = said.flatMap((each) => each.objections).toSorted(byHarshness);
    const { header, facts, policy } = this.#case;
    const verdict: Verdict = {
      plan: header.id,
      decision: 'allow',
      objections,
      passed: said.filter((each) => each.objections.length === 0).map(({ rule }) => rule.name),
      needs: needOf(objections, policy.approvals),
    };
    return releaseVerdict(verdict, facts);
  }
}

/** Harshest first; what is only observed stands at the end. */
function byHarshness(a: Objection, b: Objection): number {
  if (a.mode !== b.mode) return a.mode === 'enforce' ? -1 : 1;
  return DECISIONS.indexOf(b.effect) - DECISIONS.indexOf(a.effect);
}

/** Of operations that lie ready. */
export function judgePlan(given: Case, ops: Iterable<Op>): Verdict {
  const judging = new Judging(given.header, given.facts, given.policy);
  for (const op of ops) judging.add(op);
  return judging.end();
}
