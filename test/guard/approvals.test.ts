import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { signWith, signingKeys } from '../../src/adapters/ssh-keygen/sign.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Moment } from '../../src/base/moment.ts';
import type { Verdict } from '../../src/base/plan.ts';
import { hours, minutes, unixMs } from '../../src/base/units.ts';
import {
  APPROVAL_NAMESPACE,
  type ApprovalStatement,
  approvalText,
  signedText,
} from '../../src/guard/core/approval.ts';
import { readApprovals, useApprovals } from '../../src/guard/shell/approvals.ts';
import type { StoredPlan } from '../../src/guard/shell/plan-store.ts';
import { approvalsFor } from '../../src/main/guard/approvals-here.ts';
import { needs } from '../run/needs.ts';
import { PLAN_NOW } from './plan-example.ts';
import { ApprovingHost } from './approving-host.ts';

// Goal: a plan is released by persons who signed exactly it, here, now, once, and by nobody and
// nothing else. Method: real keys, a real ssh-keygen and agent; each refusal is provoked by itself,
// and has its own code.

const now: Moment = { at: unixMs(PLAN_NOW + minutes(5)), boot: 'b', upMs: 1_000_000 };
const later = (ms: number): Moment => ({
  at: unixMs(now.at + ms),
  boot: 'b',
  upMs: 1_000_000 + ms,
});

/** Asked and decided at `now`, of a plan that is held for two persons. */
class Host extends ApprovingHost {
  override add(plan: StoredPlan, text: string, at = now): Promise<void> {
    return super.add(plan, text, at);
  }

  override decision(plan: StoredPlan, at: Moment, verdict = HELD): Promise<string> {
    return super.decision(plan, at, verdict);
  }
}

const HELD: Verdict = {
  plan: 'p-0123abcd',
  decision: 'hold',
  objections: [
    {
      ...{ rule: 'undo', effect: 'hold', mode: 'enforce', opCount: 1, sample: [0] },
      ...{ why: 'it cannot be put back', fix: 'back it up', isInvariant: false },
    },
  ],
  passed: [],
  needs: { approvals: 2, coolOffMs: minutes(10), namesTarget: false },
};

function withHost(t: TestContext): Host | undefined {
  if (!needs(t, 'openssh-client')) return undefined;
  const host = new Host();
  t.after(() => host.end());
  return host;
}

async function refused(act: Promise<unknown>, code: string, words: RegExp): Promise<void> {
  await assert.rejects(act, (error: unknown) => {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  });
}

test('two persons release it; one does after the cool-off, and not a moment before', async (t) => {
  const host = withHost(t);
  if (host === undefined) return;
  const plan = host.plan(['a', 'b']);
  assert.equal(await host.decision(plan, now), 'hold');
  await host.add(plan, host.text(host.ann, host.statement(plan)));
  assert.equal(await host.decision(plan, later(minutes(10) - 1)), 'hold');
  assert.equal(await host.decision(plan, later(minutes(10))), 'allow');
  await host.add(plan, host.text(host.bob, host.statement(plan)));
  assert.equal(await host.decision(plan, now), 'allow');
});

test('a clock that is set forward shortens no cool-off', async (t) => {
  const host = withHost(t);
  if (host === undefined) return;
  const plan = host.plan(['a']);
  await host.add(plan, host.text(host.ann, host.statement(plan)));
  const stepped = { at: unixMs(now.at + hours(5)), boot: 'b', upMs: 1_000_000 + minutes(9) };
  assert.equal(await host.decision(plan, stepped), 'hold');
});

test('one person who signs twice, or with two keys, is one person', async (t) => {
  const host = withHost(t);
  if (host === undefined) return;
  const second = host.key('ann-phone');
  host.allow([
    ['ann', host.ann],
    ['ann', second],
    ['anna', host.ann],
  ]);
  const plan = host.plan(['a']);
  for (const key of [host.ann, host.ann, second]) {
    await host.add(plan, host.text(key, host.statement(plan)));
  }
  assert.equal(await host.decision(plan, now), 'hold');
  const { good } = await approvalsFor(host, { ...plan, verdict: HELD, now });
  assert.equal(good.length, 2, 'one for each key: the other is not used up');
});

