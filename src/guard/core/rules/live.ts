import type { Objection, Op } from '../../../base/plan.ts';
import { countOf } from '../../../base/say-quantity.ts';
import { type Case, Counted, isLoss, type Rule } from '../rule.ts';

/**
 * R5: what is in use, or may be, is not taken away before a person has named where. Of what is only
 * overwritten, what is known to be in use counts.
 */
export const live: Rule = {
  name: 'live',
  begin: (given) => {
    const inUse = new Counted();
    const unknown = new Counted();
    let evidence: string | undefined;
    return {
      add: (op) => {
        if (op.cls === 'cache') return;
        if (isInUse(op)) {
          inUse.add(op);
          evidence ??= op.live.evidence;
        } else if (isLoss(op) && op.live.state === 'unknown') {
          unknown.add(op);
          evidence ??= op.live.evidence;
        }
      },
      end: () => objectionsOf(given, { inUse, unknown, evidence }),
    };
  },
};

function isInUse(op: Op): boolean {
  const changes = isLoss(op) || (op.op === 'update' && op.attributesOnly !== true);
  return changes && op.live.state === 'in-use';
}

interface Found {
  readonly inUse: Counted;
  readonly unknown: Counted;
  readonly evidence: string | undefined;
}

function objectionsOf({ policy }: Case, found: Found): readonly Objection[] {
  const { inUse, unknown, evidence } = found;
  if (inUse.ops + unknown.ops === 0) return [];
  const used = countOf(inUse.ops, 'thing is in use', 'things are in use');
  const maybe = countOf(unknown.ops, 'thing may be in use', 'things may be in use');
  const said = [...(inUse.ops > 0 ? [used] : []), ...(unknown.ops > 0 ? [maybe] : [])];
  return [
    {
      rule: 'live',
      effect: 'hold',
      mode: policy.modes.live,
      opCount: inUse.ops + unknown.ops,
      sample: inUse.ops > 0 ? inUse.sample : unknown.sample,
      why: `${said.join(', ')}${evidence === undefined ? '' : `: ${evidence}`}`,
      fix: 'Stop what uses it, or wait until it has ended.',
      isInvariant: false,
    },
  ];
}
