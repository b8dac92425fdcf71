// Goal: what a server is told of signatures is what counts on the host, and is told anew when it counts no
// more: a key was revoked, an approval has expired, who may sign is another.
// Method: a plan on disk with real signatures, and the agent's own reading of it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { momentHere } from '../../src/adapters/node/boot-clock.ts';
import type { Verdict } from '../../src/base/plan.ts';
import { hours, unixMs } from '../../src/base/units.ts';
import { planStamp } from '../../src/main/agent/plan-stamp.ts';
import { plansHere } from '../../src/main/agent/plans-here.ts';
import type { Cli } from '../../src/main/cli/cli.ts';
import { needs } from '../run/needs.ts';
import { ApprovingHost } from './approving-host.ts';

const clock = nodeClock();

test('a signature that names no target counts for none where the target has to be named', async (t) => {
  if (!needs(t, 'openssh-client')) return;
  const host = new ApprovingHost();
  t.after(() => host.end());
  const now = clock.now();
  const times = { created: now, expires: unixMs(now + hours(48)) };
  const told = async (namesTarget: boolean, named: boolean): Promise<readonly string[]> => {
    // What is of the same pipeline may be cited.
    const pipeline = `${namesTarget} ${named}`;
    const plan = host.plan(['a'], { ...times, pipeline });
    const verdict: Verdict = {
      plan: plan.header.id,
      decision: 'hold',
      objections: [
        {
          ...{ rule: 'live', effect: 'hold', mode: 'enforce', opCount: 1, sample: [0] },
          ...{ why: 'it is in use', fix: 'stop it', isInvariant: false },
        },
      ],
      passed: [],
      needs: { approvals: 1, namesTarget },
    };
    host.store.putVerdict(verdict, now);
    const statement = host.statement(plan, { releases: ['live'], named });
    await host.add(plan, host.text(host.ann, statement), momentHere(clock));
    const env = { HOLDFAST_STATE: host.state, HOME: host.dir, PATH: process.env.PATH ?? '' };
    const cli = { env, cwd: host.stateDir, clock } as unknown as Cli;
    const { plans } = await plansHere(cli);
    const own = plans.find(({ id }) => id === plan.header.id);
    assert.ok(own !== undefined, 'the plan is told');
    return own.approvals.map(({ person }) => person);
  };
  assert.deepEqual(await told(true, true), ['ann']);
  assert.deepEqual(await told(true, false), []);
  assert.deepEqual(await told(false, false), ['ann']);
});

test('who may sign, whose key is revoked and what has expired are reasons to tell of plans anew', async (t) => {
  if (!needs(t, 'openssh-client')) return;
  const host = new ApprovingHost();
  t.after(() => host.end());
  const now = clock.now();
  const plan = host.plan(['a'], { created: now, expires: unixMs(now + hours(48)) });
  const stamp = (at = now): string => planStamp(host.state, at);
  const before = stamp();
  assert.equal(stamp(), before, 'nothing happened');
  const expires = unixMs(now + hours(1));
  await host.add(plan, host.text(host.ann, host.statement(plan, { expires })), momentHere(clock));
  const signed = stamp();
  assert.notEqual(signed, before);
  assert.equal(stamp(unixMs(expires - 1)), signed);
  assert.notEqual(stamp(expires), signed, 'it has expired');
  fs.writeFileSync(path.join(host.state, 'revoked_signers'), host.publicLine(host.ann));
  const revoked = stamp();
  assert.notEqual(revoked, signed, 'a key was revoked');
  host.allow([['bob', host.bob]]);
  assert.notEqual(stamp(), revoked, 'others may sign');
  // What is no approval, or holds up who reads it, is passed over.
  const dir = path.join(host.state, 'guard/plans', plan.header.id, 'approvals');
  fs.symlinkSync('/dev/zero', path.join(dir, 'x.approval'));
  fs.writeFileSync(path.join(dir, 'y.approval'), 'no approval');
  assert.ok(stamp() !== '');
});
