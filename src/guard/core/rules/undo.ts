import type { Objection, Op } from '../../../base/plan.ts';
import { countOf } from '../../../base/say-quantity.ts';
import { quoteWord } from '../../../base/shell-word.ts';
import { type Case, Counted, hasUndo, isDestructive, isDueRelease, type Rule } from '../rule.ts';

/**
 * R4: what could not be put back, or takes along what is not known, is not lost unasked. What was
 * kept for an undo goes unasked when its time is over, and not before.
 */
export const undo: Rule = {
  name: 'undo',
  begin: (given) => {
    const unproven = new Counted();
    const unexpanded = new Counted();
    let why: string | undefined;
    let forgotten: Op['path'] | undefined;
    return {
      add: (op) => {
        if (!isDestructive(op)) return;
        if (op.cascade === 'unexpanded') unexpanded.add(op);
        const { now } = given.facts;
        if (op.cls === 'cache' || hasUndo(op, now) || isDueRelease(op, now)) return;
        unproven.add(op);
        why ??= op.undo.why;
        if (op.op === 'forget') forgotten ??= op.path;
      },
      end: () => [
        ...unprovenObjections(given, unproven, { why, forgotten }),
        ...unexpandedObjections(given, unexpanded),
      ],
    };
  },
};

function unprovenObjections(
  { header, policy }: Case,
  unproven: Counted,
  { why, forgotten }: { readonly why: string | undefined; readonly forgotten: string | undefined },
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
      fix:
        forgotten === undefined
          ? `holdfast backup ${quoteWord(header.target.place)}`
          : `Wait until its time is over, or let a vault keep it: holdfast undo ${forgotten} --reclaim`,
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
