import type { Objection } from '../../../base/plan.ts';
import { formatInstant } from '../../../base/say-time.ts';
import { type Case, Counted, isAbsence, isDestructive, type Rule } from '../rule.ts';

/** R7: this very plan, in its time, with nobody else at it, and a person behind it. */
export const exactPlan: Rule = {
  name: 'exact-plan',
  begin: (given) => {
    const destructive = new Counted();
    return {
      add: (op) => {
        if (isDestructive(op) || isAbsence(op)) destructive.add(op);
      },
      end: () => [
        ...expired(given),
        ...frozen(given),
        ...claimed(given),
        ...leased(given),
        ...byAgent(given, destructive),
      ],
    };
  },
};

interface Said {
  readonly effect: 'hold' | 'deny';
  readonly why: string;
  readonly fix: string;
}

/** About the plan as a whole. */
function objection(said: Said): Objection {
  const rule = { rule: 'exact-plan', mode: 'enforce', opCount: 0, sample: [] } as const;
  return { ...rule, ...said, isInvariant: true };
}

function expired({ header, facts }: Case): readonly Objection[] {
  if (facts.now < header.expires) return [];
  const why = `the plan was good until ${formatInstant(header.expires, facts.now)}`;
  return [objection({ effect: 'deny', why, fix: 'Make it anew by the command that made it.' })];
}

function frozen({ facts }: Case): readonly Objection[] {
  const { freeze, now } = facts;
  if (freeze === undefined) return [];
  const end = freeze.until > now ? ` until ${formatInstant(freeze.until, now)}` : '';
  const why = `changes are frozen${end} by ${freeze.by}: ${freeze.reason}`;
  return [objection({ effect: 'hold', why, fix: 'Wait; or ask them to: holdfast unfreeze' })];
}

function claimed({ facts }: Case): readonly Objection[] {
  return facts.claims.map(({ place, by, reason, until }) => {
    const end = formatInstant(until, facts.now);
    const why = `${by} has claimed ${place} until ${end}: ${reason}`;
    return objection({
      effect: 'hold',
      why,
      fix: `Ask ${by}, or wait until ${end}. If it is your own: holdfast claim --end ID; holdfast claim lists them.`,
    });
  });
}

function leased({ facts }: Case): readonly Objection[] {
  if (facts.leaseHeldBy === undefined) return [];
  const why = `the target is being changed now by ${facts.leaseHeldBy}`;
  return [objection({ effect: 'hold', why, fix: 'Let it end, and run it again.' })];
}

function byAgent({ header }: Case, destructive: Counted): readonly Objection[] {
  if (header.actor.kind !== 'agent' || destructive.ops === 0) return [];
  const about = { opCount: destructive.ops, sample: destructive.sample, isInvariant: false };
  const why = `${header.actor.name} is an agent: a person must want what it takes away`;
  const fix = `A person looks at it: holdfast approve ${header.id}`;
  return [{ ...objection({ effect: 'hold', why, fix }), ...about }];
}