test('each thing that is wrong with an approval is refused with its own words', async (t) => {
  const host = withHost(t);
  if (host === undefined) return;
  const plan = host.plan(['a', 'b']);
  const other = host.plan(['c']);
  const make = (given: Partial<ApprovalStatement>): string =>
    host.text(host.ann, host.statement(plan, given));
  const add = (text: string): Promise<void> => host.add(plan, text);
  await refused(add(make({ host: 'f'.repeat(32) })), 'HF_APPROVAL_OTHER_HOST', /another host/);
  await refused(add(make({ plan: other.header.id })), 'HF_APPROVAL_OTHER_PLAN', /another plan/);
  await refused(add(make({ digest: other.digest })), 'HF_APPROVAL_OTHER_PLAN', /byte has changed/);
  await refused(add(make({ target: '/srv/other' })), 'HF_APPROVAL_OTHER_PLAN', /another plan/);
  await refused(add(make({ expires: now.at })), 'HF_APPROVAL_EXPIRED', /expired/);
  const namespace = host.text(host.ann, host.statement(plan), 'git');
  await refused(add(namespace), 'HF_APPROVAL_NAMESPACE', /signed as git/);
  const stranger = host.text(host.key('mallory'), host.statement(plan));
  await refused(add(stranger), 'HF_APPROVAL_SIGNER', /no key of an allowed signer/);
  await refused(add('rubbish'), 'HF_APPROVAL_INVALID', /no approval/);
  assert.equal(await host.decision(plan, later(hours(1))), 'hold', 'none of them counts');
});

test('a byte changed in what was signed, or in the signature, approves nothing', async (t) => {
  const host = withHost(t);
  if (host === undefined) return;
  const plan = host.plan(['a']);
  const text = host.text(host.ann, host.statement(plan));
  const named = text.replace('"named":false', '"named":true');
  await refused(host.add(plan, named), 'HF_APPROVAL_INVALID', /does not hold/);
  const line = text.split('\n')[5] ?? '';
  const letter = line[10] === 'A' ? 'B' : 'A';
  const bent = text.replace(line, `${line.slice(0, 10)}${letter}${line.slice(11)}`);
  await assert.rejects(host.add(plan, bent), Fault);
  assert.equal(await host.decision(plan, later(hours(1))), 'hold');
});

test('services and agents never approve, under whatever other names their key stands', async (t) => {
  const host = withHost(t);
  if (host === undefined) return;
  for (const name of ['service:deploy', 'agent:claude', 'Agent:x']) {
    host.allow([
      ['ann', host.ann],
      [name, host.ann],
    ]);
    const plan = host.plan(['a']);
    const text = host.text(host.ann, host.statement(plan));
    await refused(host.add(plan, text), 'HF_APPROVAL_NO_PERSON', /no person/);
  }
  host.allow([['ann', host.ann, 'namespaces="git,file"']]);
  const forGit = host.plan(['a']);
  const ofGit = host.text(host.ann, host.statement(forGit));
  await refused(host.add(forGit, ofGit), 'HF_APPROVAL_SIGNER', /other things only/);
  host.allow([['*', host.bob]]);
  const plan = host.plan(['a']);
  const text = host.text(host.bob, host.statement(plan));
  await refused(host.add(plan, text), 'HF_APPROVAL_SIGNER', /names nobody/);
});

test('a signer who is revoked, removed or no longer valid approves nothing any more', async (t) => {
  const host = withHost(t);
  if (host === undefined) return;
  const plan = host.plan(['a']);
  const text = host.text(host.ann, host.statement(plan));
  await host.add(plan, text);
  assert.equal(await host.decision(plan, later(hours(1))), 'allow');
  const revoked = path.join(host.state, 'revoked_signers');
  fs.writeFileSync(revoked, `${host.publicLine(host.ann)}\n`, { mode: 0o600 });
  assert.equal(await host.decision(plan, later(hours(1))), 'hold');
  await refused(host.add(plan, text), 'HF_APPROVAL_REVOKED', /no longer good/);
  fs.unlinkSync(revoked);
  host.allow([['ann', host.ann, 'valid-before="20200101"']]);
  await refused(host.add(plan, text), 'HF_APPROVAL_REVOKED', /no longer good/);
  host.allow([['bob', host.bob]]);
  assert.equal(await host.decision(plan, later(hours(1))), 'hold');
  const { bad } = await readApprovals(
    host.approvals,
    { id: plan.header.id, digest: plan.digest, target: plan.header.target.identity },
    now.at,
  );
  assert.deepEqual(
    bad.map(({ fault }) => fault.code),
    ['HF_APPROVAL_SIGNER'],
  );
});

test('allowed signers that others may write to let nobody approve', async (t) => {
  const host = withHost(t);
  if (host === undefined) return;
  const plan = host.plan(['a']);
  const text = host.text(host.ann, host.statement(plan));
  fs.chmodSync(path.join(host.state, 'allowed_signers'), 0o666);
  await refused(host.add(plan, text), 'HF_SIGNERS_LOOSE', /others than its owner/);
  fs.unlinkSync(path.join(host.state, 'allowed_signers'));
  await refused(host.add(plan, text), 'HF_SIGNERS_ABSENT', /nobody may approve here yet/);
});

