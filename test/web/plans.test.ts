// Goal: a plan that is held on a host is on the page of its server, with the command that approves; a person types
// that command, and the page shows at once what became of it. Only the signature lets it pass.
// Method: the real server, a real agent and a guarded rsync as processes of their own, real keys, real Chromium.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { unixMs } from '../../src/base/units.ts';
import { plansReportText } from '../../src/wire/plans-report.ts';
import { PROGRAM } from '../cli/run-cli.ts';
import { RunPlace } from '../guard/run-place.ts';
import { Signing } from '../guard/signing.ts';
import { onTerminal } from '../guard/terminal.ts';
import { isInstalled, needs } from '../run/needs.ts';
import { ServerBench } from '../server/server-bench.ts';
import { openBrowser, textOf } from './browser.ts';
import { samplePlans } from './sample-plans.ts';
import { viewerAt } from './viewer.ts';

const CHROMIUM = { name: 'chromium', probe: 'chromium', purpose: '' };
const BY = { who: 'test', from: 'terminal' };
const LIMIT_MS = 180_000;

let browser: Browser | undefined;
before(async () => {
  if (isInstalled(CHROMIUM)) browser = await openBrowser();
});
after(async () => {
  await browser?.close();
});

async function opened(t: TestContext, bench: ServerBench): Promise<{ page: Page; url: string }> {
  assert.ok(browser !== undefined);
  const { page, url } = await viewerAt(t, bench, { browser });
  page.setDefaultTimeout(LIMIT_MS);
  return { page, url };
}

/** A host that keeps its guard where its agent looks; its jobs are rsync. */
async function hostHere(t: TestContext, bench: ServerBench) {
  const place = new RunPlace();
  t.after(() => place.remove());
  const keys = new Signing();
  t.after(() => keys.end());
  const ann = keys.key('ann');
  fs.mkdirSync(place.state, { recursive: true, mode: 0o700 });
  const allowed = path.join(place.state, 'allowed_signers');
  fs.writeFileSync(allowed, keys.allowed([['ann', ann]]), { mode: 0o644 });
  const { access, address, pin } = bench.server.served;
  const { secret } = await access.makeEnrolment(BY, 'web1');
  const dir = path.join(place.state, 'agent');
  const config = path.join(place.state, 'agent.yaml');
  fs.writeFileSync(config, 'level: look\n', { mode: 0o644 });
  const args = ['--state', dir, '--config', config];
  // The server runs in this process: nothing here may hold it up.
  const enrolling = spawn(PROGRAM, ['agent', 'enroll', '-', ...args], { stdio: 'pipe' });
  enrolling.stdin.end(`${address.url}#${pin} ${secret}\n`);
  const code = await new Promise((resolve) => enrolling.once('close', resolve));
  assert.equal(code, 0, 'it is enrolled');
  const agent = spawn(PROGRAM, ['agent', ...args], { stdio: 'ignore' });
  t.after(() => agent.kill('SIGKILL'));
  const typed = (command: string) =>
    onTerminal(`${PROGRAM} ${command} --key ${ann}`, {
      env: { HOME: place.state, LANG: 'C.UTF-8', HOLDFAST_STATE: place.state },
      cwd: place.dir,
    });
  return { place, typed, agent };
}

test('a held plan is on the page; the command of the page approves it; the page shows each step', async (t) => {
  if (!needs(t, 'chromium', 'rsync', 'openssh-client', 'bsdutils')) return;
  if (process.getuid?.() !== 0) return t.skip('an agent of root reads the plans of root');
  const bench = await ServerBench.open(t);
  const { place, typed, agent } = await hostHere(t, bench);
  const { page, url } = await opened(t, bench);
  place.fill(60);
  assert.equal(place.sync().status, 0);
  for (let at = 0; at < 35; at++) fs.rmSync(path.join(place.source, `f${at}`));
  const held = place.sync();
  assert.equal(held.status, 120, held.stderr);
  const id = place.plan(held);

  // Nobody reloads anything: it comes by itself.
  const line = page.locator('#rail .li', { hasText: id });
  await line.waitFor();
  assert.match(await textOf(line), /would delete 35 of \d+ entries/);
  assert.match(await textOf(page.locator('#rail h2').first()), /Waiting for approval 1/);
  await line.locator('a').click();
  const main = page.locator('#plan');
  await main.locator('text=Held for approval').waitFor();
  const words = (await textOf(main)).replaceAll(/\s+/g, ' ');
  assert.match(words, /This command would delete 35 of \d+ entries/);
  assert.match(words, /radius/);
  assert.match(words, /The ten most alarming of 35/);
  assert.ok(words.includes(`holdfast approve root@web1:${id}`), words);
  assert.equal(await main.locator('form, button').count(), 0, 'no button of a server approves');

  await main.locator('summary').click();
  const command = await textOf(main.locator('details pre'));
  const [, there = ''] = /holdfast (approve p-[0-9a-f]{8} [0-9a-f]{8})/.exec(command) ?? [];
  const approved = await typed(there);
  assert.equal(approved.status, 0, approved.shown);
  await main.locator('text=Approved, not applied yet').waitFor();
  assert.match(await textOf(main), /ann has signed/);
  assert.equal(await main.locator('details[open]').count(), 0, 'the step is another one now');

  const done = place.sync();
  assert.equal(done.status, 0, done.stderr);
  assert.equal(place.names().length, 25);
  await main.locator('text=Superseded by a newer plan').waitFor();
  await main.locator('a', { hasText: /^p-/ }).click();
  await page.locator('#plan', { hasText: 'Applied' }).waitFor();
  assert.match(await textOf(page.locator('#plan')), /35 entries, .* were kept for an undo/);
  await page.goto(`${url}/plans`);
  assert.match(await textOf(page.locator('h1')), /No plan waits for anybody/);

  // A host that is silent waits for nobody, and says nothing: what it said is of then.
  agent.kill('SIGKILL');
});

