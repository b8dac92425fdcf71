/** A host whose plans persons approve, with real keys: what was signed, and what counts of it. */
import fs from 'node:fs';
import path from 'node:path';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeSource } from '../../src/adapters/node/source.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { nodeTreeWriter } from '../../src/adapters/node/tree-writer.ts';
import { byteString } from '../../src/base/bytes.ts';
import type { Moment } from '../../src/base/moment.ts';
import type { Verdict } from '../../src/base/plan.ts';
import {
  APPROVAL_NAMESPACE,
  type ApprovalStatement,
  approvalText,
  signedText,
} from '../../src/guard/core/approval.ts';
import { releaseVerdict } from '../../src/guard/core/release.ts';
import { addApproval } from '../../src/guard/shell/approvals.ts';
import { PlanStore, type StoredPlan } from '../../src/guard/shell/plan-store.ts';
import { approvalPorts, approvalsFor } from '../../src/main/guard/approvals-here.ts';
import { deleteExample, headerExample } from './plan-example.ts';
import { Signing } from './signing.ts';

export class ApprovingHost extends Signing {
  readonly ann = this.key('ann');
  readonly bob = this.key('bob');
  readonly state = path.join(this.dir, 'state');
  readonly stateDir = byteString(this.state);
  readonly ports = {
    ...{ disk: nodeDisk(), tools: nodeTools(), clock: nodeClock() },
    ...{ source: nodeSource(), tree: nodeTreeWriter() },
  };
  readonly store = new PlanStore({ ...this.ports, stateDir: this.stateDir });
  readonly approvals = approvalPorts(this);

  constructor() {
    super();
    fs.mkdirSync(this.state, { mode: 0o700 });
    this.allow([
      ['ann', this.ann],
      ['bob', this.bob],
    ]);
  }

  allow(lines: Parameters<Signing['allowed']>[0]): void {
    const file = path.join(this.state, 'allowed_signers');
    fs.writeFileSync(file, this.allowed(lines), { mode: 0o644 });
  }

  plan(paths: readonly string[], given: Parameters<typeof headerExample>[0] = {}): StoredPlan {
    const id = this.store.newId();
    const draft = this.store.draft(headerExample({ ...given, id }));
    for (const each of paths) draft.add(deleteExample(each));
    draft.seal();
    return this.store.read(id);
  }

  statement(plan: StoredPlan, given: Partial<ApprovalStatement> = {}): ApprovalStatement {
    return {
      digest: plan.digest,
      expires: plan.header.expires,
      host: this.approvals.host,
      named: false,
      nonce: this.nonce(),
      plan: plan.header.id,
      releases: ['undo'],
      target: plan.header.target.identity,
      ...given,
    };
  }

  nonce(): string {
    return Buffer.from(this.ports.tools.random.bytes(16)).toString('hex');
  }

  /** What a person carries over. */
  text(key: string, statement: ApprovalStatement, namespace = APPROVAL_NAMESPACE): string {
    const signed = signedText(statement);
    const signature = byteString(this.sign(key, signed, namespace));
    return approvalText({ signed, signature });
  }

  async add(plan: StoredPlan, text: string, at: Moment): Promise<void> {
    const { header, digest } = plan;
    const held = { id: header.id, digest, target: header.target.identity };
    await addApproval(this.approvals, { text: byteString(text), plan: held, now: at });
  }

  async decision(plan: StoredPlan, at: Moment, verdict: Verdict): Promise<string> {
    const { facts } = await approvalsFor(this, { ...plan, verdict, now: at });
    return releaseVerdict(verdict, { now: at.at, approvals: facts }).decision;
  }
}
