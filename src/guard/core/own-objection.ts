import type { Objection } from '../../base/plan.ts';
import type { OwnRule, OwnRuleFound } from './own-rules.ts';
import type { Rule } from './rule.ts';

/** A rule of the team among the others. It may object, and nothing else. */
export function ownRule(own: OwnRule): Rule {
  return {
    name: `own:${own.name}`,
    begin: ({ header }) => {
      const run = own.begin(header);
      return { add: (op) => run.add(op), end: () => objectionsOf(own, run.end()) };
    },
  };
}

function objectionsOf(own: OwnRule, found: OwnRuleFound): readonly Objection[] {
  if (!found.objects && found.failed === undefined) return [];
  const { name, effect, mode, why, fix } = own;
  const { opCount, sample, failed } = found;
  const undecided = `It could not be decided, and so it objects: ${failed ?? ''}.`;
  return [
    {
      rule: `own:${name}`,
      effect,
      mode,
      opCount,
      sample,
      why: failed === undefined ? why : undecided,
      fix: failed === undefined ? fix : `Correct guard.rules, ${name}, in holdfast.yaml.`,
      isInvariant: effect === 'deny',
    },
  ];
}