/** What an agent shows of plans, made by the test. */
function plansFrame(change: (plans: ReturnType<typeof samplePlans>['plans']) => unknown[]) {
  const tools = nodeTools();
  const at = unixMs(Date.now());
  const told = change(samplePlans(at).plans) as Parameters<typeof plansReportText>[0]['plans'];
  const report = { at, host: 'vm-17', plans: told, notSeen: [], leftOut: 0 };
  const text = plansReportText(report, tools.hash);
  return tools.codec.compress(tools.codec.bytesOf(byteString(text)));
}

type Told = ReturnType<typeof samplePlans>['plans'][number];
const bare = ({ host: _h, seenAt: _s, lastKnown: _l, ...plan }: Told) => plan;

interface Plans {
  readonly plans: readonly {
    readonly host: string;
    readonly id: string;
    readonly state: string;
    readonly isWaiting: boolean;
    readonly lastKnown: string | null;
  }[];
  readonly unsaid: readonly string[];
}

test('a plan that is gone waits no more; one that expired, or of a host that began anew, is not as it was', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('viewer');
  const web1 = await bench.enrol('web1');
  await web1.say([]);
  const json = () => bench.json<Plans>('/v1/plans', { token });
  assert.deepEqual((await json()).unsaid, ['web1'], 'that nothing was said is not that none waits');
  await web1.show(
    'plans',
    plansFrame((plans) => plans.slice(0, 1).map(bare)),
  );
  const told = await json();
  assert.deepEqual(
    told.plans.map(({ host, id, isWaiting, lastKnown }) => [host, id, isWaiting, lastKnown]),
    [['web1', 'p-7f3a0c11', true, null]],
  );
  const page = await bench.ask('/plan?host=web1&id=p-7f3a0c11', { token });
  assert.match(page.text, /holdfast approve root@web1:p-7f3a0c11 9c417be2/);
  await web1.show(
    'plans',
    plansFrame(([first]) => [{ ...bare(first as Told), expires: 5 }]),
  );
  const [expired] = (await json()).plans;
  assert.deepEqual([expired?.state, expired?.isWaiting], ['expired', false]);
  const over = await bench.ask('/plan?host=web1&id=p-7f3a0c11', { token });
  assert.doesNotMatch(over.text, /holdfast approve/, 'nothing of it is to be approved');
  await web1.show(
    'plans',
    plansFrame(() => []),
  );
  assert.deepEqual((await json()).plans, []);
  assert.equal((await bench.ask('/plan?host=web1&id=p-7f3a0c11', { token })).status, 404);
  const part = await bench.ask('/part/plan?host=web1&id=p-7f3a0c11', { token });
  assert.match(part.text, /is not there any more/);
});

test('what says it is no plans report is none, and another host is never spoken for', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('viewer');
  const [web1, db1] = [await bench.enrol('web1'), await bench.enrol('db1')];
  await web1.say([]);
  await db1.say([]);
  const bent = await web1.show('plans', Buffer.from('no frame'));
  assert.equal(bent.status, 400);
  await web1.show(
    'plans',
    plansFrame((plans) => plans.slice(0, 1).map(bare)),
  );
  const { plans } = await bench.json<Plans>('/v1/plans?host=db1', { token });
  assert.deepEqual(plans, []);
  assert.equal((await bench.ask('/plan?host=db1&id=p-7f3a0c11', { token })).status, 404);
});
