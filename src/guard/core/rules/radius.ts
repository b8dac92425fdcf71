import type { Objection, Op } from '../../../base/plan.ts';
import { countOf, formatCount, formatShare } from '../../../base/say-quantity.ts';
import { type Case, Counted, hasUndo, isExplicit, isLoss, isRelease, type Rule } from '../rule.ts';

/**
 * R6: what one pipeline takes away in 24 hours has a limit, by count, by share, and by what must
 * remain. It is counted before anything is done. Renames are none, caches do not count, and neither
 * does what somebody named and can put back.
 */
export const radius: Rule = {
  name: 'radius',
  begin: (given) => {
    const gone = new Counted();
    let wantedByNobody = 0;
    let created = 0;
    return {
      add: (op) => {
        if (op.op === 'create') created += op.entries;
        if (!isLoss(op) || op.cls === 'cache' || isRenamed(op) || isRelease(op)) return;
        if (isExplicit(op) && op.cascade === 'expanded' && hasUndo(op, given.facts.now)) return;
        gone.add(op);
        if (op.op !== 'replace' && !isExplicit(op)) wantedByNobody += op.entries;
      },
      end: () => (gone.ops === 0 ? [] : objectionsOf(given, gone, wantedByNobody - created)),
    };
  },
};

/** What a command does as a delete and a create: the same lies at its new path. */
function isRenamed({ op, cause }: Op): boolean {
  return op === 'delete' && cause === 'replaced';
}

function objectionsOf(given: Case, gone: Counted, fewer: number): readonly Objection[] {
  const excesses = [countExcess(given, gone), shareExcess(given, gone), floorExcess(given, fewer)];
  const said = excesses.filter((each) => each !== undefined);
  if (said.length === 0) return [];
  return [
    {
      rule: 'radius',
      effect: 'hold',
      mode: given.policy.modes.radius,
      opCount: gone.ops,
      sample: gone.sample,
      why: said.join('; '),
      fix: 'Where that is usual here, allow more below guard.limits in holdfast.yaml.',
      isInvariant: false,
    },
  ];
}

/** Earlier deletes count too: else a tree goes by small steps. */
function goneInWindow({ facts }: Case, gone: Counted): number {
  return gone.entries + facts.pipeline.deletedIn24h;
}

function countExcess(given: Case, gone: Counted): string | undefined {
  const { limits } = given.policy;
  const usual = limits.historyFactor * given.facts.pipeline.deletedP99;
  const limit = Math.max(limits.deletesMin, usual, freeAtOnce(given));
  const total = goneInWindow(given, gone);
  if (total <= limit) return undefined;
  const here = formatCount(Math.floor(limit));
  return `${countOf(total, 'deletion')} in 24 h; the limit here is ${here}`;
}

/**
 * A part of a tree goes with every release, at once; of a large tree that is much, so it has an end.
 * Where much went before on the same day, it is no release but a drip.
 */
function freeAtOnce(given: Case): number {
  const { deletesMin, deletesFreeMax, shareFree } = given.policy.limits;
  if (given.facts.pipeline.deletedIn24h > deletesMin) return 0;
  return Math.min(deletesFreeMax, shareFree * populationOf(given));
}

/** What a pipeline does by habit, such as putting a web root with new names each time, is not asked. */
function shareExcess(given: Case, gone: Counted): string | undefined {
  const { share, shareMin } = given.policy.limits;
  const total = goneInWindow(given, gone);
  const population = populationOf(given);
  const isUsual = total <= given.facts.pipeline.deletedP99;
  if (total <= shareMin || total <= share * population || isUsual) return undefined;
  return `${formatShare(total, population)} of what lies there would be gone; the limit is ${formatShare(share, 1)}`;
}

function populationOf({ header, facts }: Case): number {
  return header.target.entries + facts.pipeline.deletedIn24h;
}

/** What is created remains as well; and whoever names a thing may take the last one. */
function floorExcess({ header, policy }: Case, fewer: number): string | undefined {
  const remain = Math.max(0, header.target.entries - fewer);
  const { remainMin } = policy.limits;
  if (fewer <= 0 || remain >= remainMin) return undefined;
  return `${countOf(remain, 'entry', 'entries')} would remain, and at least ${formatCount(remainMin)} must`;
}