test('it is used once: by its plan again after a crash, by no other', async (t) => {
  const host = withHost(t);
  if (host === undefined) return;
  const plan = host.plan(['a', 'b']);
  const again = host.plan(['a']);
  await host.add(plan, host.text(host.ann, host.statement(plan)));
  assert.equal(await host.decision(again, later(hours(1))), 'allow', 'a part of what was approved');
  const view = { verdict: HELD, now: later(hours(1)) };
  const { good } = await approvalsFor(host, { ...plan, ...view });
  const use = { id: plan.header.id, digest: plan.digest, now: now.at };
  useApprovals(host.approvals, good, use);
  useApprovals(host.approvals, good, use);
  assert.equal(await host.decision(plan, later(hours(1))), 'allow', 'it goes on after a crash');
  assert.equal(await host.decision(again, later(hours(1))), 'hold');
  const other = { ...use, id: again.header.id, digest: again.digest };
  assert.throws(
    () => useApprovals(host.approvals, good, other),
    (error) => error instanceof Fault && error.code === 'HF_APPROVAL_USED',
  );
});

test('a plan that asks for more, or of another target or pipeline, cites nothing', async (t) => {
  const host = withHost(t);
  if (host === undefined) return;
  const plan = host.plan(['a', 'b']);
  await host.add(plan, host.text(host.ann, host.statement(plan)));
  const at = later(hours(1));
  assert.equal(await host.decision(host.plan(['a', 'b', 'c']), at), 'hold');
  assert.equal(await host.decision(host.plan(['a'], { pipeline: 'another' }), at), 'hold');
  const { target } = plan.header;
  const elsewhere = host.plan(['a'], { target: { ...target, identity: '/srv/other' } });
  assert.equal(await host.decision(elsewhere, at), 'hold');
  assert.equal(await host.decision(host.plan(['b']), at), 'allow');
});

test('a rule that began to object after it was signed is not released', async (t) => {
  const host = withHost(t);
  if (host === undefined) return;
  const plan = host.plan(['a']);
  await host.add(plan, host.text(host.ann, host.statement(plan)));
  const [undo] = HELD.objections;
  assert.ok(undo !== undefined);
  const live = { ...HELD, objections: [undo, { ...undo, rule: 'live' as const }] };
  assert.equal(await host.decision(plan, later(hours(1)), live), 'hold');
});

test('what an invariant objects to is released by no number of approvals', async (t) => {
  const host = withHost(t);
  if (host === undefined) return;
  const plan = host.plan(['a']);
  for (const key of [host.ann, host.bob]) {
    await host.add(plan, host.text(key, host.statement(plan)));
  }
  const [undo] = HELD.objections;
  assert.ok(undo !== undefined);
  const complete = { ...undo, rule: 'complete' as const, effect: 'deny' as const };
  const denied: Verdict = {
    ...HELD,
    decision: 'deny',
    objections: [{ ...complete, isInvariant: true }, undo],
  };
  assert.equal(await host.decision(plan, later(hours(1)), denied), 'deny');
});

test('a key in an agent signs, and its file need not be there', async (t) => {
  const host = withHost(t);
  if (host === undefined) return;
  const socket = await host.agent([host.ann]);
  const before = process.env.SSH_AUTH_SOCK;
  t.after(() => {
    if (before === undefined) delete process.env.SSH_AUTH_SOCK;
    else process.env.SSH_AUTH_SOCK = before;
  });
  process.env.SSH_AUTH_SOCK = socket;
  fs.unlinkSync(host.ann);
  const [key] = await signingKeys(undefined, undefined);
  assert.ok(key !== undefined);
  const plan = host.plan(['a']);
  const signed = signedText(host.statement(plan));
  const signature = await signWith(key, { namespace: APPROVAL_NAMESPACE, message: signed });
  await host.add(plan, approvalText({ signed, signature }));
  assert.equal(await host.decision(plan, later(hours(1))), 'allow');
});

test('what a person carries over can be verified by hand', async (t) => {
  const host = withHost(t);
  if (host === undefined) return;
  const plan = host.plan(['a']);
  const file = path.join(host.dir, 'carried');
  fs.writeFileSync(file, host.text(host.ann, host.statement(plan)), 'latin1');
  const { execFileSync } = await import('node:child_process');
  const script = `tail -n +3 "$1" > "$1.sig"; head -n 2 "$1" | ssh-keygen -Y verify -f "$2" -I ann -n holdfast-approval@v1 -s "$1.sig"`;
  const args = ['-c', script, 'sh', file, path.join(host.state, 'allowed_signers')];
  assert.match(String(execFileSync('sh', args)), /Good "holdfast-approval@v1" signature for ann/);
});
