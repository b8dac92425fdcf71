import type { Objection, PlanHeader, PlanTarget, SourceListing } from '../../../base/plan.ts';
import { countOf, formatCount } from '../../../base/say-quantity.ts';
import { Counted, isAbsence, type Rule } from '../rule.ts';

interface Lack {
  readonly why: string;
  readonly fix: string;
}

/**
 * R1: what is absent from a listing may be deleted only where the listing is proven complete, for
 * the same scope. Else nothing is deleted or overwritten, and what is new is created.
 */
export const complete: Rule = {
  name: 'complete',
  begin: ({ header }) => {
    const absent = new Counted();
    return {
      add: (op) => {
        if (isAbsence(op)) absent.add(op);
      },
      end: () => (absent.ops === 0 ? [] : objectionsOf(lacksOf(header), absent)),
    };
  },
};

function objectionsOf(lacks: readonly Lack[], absent: Counted): readonly Objection[] {
  const [first] = lacks;
  if (first === undefined) return [];
  return [
    {
      rule: 'complete',
      effect: 'additive-only',
      mode: 'enforce',
      opCount: absent.ops,
      sample: absent.sample,
      why: `the listing of the source is not proven complete: ${lacks.map(({ why }) => why).join('; ')}`,
      fix: first.fix,
      isInvariant: true,
    },
  ];
}

function lacksOf({ source, target }: Pick<PlanHeader, 'source' | 'target'>): readonly Lack[] {
  if (source === undefined) {
    return [{ why: 'there is none', fix: 'Name what is to go: holdfast guard run -- rm PATH' }];
  }
  const { listing, place } = source;
  return [
    ...emptyLacks(listing, place),
    ...readLacks(listing, { place, target }),
    ...filterLacks(listing),
  ];
}

function emptyLacks({ seen, expected }: SourceListing, place: string): readonly Lack[] {
  if (seen === 0) {
    const fix = `Look whether ${place} is mounted, and whether it is the right one.`;
    return [{ why: 'nothing was found there', fix }];
  }
  if (expected === undefined || seen === expected) return [];
  const why = `${formatCount(seen)} of ${countOf(expected, 'entry', 'entries')} were seen`;
  return [{ why, fix: `Find out why ${place} lists only a part, and run it again.` }];
}

function readLacks(
  { complete, errors, sentinels }: SourceListing,
  { place, target }: { readonly place: string; readonly target: PlanTarget },
): readonly Lack[] {
  const missing = sentinels.filter(({ ok }) => !ok).map(({ name }) => name);
  const lacks: Lack[] = [];
  if (missing.length > 0) {
    const why = `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`;
    lacks.push({ why, fix: `Let ${place} be finished: ${missing.join(', ')} must be there.` });
  }
  if (errors.length > 0) {
    const more = errors.length === 1 ? '' : `, and ${formatCount(errors.length - 1)} more`;
    const first = errors[0] ?? '';
    // The program may have stumbled over what lies here.
    const isHere = first.includes(`${target.place}/`) && !first.includes(`${place}/`);
    const fix = `Let all of ${isHere ? target.place : place} be read, and run it again.`;
    lacks.push({ why: `${first}${more}`, fix });
  }
  if (complete !== 'yes' && lacks.length === 0) {
    const why = complete === 'no' ? 'a part is missing' : 'who read it does not say so';
    lacks.push({ why, fix: `Let all of ${place} be read, and run it again.` });
  }
  return lacks;
}

function filterLacks({ filter, filterNarrowsDeletes }: SourceListing): readonly Lack[] {
  if (filter === null || filterNarrowsDeletes) return [];
  const fix = `Leave out ${filter}, or let it narrow the deletes as well.`;
  return [{ why: `it is narrowed by ${filter}, and the deletes are not`, fix }];
}
