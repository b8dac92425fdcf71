import type { Objection, PlanSource, PlanTarget, SourceDifference } from '../../../base/plan.ts';
import { countOf, formatCount, formatShare } from '../../../base/say-quantity.ts';
import { NOT_ENROLLED_THERE } from '../eligibility.ts';
import { quoteWord } from '../../../base/shell-word.ts';
import {
  type Case,
  Counted,
  isAbsence,
  isDestructive,
  isExplicit,
  isRelease,
  type Rule,
} from '../rule.ts';

/**
 * R3: what decides over others is the source, as it was enrolled, and not older than its target. A
 * re-imaged machine may be synced to, not from. One that is suddenly smaller is asked about.
 */
export const eligibleSource: Rule = {
  name: 'eligible-source',
  begin: (given) => {
    const judged = new Counted();
    return {
      add: (op) => {
        const isDecidedHere = isExplicit(op) || isRelease(op);
        if (isAbsence(op) || (isDestructive(op) && !isDecidedHere)) judged.add(op);
      },
      end: () => (judged.ops === 0 ? [] : objectionsOf(given, judged)),
    };
  },
};

function objectionsOf(given: Case, judged: Counted): readonly Objection[] {
  const { source, target } = given.header;
  const about = { opCount: judged.ops, sample: judged.sample };
  const rule = { rule: 'eligible-source', mode: 'enforce', ...about } as const;
  if (source === undefined) {
    const why = 'nothing says from where this was decided';
    return [{ ...rule, effect: 'deny', why, fix: 'Make the plan anew.', isInvariant: true }];
  }
  const flaws = [
    ...roleFlaws(source),
    ...source.differs.map((each) => differenceWords(each, source.role)),
    ...olderFlaws(source, target),
  ];
  const shrunken = shrinkOf(given, source);
  const denied: Objection = {
    ...rule,
    effect: 'deny',
    why: flaws.join('; '),
    fix: fixOf(source, target),
    isInvariant: true,
  };
  const smaller: Objection = {
    ...rule,
    effect: 'hold',
    why: shrunken ?? '',
    fix: `Look whether ${source.place} is whole, and whether it is mounted.`,
    isInvariant: false,
  };
  return [...(flaws.length === 0 ? [] : [denied]), ...(shrunken === undefined ? [] : [smaller])];
}

function roleFlaws({ place, role }: PlanSource): readonly string[] {
  if (role !== 'candidate' && role !== 'replica') return [];
  return [`${place} is a ${role}: it may be synced to, not from`];
}

export function differenceWords(
  { what, was, is }: SourceDifference,
  role: PlanSource['role'],
): string {
  // What nobody enrolled is known by what it was when it was used last.
  const before = role === 'unknown' ? 'that it was last time' : 'that was enrolled';
  switch (what) {
    case 'machine':
      if (is === was + NOT_ENROLLED_THERE) {
        return 'it has the marker of a tree that is not enrolled at this path: it was copied, or moved';
      }
      return `the source is not on the machine ${before}: it was ${was}, now it is ${is}`;
    case 'mount':
      return `another file system lies there: it was ${was}, now it is ${is === '' ? 'none' : is}`;
    case 'identity':
      return `the source is another tree (${is}) than the one that is kept here (${was})`;
    case 'missing':
      return `${was} must be there, and is not`;
  }
}

function olderFlaws(source: PlanSource, target: PlanTarget): readonly string[] {
  if (isOtherTree(source, target)) {
    const tree = `${target.place} is enrolled as tree ${target.identity}`;
    const is = isTree(source.identity) ? `of tree ${source.identity}` : 'of no tree';
    return [`${tree}; ${source.place} is ${is}, and is no source for it`];
  }
  const last = Math.max(target.generation, source.before?.generation ?? 0);
  if (source.generation >= last) return [];
  return [
    `the source is of generation ${source.generation}, older than what was put there (${last})`,
  ];
}

/** A tree that was enrolled is fed from itself only; what it was before that does not matter. */
function isOtherTree(source: PlanSource, target: PlanTarget): boolean {
  return isTree(target.identity) && source.identity !== target.identity;
}

function isTree(identity: string): boolean {
  return /^t-[0-9a-f]{16}$/.test(identity);
}

function fixOf(source: PlanSource, target: PlanTarget): string {
  const { place, differs } = source;
  if (isOtherTree(source, target)) {
    const takeOver = `holdfast promote ${quoteWord(place)} --instead-of ${quoteWord(target.place)} --reason REASON`;
    return `Look whether source and target were exchanged. If it is to take over: ${takeOver}`;
  }
  if (differs.some(({ what }) => what === 'mount')) {
    return `Look whether ${place} is mounted. If it is meant to be so: holdfast promote ${quoteWord(place)} --reason REASON`;
  }
  return `Sync to it, not from it. Once it is whole: holdfast promote ${quoteWord(place)} --reason REASON`;
}

/** Words; undefined where it is as large as it was, or nearly. */
function shrinkOf({ policy }: Case, { before, listing, place }: PlanSource): string | undefined {
  if (before === undefined) return undefined;
  const lost = before.seen - listing.seen;
  const { keepsMin, entriesMin } = policy.shrink;
  if (lost <= entriesMin || listing.seen >= keepsMin * before.seen) return undefined;
  return `${place} has ${countOf(listing.seen, 'entry', 'entries')}; last time it had ${formatCount(before.seen)}: ${formatShare(lost, before.seen)} are gone`;
}
