// Goal: at level act the agent, by the id of a plan and nothing else, has root's unit apply what the
// guard of that host lets pass; what nobody approved, another level, and any other word change nothing.
// Method: systemd's own socket activation starts the real `holdfast agent act` for each connection of
// the agent's real client; the plans are of the real guard.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { actJob } from '../../src/adapters/agent-jobs/act-socket.ts';
import { PROGRAM } from '../cli/run-cli.ts';
import { type RunPlace, runPlace } from '../guard/run-place.ts';
import { Signing } from '../guard/signing.ts';
import { onTerminal } from '../guard/terminal.ts';
import { needs } from '../run/needs.ts';

const LIMIT_MS = 120_000;
const MAY = 'level: act\nplans: true\n';

interface Acting {
  readonly place: RunPlace;
  readonly socket: string;
  readonly config: string;
  readonly ask: (plan: string) => ReturnType<ReturnType<typeof actJob>['run']>;
}

async function acting(t: TestContext): Promise<Acting | undefined> {
  if (!needs(t, 'root', 'systemd', 'openssh-client', 'bsdutils')) return undefined;
  const place = runPlace(t);
  const config = path.join(place.dir, 'agent.yaml');
  fs.writeFileSync(config, MAY, { mode: 0o644 });
  const socket = path.join(place.dir, 'act.sock');
  const unit = [PROGRAM, 'agent', 'act', '--config', config];
  const args = ['--accept', '--inetd', '-l', socket, ...['-E', `HOLDFAST_STATE=${place.state}`]];
  const child = spawn('systemd-socket-activate', [...args, ...unit], { stdio: 'ignore' });
  t.after(() => ended(child));
  const end = Date.now() + LIMIT_MS;
  while (!fs.existsSync(socket)) {
    assert.ok(Date.now() < end && child.exitCode === null, 'it does not listen');
    await setTimeout(20);
  }
  const ask = (plan: string) =>
    actJob(plan, socket).run(AbortSignal.timeout(LIMIT_MS), () => undefined);
  return { place, socket, config, ask };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** Held: it would put back a directory over what somebody made in its place. */
function heldPlan(place: RunPlace): { readonly id: string; readonly work: string } {
  const dir = path.join(place.target, 'dir');
  fs.mkdirSync(dir);
  fs.writeFileSync(path.join(dir, 'file'), 'content');
  assert.equal(place.guard(['rm', '-r', dir]).status, 0);
  const listed = JSON.parse(place.holdfast(['undo', '--json']).stdout) as {
    readonly plans: readonly { readonly id: string }[];
  };
  fs.mkdirSync(dir);
  const work = path.join(dir, 'work');
  fs.writeFileSync(work, 'of somebody');
  const held = place.holdfast(['undo', listed.plans[0]?.id ?? '', '--json']);
  assert.equal(held.status, 2, held.stdout);
  return { id: (JSON.parse(held.stdout) as { readonly plan: string }).plan, work };
}

test('what persons approved is applied by its id; what nobody approved is not', async (t) => {
  const acts = await acting(t);
  if (acts === undefined) return;
  const { place, ask } = acts;
  const { id, work } = heldPlan(place);
  const refused = await ask(id);
  assert.equal(refused.state, 'failed', JSON.stringify(refused));
  assert.ok(fs.existsSync(work), 'nothing was done');
  const keys = new Signing();
  t.after(() => keys.end());
  const ann = keys.key('ann');
  const signers = path.join(place.state, 'allowed_signers');
  fs.writeFileSync(signers, keys.allowed([['ann', ann]]), { mode: 0o644 });
  const shown = place.holdfast(['plan', id, '--json']).stdout;
  const [, digits = ''] = /"digest":"([0-9a-f]{8})/.exec(shown) ?? [];
  assert.notEqual(digits, '', shown);
  const env = { HOME: place.dir, LANG: 'C.UTF-8', HOLDFAST_STATE: place.state };
  const command = `stty cols 100; ${PROGRAM} approve ${id} ${digits} --key ${ann}`;
  // Such a plan wants its target named by whoever approves it.
  const named = (
    JSON.parse(shown) as { readonly plan: { readonly target: { readonly place: string } } }
  ).plan.target.place;
  const answers = [[/in use\. Type/, named]] as const;
  const said = await onTerminal(command, { env, cwd: place.dir, answers });
  assert.equal(said.status, 0, said.shown);
  const done = await ask(id);
  assert.equal(done.state, 'done', JSON.stringify(done));
  assert.ok(!fs.existsSync(work));
  assert.equal(fs.readFileSync(path.join(place.target, 'dir/file'), 'utf8'), 'content');
  const again = await ask(id);
  assert.equal(again.state, 'failed', 'a plan is applied once');
});

test('another level, a file that others can write, and other words apply nothing', async (t) => {
  const acts = await acting(t);
  if (acts === undefined) return;
  const { place, config, socket, ask } = acts;
  const { id, work } = heldPlan(place);
  for (const [text, mode, why] of [
    ['level: keep\nplans: true\n', 0o644, /level of this host is not act/],
    ['level: act\n', 0o644, /plans are not applied/],
    [MAY, 0o666, /level is look/],
  ] as const) {
    fs.writeFileSync(config, text);
    fs.chmodSync(config, mode);
    const end = await ask(id);
    assert.equal(end.state, 'failed');
    assert.match(end.why, why);
  }
  fs.writeFileSync(config, MAY);
  fs.chmodSync(config, 0o644);
  for (const word of [
    `apply ${id} --break-glass x\n`,
    'undo\n',
    `apply ../${id}\n`,
    'x'.repeat(9000),
  ]) {
    assert.match(await said(socket, word), /no word to apply a plan by/);
  }
  assert.ok(fs.existsSync(work), 'nothing was done');
});

async function said(path: string, word: string): Promise<string> {
  const socket = net.connect({ path, allowHalfOpen: true });
  socket.write(word);
  let text = '';
  socket.on('error', () => undefined); // It may have ended before it read all of it.
  socket.on('data', (some) => (text += String(some)));
  await new Promise((resolve) => socket.on('end', resolve).on('close', resolve));
  socket.destroy();
  return text;
}
