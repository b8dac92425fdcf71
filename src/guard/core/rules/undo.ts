import type { Objection } from '../../../base/plan.ts';
import { countOf } from '../../../base/say-quantity.ts';
import { quoteWord } from '../../../base/shell-word.ts';
import { type Case, Counted, hasUndo, isDestructive, type Rule } from '../rule.ts';

/** R4: what could not be put back, or takes along what is not known, is not lost unasked. */
export const undo: Rule = {
  name: 'undo',
  begin: (given) => {
    const unproven = new Counted();
    const unexpanded = new Counted();
    let why: string | undefined;
    return {
      add: (op) => {
        if (!isDestructive(op)) return;
        if (op.cascade === 'unexpanded') unexpanded.add(op);
        if (op.cls === 'cache' || hasUndo(op, given.facts.now)) return;
        unproven.add(op);
        why ??= op.undo.why;
      },
      end: () => [
        ...unprovenObjections(given, unproven, why),
        ...unexpandedObjections(given, unexpanded),
      ],
    };
  },
};

function unprovenObjections(
  { header, policy }: Case,
  unproven: Counted,
  why: string | undefined,
): readonly Objection[] {
  if (unproven.ops === 0) return [];
  const what = countOf(unproven.entries, 'entry', 'entries');
  const because = why === undefined ? '' : `: ${why}`;
  return [
    {
      rule: 'undo',
      effect: 'hold',
      mode: policy.modes.undo,
      opCount: unproven.ops,
      sample: unproven.sample,
      why: `${what} could not be put back${because}`,
      fix: `holdfast backup ${quoteWord(header.target.place)}`,
      isInvariant: false,
    },
  ];
}

function unexpandedObjections({ policy }: Case, unexpanded: Counted): readonly Objection[] {
  if (unexpanded.ops === 0) return [];
  return [
    {
      rule: 'undo',
      effect: 'hold',
      mode: policy.modes.undo,
      opCount: unexpanded.ops,
      sample: unexpanded.sample,
      why: `what ${countOf(unexpanded.ops, 'operation')} would take along is not known`,
      fix: 'Name each thing that is to go.',
      isInvariant: false,
    },
  ];
}
