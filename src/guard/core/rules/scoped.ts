import type { ByteString } from '../../../base/bytes.ts';
import type { Objection, Op } from '../../../base/plan.ts';
import { countOf } from '../../../base/say-quantity.ts';
import { isWithin } from '../../../manifest/core/order.ts';
import { type Case, Counted, isAbsence, isDestructive, isExplicit, type Rule } from '../rule.ts';

/**
 * R2: each loss lies in the declared scope, and is of something that this pipeline made or adopted.
 * An empty scope means nothing. A first run adopts and takes nothing away.
 */
export const scoped: Rule = {
  name: 'scoped',
  begin: (given) => {
    const outside = new Counted();
    const foreign = new Counted();
    const { scope } = given.header;
    const isFirst = given.facts.pipeline.isFirstRun;
    return {
      add: (op) => {
        if (isDestructive(op) && !isCovered(scope, op.path)) outside.add(op);
        const isForeign = isFirst || op.owner !== 'pipeline';
        if (isForeign && (isAbsence(op) || isReplaced(op))) foreign.add(op);
        if (op.from !== undefined && !isCovered(scope, op.from)) outside.add(op);
      },
      end: () => [...outsideObjections(given, outside), ...foreignObjections(given, foreign)],
    };
  },
};

/** What lies there makes way for something of another kind. */
function isReplaced(op: Op): boolean {
  return op.op === 'replace' && !isExplicit(op);
}

function isCovered(scope: readonly ByteString[], path: Op['path']): boolean {
  return scope.some((within) => isWithin(within, path));
}

function outsideObjections({ header }: Case, outside: Counted): readonly Objection[] {
  if (outside.ops === 0) return [];
  const what = countOf(outside.ops, 'operation');
  const lie = outside.ops === 1 ? 'lies' : 'lie';
  const isEmpty = header.scope.length === 0;
  const empty = 'the plan declares no scope, and that means nothing may be touched';
  return [
    {
      rule: 'scoped',
      effect: 'deny',
      mode: 'enforce',
      opCount: outside.ops,
      sample: outside.sample,
      why: isEmpty ? empty : `${what} ${lie} outside what the plan says it is about`,
      fix: 'Make the plan anew, and name all that it is to change.',
      isInvariant: true,
    },
  ];
}

function foreignObjections({ header, facts }: Case, foreign: Counted): readonly Objection[] {
  if (foreign.ops === 0) return [];
  const what = countOf(foreign.ops, 'thing');
  const firstRun = {
    why: `this is the first run of its kind to ${header.target.place}: it takes over what lies there, and deletes nothing`,
    fix: 'Run it again afterwards: from then on it deletes what is its own.',
  };
  const others = {
    why: `${what} that would go ${foreign.ops === 1 ? 'was' : 'were'} not put there by this pipeline, or put back by a person since`,
    fix: 'See them: holdfast plan ID. What is to go, name yourself: holdfast guard run -- rm -r PATH'.replace(
      'ID',
      header.id,
    ),
  };
  return [
    {
      rule: 'scoped',
      effect: 'additive-only',
      mode: 'enforce',
      opCount: foreign.ops,
      sample: foreign.sample,
      ...(facts.pipeline.isFirstRun ? firstRun : others),
      isInvariant: true,
    },
  ];
}
