import {
  type ApprovalNeed,
  type Decision,
  DECISIONS,
  type Objection,
  type Verdict,
} from '../../base/plan.ts';
import type { ApprovalPolicy } from './guard-policy.ts';
import type { BreakGlass, JudgeFacts } from './judge-facts.ts';

type ReleaseFacts = Pick<JudgeFacts, 'now' | 'approvals' | 'breakGlass'>;

const BREAK_GLASS = ', break-glass: ';
const NO_NEED: ApprovalNeed = { approvals: 0, namesTarget: false };

/** The verdict with what persons have said since: who approved, or that the glass was broken. */
export function releaseVerdict(verdict: Verdict, facts: ReleaseFacts): Verdict {
  const approvedBy = approversOf(verdict.needs, facts);
  const objections = verdict.objections.map((objection) => {
    const by = releaserOf(objection, approvedBy, facts.breakGlass);
    const { releasedBy: _, ...bare } = objection;
    return by === undefined ? bare : { ...bare, releasedBy: by };
  });
  return { ...verdict, objections, decision: decisionOf(objections) };
}

function releaserOf(
  objection: Objection,
  approvedBy: string | undefined,
  breakGlass: BreakGlass | undefined,
): string | undefined {
  if (breakGlass !== undefined) return `${breakGlass.by}${BREAK_GLASS}${breakGlass.reason}`;
  return objection.isInvariant || objection.effect !== 'hold' ? undefined : approvedBy;
}

/** Those that count for what is asked: some of it by the name of the target, typed by who approved. */
export function countedApprovals(
  { namesTarget }: ApprovalNeed,
  approvals: ReleaseFacts['approvals'],
): ReleaseFacts['approvals'] {
  return approvals.filter((each) => each.namedTarget || !namesTarget);
}

/** Who approved, for people; undefined while it is not enough. */
function approversOf(need: ApprovalNeed, { now, approvals }: ReleaseFacts): string | undefined {
  if (need.approvals === 0) return undefined;
  const counted = countedApprovals(need, approvals);
  const persons = [...new Set(counted.map((each) => each.person))];
  const [first = now] = counted.map((each) => each.at).sort((a, b) => a - b);
  const hasCooled =
    need.coolOffMs !== undefined && persons.length > 0 && now - first >= need.coolOffMs;
  return persons.length >= need.approvals || hasCooled ? persons.join(', ') : undefined;
}

/** Root passed over some of it. */
export function isGlassBroken({ objections }: Pick<Verdict, 'objections'>): boolean {
  return objections.some(({ releasedBy }) => releasedBy?.includes(BREAK_GLASS) === true);
}

/**
 * Persons approved that what cannot be put back goes. Nobody else lets it go for good: what root
 * passes over is kept, or is not done.
 */
export function mayGoForGood({ objections }: Pick<Verdict, 'objections'>): boolean {
  const isApproved = objections.some(
    ({ rule, releasedBy }) => rule === 'undo' && releasedBy !== undefined,
  );
  return isApproved && !isGlassBroken({ objections });
}

/** Enforced and not released: what counts. */
export function isInForce(objection: Objection): boolean {
  return objection.mode === 'enforce' && objection.releasedBy === undefined;
}

/** The harshest of what counts. */
export function decisionOf(objections: readonly Objection[]): Decision {
  const worst = objections.filter(isInForce).map(({ effect }) => DECISIONS.indexOf(effect));
  return DECISIONS[Math.max(0, ...worst)] ?? 'deny';
}

/** What approvals would have to be, for all that they can release. */
export function needOf(objections: readonly Objection[], policy: ApprovalPolicy): ApprovalNeed {
  const asked = objections.filter(
    ({ mode, effect, isInvariant }) => mode === 'enforce' && effect === 'hold' && !isInvariant,
  );
  if (asked.length === 0) return NO_NEED;
  const namesTarget = asked.some(({ rule }) => rule === 'live');
  // What can be put back needs one person who has looked at it.
  if (!asked.some(({ rule }) => rule === 'undo')) return { approvals: 1, namesTarget };
  const { persons, coolOffMs } = policy;
  const hasCoolOff = persons > 1 && coolOffMs !== undefined;
  return { approvals: persons, ...(hasCoolOff ? { coolOffMs } : {}), namesTarget };
}
