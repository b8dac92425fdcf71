/** Who has approved a plan, by what lies on this host: its own approvals, and those it may cite. */
import { machineIdHere } from '../../adapters/node/machine-id.ts';
import { signerFiles, signerPaths } from '../../adapters/ssh-keygen/signer-files.ts';
import { keygenCheck } from '../../adapters/ssh-keygen/verify.ts';
import { Fault } from '../../base/fault.ts';
import type { Moment } from '../../base/moment.ts';
import type { ApprovalNeed, Verdict } from '../../base/plan.ts';
import { releasable } from '../../guard/core/approval.ts';
import { isCovered } from '../../guard/core/covered.ts';
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

const STATE_SYSTEM = '/var/lib/holdfast';
const SIGNERS_SYSTEM = '/etc/holdfast';

export interface Approvals {
  /** For `releaseVerdict`. */
  readonly facts: readonly ApprovalFact[];
  /** Those behind the facts: `useApprovals` notes their use before the first operation. */
  readonly good: readonly GoodApproval[];
  /** Looked at and refused, each for its own reason. */
  readonly bad: readonly BadApproval[];
}

type Here = Pick<GuardSession, 'ports' | 'stateDir'>;

export function approvalPorts({ ports, stateDir }: Here): ApprovalPorts {
  const state = textOfBytes(stateDir);
  const paths = signerPaths(state === STATE_SYSTEM ? SIGNERS_SYSTEM : state);
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
  const good = oncePerKey([...own.good, ...cited]).filter(({ approval }) =>
    asked.every((rule) => approval.statement.releases.includes(rule)),
  );
  return { facts: good.map((each) => factOf(each, verdict.needs, now)), good, bad: own.bad };
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
): Promise<readonly GoodApproval[]> {
  const found: GoodApproval[] = [];
  for (const other of store.list()) {
    if (!isEarlier(other, header.id)) continue;
    const { target, pipeline } = other.header;
    const isAlike = pipeline === header.pipeline && target.identity === header.target.identity;
    if (!isAlike) continue;
    const plan = { id: other.id, digest: other.digest, target: target.identity };
    const { good } = await readApprovals(ports, { ...plan, appliedAs: digest }, now.at);
    if (good.length === 0 || !isAskedBy(store, header.id, other.id)) continue;
    found.push(...good);
  }
  return found;
}

function isEarlier(
  other: ListedPlan,
  id: string,
): other is Extract<ListedPlan, { readonly flaw?: undefined }> {
  return other.flaw === undefined && other.id !== id;
}

/** The operations of the other are looked at to the last one first: what is damaged approves nothing. */
function isAskedBy(store: PlanStore, id: string, other: string): boolean {
  try {
    store.check(other);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return false;
  }
  return isCovered(store.ops(id), store.ops(other));
}
