/** Who has approved a plan, by what lies on this host: its own approvals, and those it may cite. */
import { machineIdHere } from '../../adapters/node/machine-id.ts';
import { signerFiles, signersOfState } from '../../adapters/ssh-keygen/signer-files.ts';
import { keygenCheck } from '../../adapters/ssh-keygen/verify.ts';
import { Fault } from '../../base/fault.ts';
import type { Moment } from '../../base/moment.ts';
import type { ApprovalNeed, RuleName, Verdict } from '../../base/plan.ts';
import { sayName } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { releasable } from '../../guard/core/approval.ts';
import { uncovered } from '../../guard/core/covered.ts';
import type { ApprovalFact } from '../../guard/core/judge-facts.ts';
import {
  type ApprovalPorts,
  type BadApproval,
  countedSince,
  type GoodApproval,
  oncePerKey,
  readApprovals,
} from '../../guard/shell/approvals.ts';
import type { ListedPlan, PlanStore, StoredPlan } from '../../guard/shell/plan-store.ts';
import { textOfBytes } from '../cli/places.ts';
import os from 'node:os';
import type { GuardSession } from './guard-session.ts';

export interface Approvals {
  /** For `releaseVerdict`. */
  readonly facts: readonly ApprovalFact[];
  /** Those behind the facts: `useApprovals` notes their use before the first operation. */
  readonly good: readonly GoodApproval[];
  /** Looked at and refused, each for its own reason. */
  readonly bad: readonly BadApproval[];
  /** Why what was said to this plan, or to the last one like it, is not enough: sentences. */
  readonly missed: readonly string[];
}

type Here = Pick<GuardSession, 'ports' | 'stateDir'>;

export function approvalPorts({ ports, stateDir }: Here): ApprovalPorts {
  const paths = signersOfState(textOfBytes(stateDir));
  return {
    ...{ disk: ports.disk, tools: ports.tools, stateDir, host: hostIdHere() },
    ...{ check: keygenCheck(paths), signers: signerFiles(paths) },
  };
}

/** As it stands in approvals. */
export function hostIdHere(): string {
  return machineIdHere() ?? `name:${os.hostname()}`;
}

/**
 * @param verdict as it is judged now, without approvals: one counts only where it releases every rule
 *   that objects now
 */
export async function approvalsFor(
  session: Here & Pick<GuardSession, 'store'>,
  plan: StoredPlan & { readonly verdict: Verdict; readonly now: Moment },
): Promise<Approvals> {
  const ports = approvalPorts(session);
  const { header, digest, verdict, now } = plan;
  const target = header.target.identity;
  const own = await readApprovals(ports, { id: header.id, digest, target }, now.at);
  const cited = await citedApprovals(ports, session.store, plan);
  const asked = releasable(verdict.objections);
  const all = oncePerKey([...own.good, ...cited.good]);
  const unseen = (each: GoodApproval): readonly RuleName[] =>
    asked.filter((rule) => !each.approval.statement.releases.includes(rule));
  const good = all.filter((each) => unseen(each).length === 0);
  const missed = [
    ...own.bad.map(({ fault }) => missedWords(header.id, fault.message)),
    ...cited.missed,
    ...all.flatMap((each) => unseenWords(each, unseen(each))),
  ];
  return {
    facts: good.map((each) => factOf(each, verdict.needs, now)),
    good,
    bad: own.bad,
    missed,
  };
}

function unseenWords({ approval, person }: GoodApproval, rules: readonly RuleName[]): string[] {
  if (rules.length === 0) return [];
  const what = `${rules.join(', ')} did not object when ${person} approved it`;
  return [missedWords(approval.statement.plan, what)];
}

function missedWords(plan: string, why: string): string {
  return `An approval of ${plan} does not count: ${why.replace(/^it approves nothing: /, '')}.`;
}

function factOf(
  { approval, person, added }: GoodApproval,
  { coolOffMs = 0 }: ApprovalNeed,
  now: Moment,
): ApprovalFact {
  const at = countedSince(added, coolOffMs, now);
  return { person, at, namedTarget: approval.statement.named };
}

/** Of earlier plans of the same pipeline and target that asked for all that this one asks for. */
async function citedApprovals(
  ports: ApprovalPorts,
  store: PlanStore,
  { header, digest, now }: StoredPlan & { readonly now: Moment },
): Promise<{ readonly good: readonly GoodApproval[]; readonly missed: readonly string[] }> {
  const found: GoodApproval[] = [];
  let missed: readonly string[] = [];
  for (const other of store.list()) {
    if (!isEarlier(other, header.id)) continue;
    const { target, pipeline } = other.header;
    if (pipeline !== header.pipeline) continue;
    const plan = { id: other.id, digest: other.digest, target: target.identity };
    const { good, bad } = await readApprovals(ports, { ...plan, appliedAs: digest }, now.at);
    if (good.length + bad.length === 0) continue;
    // Of many only the last is told of: an old one that was used is no news.
    missed = bad.map(({ fault }) => missedWords(other.id, fault.message));
    if (good.length === 0) continue;
    const why =
      target.identity === header.target.identity
        ? moreThan(store, header.id, other.id)
        : 'the target is another one since';
    if (why === undefined) found.push(...good);
    else missed = [...missed, missedWords(other.id, why)];
  }
  return { good: found, missed };
}

function isEarlier(
  other: ListedPlan,
  id: string,
): other is Extract<ListedPlan, { readonly flaw?: undefined }> {
  return other.flaw === undefined && other.id !== id;
}

/**
 * What this plan asks for beyond the other; undefined where there is nothing. The operations of the
 * other are looked at to the last one first: what is damaged approves nothing.
 */
function moreThan(store: PlanStore, id: string, other: string): string | undefined {
  try {
    store.check(other);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return 'what was approved is damaged';
  }
  const beyond = uncovered(store.ops(id), store.ops(other));
  const { value: first } = beyond.next();
  if (first === undefined) return undefined;
  let more = 0;
  for (const _ of beyond) more += 1;
  const also = more === 0 ? '' : `, and ${countOf(more, 'operation')} more`;
  return `it did not cover to ${first.op} ${sayName(first.path)}${also}`;
}
