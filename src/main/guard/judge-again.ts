/** A plan that lies here, judged now: by the facts as they are, and by what persons have said. */
import os from 'node:os';
import { momentHere } from '../../adapters/node/boot-clock.ts';
import type { ByteString } from '../../base/bytes.ts';
import type { Op, Verdict } from '../../base/plan.ts';
import type { BrokenGlass } from '../../guard/core/history.ts';
import { Judging } from '../../guard/core/judge.ts';
import type { BreakGlass } from '../../guard/core/judge-facts.ts';
import { OpFolder } from '../../guard/core/op-folder.ts';
import type { JudgedHeader } from '../../guard/core/own-rules.ts';
import { PlanPicture } from '../../guard/core/plan-picture.ts';
import { isInForce, releaseVerdict } from '../../guard/core/release.ts';
import { useApprovals } from '../../guard/shell/approvals.ts';
import { noteBrokenGlass } from '../../guard/shell/broken-glass.ts';
import type { StoredPlan } from '../../guard/shell/plan-store.ts';
import { type Approvals, approvalPorts, approvalsFor } from './approvals-here.ts';
import type { GuardSession } from './guard-session.ts';
import { type FactsFound, judgeFacts } from './judge-facts.ts';

/** While the operations of a plan go by. */
export class JudgingHere {
  readonly found: FactsFound;
  readonly folded: OpFolder;
  readonly picture: PlanPicture;
  readonly #judging: Judging;

  /** @param target absolute */
  constructor(session: GuardSession, header: JudgedHeader, target: ByteString) {
    const { ports, stateDir, actor } = session;
    this.found = judgeFacts(
      { disk: ports.disk, tools: ports.tools, stateDir },
      {
        ...{ pipeline: header.pipeline, touched: [{ hosts: [], path: target }] },
        ...{ actor, now: momentHere(ports.clock), hostsHere: [os.hostname()] },
      },
    );
    this.folded = new OpFolder(header.scope);
    this.picture = new PlanPicture(session.now());
    this.#judging = new Judging(header, this.found.facts, session.policyFor(header.pipeline));
  }

  add(op: Op): void {
    this.#judging.add(op);
    this.folded.add(op);
    this.picture.add(op);
  }

  end(): Verdict {
    return this.#judging.end();
  }
}

export interface Released {
  readonly verdict: Verdict;
  readonly approvals: Approvals;
  readonly breakGlass: BreakGlass | undefined;
}

/** With approvals, or the glass broken. What lets it pass is noted by `noteRelease`. */
export async function releasedHere(
  session: GuardSession,
  plan: StoredPlan & { readonly verdict: Verdict },
  reason: string | undefined,
): Promise<Released> {
  const now = momentHere(session.ports.clock);
  const approvals = await approvalsFor(session, { ...plan, now });
  const breakGlass = reason === undefined ? undefined : { by: session.actor.name, reason };
  const facts = { now: now.at, approvals: approvals.facts };
  const broken = breakGlass === undefined ? facts : { ...facts, breakGlass };
  const verdict = releaseVerdict(plan.verdict, broken);
  session.store.putVerdict(verdict, now.at);
  return { verdict, approvals, breakGlass };
}

/** Who passed over which rules, and why; undefined where nobody did. */
export function brokenOf({
  breakGlass,
  verdict,
}: Pick<Released, 'breakGlass' | 'verdict'>): BrokenGlass | undefined {
  if (breakGlass === undefined) return undefined;
  const rules = verdict.objections.filter((each) => !isInForce(each)).map(({ rule }) => rule);
  return { ...breakGlass, rules };
}

/** Before the first operation, so that no crash forgets that an approval was used. */
export function noteRelease(session: GuardSession, plan: StoredPlan, released: Released): void {
  const { header, digest } = plan;
  const { approvals, breakGlass } = released;
  const at = session.now();
  if (approvals.good.length > 0 && breakGlass === undefined) {
    useApprovals(approvalPorts(session), approvals.good, { id: header.id, digest, now: at });
  }
  const broken = brokenOf(released);
  if (broken === undefined) return;
  const { disk, tools } = session.ports;
  noteBrokenGlass(
    { disk, tools, stateDir: session.stateDir },
    {
      ...{ at, actor: session.actor, reason: broken.reason, rules: broken.rules },
      ...{ plan: header.id, digest, target: header.target.place },
    },
  );
}
