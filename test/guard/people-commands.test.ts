import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { hours, unixMs } from '../../src/base/units.ts';
import { FreezeSwitch } from '../../src/guard/shell/freeze-switch.ts';
import { PROGRAM } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { HELD, People } from './people.ts';
import { onTerminal } from './terminal.ts';

// Goal: approve, claim, freeze and unfreeze do as they say, typed as people type them. Method: the real
// program, real keys, a terminal where a person is wanted and none where nobody sits.

/** However its lines were broken. */
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

function people(t: TestContext): People | undefined {
  if (!needs(t, 'openssh-client', 'bsdutils')) return undefined;
  const bench = new People();
  t.after(() => bench.remove());
  return bench;
}

test('a person sees the operations, types the digest, and has approved', async (t) => {
  const bench = people(t);
  if (bench === undefined) return;
  const ann = bench.keys.key('ann');
  const bob = bench.keys.key('bob');
  bench.allow([
    ['ann', ann],
    ['bob', bob],
  ]);
  const plan = bench.plan();
  const { id } = plan.header;
  const first = await bench.typed(`approve ${id} --key ${ann}`, [[/eight digits/, plan.digits]]);
  assert.equal(first.status, 0, first.shown);
  assert.match(first.shown, /extra\/one\.iso/);
  assert.match(first.shown, /could not be put back/);
  assert.match(first.shown, /ann has approved p-/);
  assert.match(flat(first.shown), /one more person approves, or from/);
  const motd = bench.run(['claim', '--motd']);
  assert.match(flat(motd.stdout), /ann has approved p-.* can be applied from/);
  const second = await bench.typed(`approve ${id} ${plan.digits} --key ${bob}`);
  assert.match(flat(second.shown), /bob has approved .* It can be applied now/);
});

test('a digest that is not that of the plan approves nothing', async (t) => {
  const bench = people(t);
  if (bench === undefined) return;
  const ann = bench.keys.key('ann');
  bench.allow([['ann', ann]]);
  const { header } = bench.plan();
  const ran = await bench.typed(`approve ${header.id} 00000000 --key ${ann}`);
  assert.equal(ran.status, 64, ran.shown);
  assert.match(ran.shown, /HF_APPROVAL_DIGEST/);
  assert.equal(fs.existsSync(path.join(bench.state, 'guard/plans', header.id, 'approvals')), false);
});

test('without a terminal, and as an agent, nobody approves', async (t) => {
  const bench = people(t);
  if (bench === undefined) return;
  const ann = bench.keys.key('ann');
  bench.allow([['ann', ann]]);
  const { header, digits } = bench.plan();
  const given = ['approve', header.id, digits, '--key', ann];
  const alone = bench.json(given);
  assert.equal(alone.said.error?.code, 'HF_APPROVAL_NO_PERSON');
  for (const marked of ['HOLDFAST_ACTOR=agent', 'CI=true', 'CLAUDECODE=1']) {
    const env = { HOME: bench.scratch, LANG: 'C.UTF-8', HOLDFAST_STATE: bench.state };
    const ran = await onTerminal(`env ${marked} ${PROGRAM} ${given.join(' ')}`, {
      ...{ env, cwd: bench.scratch },
    });
    assert.match(ran.shown, /HF_APPROVAL_NO_PERSON/, marked);
  }
});

test('a plan that no approval can release, or that needs none, is not signed', async (t) => {
  const bench = people(t);
  if (bench === undefined) return;
  const ann = bench.keys.key('ann');
  bench.allow([['ann', ann]]);
  const [undo] = HELD.objections;
  assert.ok(undo !== undefined);
  const firm = { ...undo, rule: 'complete' as const, effect: 'deny' as const, isInvariant: true };
  const denied = bench.plan({ decision: 'deny', objections: [firm, undo] });
  const free = bench.plan({ decision: 'allow', objections: [] });
  for (const { header, digits } of [denied, free]) {
    const ran = await bench.typed(`approve ${header.id} ${digits} --key ${ann}`);
    assert.match(ran.shown, /HF_APPROVAL_NOTHING/);
  }
});

test('files in use: the name of the target is typed, and then it counts', async (t) => {
  const bench = people(t);
  if (bench === undefined) return;
  const ann = bench.keys.key('ann');
  bench.allow([['ann', ann]]);
  const plan = bench.plan({ needs: { approvals: 1, namesTarget: true } });
  const command = `approve ${plan.header.id} ${plan.digits} --key ${ann}`;
  const wrong = await bench.typed(command, [[/Type \/srv\/mirror/, 'yes']]);
  assert.match(
    flat(wrong.shown),
    /HF_APPROVAL_TARGET .*yes was typed, and the target is \/srv\/mirror/,
  );
  const right = await bench.typed(command, [[/Type \/srv\/mirror/, '/srv/mirror']]);
  assert.match(flat(right.shown), /It can be applied now/);
});

test('a plan is carried to another machine and the approval back, each byte as it was', async (t) => {
  const bench = people(t);
  if (bench === undefined) return;
  const laptop = new People();
  t.after(() => laptop.remove());
  const ann = laptop.keys.key('ann');
  fs.mkdirSync(bench.state, { recursive: true, mode: 0o700 });
  const allowed = laptop.keys.allowed([['ann', ann]]);
  fs.writeFileSync(path.join(bench.state, 'allowed_signers'), allowed, { mode: 0o644 });
  const plan = bench.plan({ needs: { approvals: 1, namesTarget: false } });
  const exported = bench.run(['plan', plan.header.id, '--export']);
  assert.equal(exported.status, 0, exported.stderr);
  const carried = laptop.write('carried.plan', exported.stdout);
  const command = `approve ${carried} ${plan.digits} --key ${ann} > ${laptop.at('approval')}`;
  const signed = await laptop.typed(command);
  assert.equal(signed.status, 0, signed.shown);
  assert.match(signed.shown, /extra\/one\.iso/);
  assert.deepEqual(fs.readdirSync(path.join(laptop.state, 'guard/carried')), []);
  fs.copyFileSync(laptop.at('approval'), bench.at('approval'));
  const { status, said } = bench.json(['approve', '--add', bench.at('approval')]);
  assert.equal(status, 0);
  assert.deepEqual([said.person, said.decision], ['ann', 'allow']);
  // One byte of an operation changed on the way is seen before anything is shown.
  const bent = exported.stdout.replace('extra/one.iso', 'extra/One.iso');
  const other = await laptop.typed(`approve ${laptop.write('bent.plan', bent)} --key ${ann}`);
  assert.match(other.shown, /HF_PLAN_INVALID/);
});

test('who may approve is listed, and services are named as such', (t) => {
  const bench = people(t);
  if (bench === undefined) return;
  bench.allow([
    ['ann,ann@example.org', bench.keys.key('ann')],
    ['service:deploy', bench.keys.key('deploy')],
  ]);
  const { stdout } = bench.run(['approve', '--signers']);
  assert.match(stdout, /^1 person may approve on this host/);
  assert.match(stdout, /ann +may approve +SHA256:/);
  assert.match(stdout, /service:deploy +never: a service +SHA256:/);
});

test('a claim is made, seen, shown at login, and ended', (t) => {
  const bench = people(t);
  if (bench === undefined) return;
  assert.match(bench.run(['claim']).stdout, /Nothing is claimed/);
  assert.equal(bench.run(['claim', '--motd']).stdout, '');
  assert.equal(bench.run(['claim', 'tin', '--for', '3h']).status, 64, 'a reason is wanted');
  const made = bench.json(['claim', 'tin', '--reason', 're-imaging', '--for', '3h']).said;
  assert.match(String(made.id), /^c-[0-9a-f]{8}$/);
  bench.run(['claim', './data', '--reason', 'checking sums\u001b[31m']);
  const listed = bench.run(['claim']).stdout;
  assert.match(listed, /^2 claims/);
  assert.match(listed, /tin .*re-imaging/);
  assert.doesNotMatch(listed, /\u001b/);
  const motd = flat(bench.run(['claim', '--motd']).stdout);
  assert.match(motd, /has claimed tin until .*: re-imaging/);
  assert.equal(bench.run(['claim', '--end', 'c-00000000']).status, 64);
  assert.equal(bench.run(['claim', '--end', 'tin']).status, 0);
  assert.match(bench.run(['claim']).stdout, /^1 claim\./);
});

test('a host of the name of a directory here: what was claimed is said, and how to claim the other', (t) => {
  const bench = people(t);
  if (bench === undefined) return;
  fs.mkdirSync(bench.at('kd'));
  const made = flat(bench.run(['claim', 'kd', '--reason', 'moving it']).stdout);
  assert.match(made, /The host kd is claimed/);
  assert.match(made, /Meant \.\/kd\? holdfast claim \.\/kd --reason/);
  assert.doesNotMatch(bench.run(['claim', 'tin', '--reason', 'x']).stdout, /Meant/);
  bench.run(['claim', '--end', 'kd']);
  bench.run(['claim', './kd', '--reason', 'moving it']);
  assert.match(flat(bench.run(['claim', '--end', 'kd']).stdout), /The claim on .*\/kd has ended/);
});

test('a freeze says until when, by whom, and what it does not cover; unfreeze ends it', (t) => {
  const bench = people(t);
  if (bench === undefined) return;
  bench.plan();
  const text = bench.run(['freeze', '--for', '2h', '--reason', 'storage work']).stdout;
  assert.match(text, /Changes are frozen until .* by .*: storage\s+work/);
  assert.match(text, /held +1 plan; none was under way/);
  assert.match(text, /Not covered as well/);
  assert.match(bench.run(['claim', '--motd']).stdout, /Changes are frozen until/);
  assert.equal(bench.json(['unfreeze']).said.wasFrozen, true);
  assert.equal(bench.json(['unfreeze']).said.wasFrozen, false);
  assert.equal(bench.run(['claim', '--motd']).stdout, '');
});

/** A mirror that owns what lies there, and a source that has lost most of it. */
function mirror(bench: People): readonly string[] {
  for (let file = 0; file < 60; file++) bench.write(`src/f${file}`);
  fs.mkdirSync(bench.at('dst'));
  const command = ['guard', 'run', '--', 'rsync', '-a', '--delete', 'src/', 'dst/'];
  assert.equal(bench.run(command).status, 0);
  for (let file = 0; file < 40; file++) fs.unlinkSync(bench.at(`src/f${file}`));
  return command;
}

test('a held command passes when it is run again after its plan was approved, once', async (t) => {
  const bench = people(t);
  if (bench === undefined || !needs(t, 'rsync')) return;
  const ann = bench.keys.key('ann');
  bench.allow([['ann', ann]]);
  const command = mirror(bench);
  const held = bench.run(command);
  assert.equal(held.status, 120, held.stdout + held.stderr);
  const [, id = '', digits = ''] =
    /holdfast approve (p-[0-9a-f]{8}) ([0-9a-f]{8})/.exec(held.stdout + held.stderr) ?? [];
  const approved = await bench.typed(`approve ${id} ${digits} --key ${ann}`);
  assert.equal(approved.status, 0, approved.shown);
  assert.match(bench.run(['plan', id]).stdout, /approved +by ann\n/);
  const again = bench.run(command);
  assert.equal(again.status, 0, again.stdout + again.stderr);
  assert.equal(fs.readdirSync(bench.at('dst')).filter((name) => name.startsWith('f')).length, 20);
  const uses = fs.readdirSync(path.join(bench.state, 'guard/uses'));
  assert.equal(uses.length, 1);
});

test('a command waits where somebody else works, and where changes are frozen', (t) => {
  const bench = people(t);
  if (bench === undefined || !needs(t, 'rsync')) return;
  const command = mirror(bench);
  for (let file = 0; file < 35; file++) bench.write(`src/f${file}`);
  const left = (): number => fs.readdirSync(bench.at('dst')).length;
  const all = left();
  const env = { SUDO_USER: 'ann' };
  bench.run(['claim', bench.at('dst'), '--reason', 're-imaging', '--for', '3h'], { env });
  const claimed = bench.run(command);
  assert.equal(claimed.status, 120, claimed.stdout);
  assert.match(
    flat(claimed.stdout + claimed.stderr),
    /ann@.* has claimed .*dst until .*: re-imaging/,
  );
  bench.run(['claim', '--end', bench.at('dst')]);
  bench.run(['freeze', '--reason', 'storage work']);
  const frozen = bench.run(command);
  assert.equal(frozen.status, 120, frozen.stdout);
  assert.match(flat(frozen.stdout + frozen.stderr), /changes are frozen until .*storage work/i);
  assert.equal(left(), all);
  bench.run(['unfreeze']);
  const free = bench.run(command);
  assert.equal(free.status, 0, free.stdout + free.stderr);
  assert.equal(left(), all - 5);
  const replayed = bench.json(['guard', 'replay']).said;
  assert.equal(replayed.runs, 4);
});

test('a rule that root passed over is told of for a while, by whom and why', (t) => {
  const bench = people(t);
  if (bench === undefined || !needs(t, 'rsync') || process.getuid?.() !== 0) return;
  const command = mirror(bench);
  for (const name of fs.readdirSync(bench.at('src'))) fs.unlinkSync(bench.at('src', name));
  const held = bench.run(command);
  assert.notEqual(held.status, 0, held.stdout);
  const [guard = '', run = '', ...rest] = command;
  const broken = bench.run([guard, run, '--break-glass', 'the disk is full', ...rest]);
  assert.equal(broken.status, 0, broken.stdout + broken.stderr);
  const listed = flat(bench.run(['plan']).stdout);
  assert.match(
    listed,
    /Passed over by --break-glass .* by .*: .*complete.* Reason: the disk is full/,
  );
  const runs = runsOf(bench.state);
  const [first, ...more] = runs.flatMap(({ broken }) => broken ?? []);
  assert.equal(first?.reason, 'the disk is full');
  assert.ok(first.rules.includes('complete'));
  assert.equal(more.length, 0, `only the run that passed it over says so: ${runs.length}`);
});

function runsOf(state: string) {
  const top = path.join(state, 'guard/pipelines');
  const names = fs.readdirSync(top, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /\.runs?$/.test(name))
    .flatMap((name) => fs.readFileSync(path.join(top, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as { broken?: { reason: string; rules: string[] } });
}

test('over ssh: shown and signed here, taken in there, in one command', async (t) => {
  const bench = people(t);
  if (bench === undefined) return;
  const laptop = new People();
  t.after(() => laptop.remove());
  const ann = laptop.keys.key('ann');
  const plan = bench.plan({ needs: { approvals: 1, namesTarget: false } });
  const allowed = laptop.keys.allowed([['ann', ann]]);
  fs.writeFileSync(path.join(bench.state, 'allowed_signers'), allowed, { mode: 0o644 });
  // In the place of ssh: the same program, with the state of the other machine.
  const ssh = laptop.write(
    'ssh',
    `#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nexport HOLDFAST_STATE=${bench.state}\nexec sh -c "$3"\n`,
  );
  fs.chmodSync(ssh, 0o700);
  const far = `env HOLDFAST_SSH=${ssh} HOLDFAST_REMOTE=${PROGRAM} ${PROGRAM}`;
  const env = { HOME: laptop.scratch, LANG: 'C.UTF-8', HOLDFAST_STATE: laptop.state };
  const ask = (id: string) =>
    onTerminal(`stty cols 100; ${far} approve root@mirror1:${id} --key ${ann}`, {
      ...{ env, cwd: laptop.scratch },
      answers: [[/eight digits/, plan.digits]],
    });
  const signed = await ask(plan.header.id);
  assert.equal(signed.status, 0, signed.shown);
  assert.match(signed.shown, /extra\/one\.iso/);
  assert.match(flat(signed.shown), /ann has approved p-.* It can be applied now/);
  assert.deepEqual(fs.readdirSync(path.join(laptop.state, 'guard/carried')), []);
  assert.equal(
    fs.readdirSync(path.join(bench.state, 'guard/plans', plan.header.id, 'approvals')).length,
    2,
  );
  const unknown = await ask('p-00000000');
  assert.match(flat(unknown.shown), /HF_FAR_REFUSED/);
  assert.deepEqual(fs.readdirSync(path.join(laptop.state, 'guard/carried')), []);
});

test('a freeze stops an apply between two operations, and it goes on afterwards', async (t) => {
  const bench = people(t);
  if (bench === undefined || !needs(t, 'rsync')) return;
  const count = 12_000;
  const gone = 2000;
  bench.write('holdfast.yaml', 'guard:\n  mode: observe\n');
  fs.mkdirSync(bench.at('src'));
  fs.mkdirSync(bench.at('dst'));
  for (let file = 0; file < count; file++) fs.writeFileSync(bench.at('src', `f${file}`), '');
  const command = ['guard', 'run', '--', 'rsync', '-a', '--delete', 'src/', 'dst/'];
  assert.equal(bench.run(command).status, 0);
  for (let file = 0; file < gone; file++) fs.unlinkSync(bench.at('src', `f${file}`));
  const left = (): number =>
    fs.readdirSync(bench.at('dst')).filter((name) => name.startsWith('f')).length;
  const child = bench.start(command);
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.stdout?.resume();
  child.stderr?.resume();
  // The first of them, in the order of names.
  while (fs.existsSync(bench.at('dst', 'f0')) && child.exitCode === null) await setTimeout(2);
  const now = unixMs(Date.now());
  const freezer = new FreezeSwitch({
    ...{ disk: nodeDisk(), tools: nodeTools(), stateDir: byteString(bench.state) },
  });
  freezer.set({ by: 'ann@hv1', reason: 'storage work', made: { at: now }, spanMs: hours(1) });
  assert.notEqual(await ended, 0);
  const stopped = left();
  assert.ok(stopped > count - gone && stopped < count, `${stopped} of ${count} are left`);
  assert.notEqual(bench.run(command).status, 0, 'still frozen');
  assert.equal(left(), stopped);
  bench.run(['unfreeze']);
  const again = bench.run(command);
  assert.equal(again.status, 0, again.stdout + again.stderr);
  assert.equal(left(), count - gone);
});

test('observed runs happened: they adopt, count, and a replay says what would have been asked', (t) => {
  const bench = people(t);
  if (bench === undefined || !needs(t, 'rsync')) return;
  for (let file = 0; file < 49; file++) bench.write(`src/f${file}`);
  fs.mkdirSync(bench.at('dst'));
  const command = ['guard', 'run', '--observe', '--', 'rsync', '-a', '--delete', 'src/', 'dst/'];
  assert.equal(bench.run(command).status, 0);
  for (let file = 0; file < 40; file++) fs.unlinkSync(bench.at(`src/f${file}`));
  assert.equal(bench.run(command).status, 0);
  assert.equal(fs.readdirSync(bench.at('dst')).length, 9);
  const third = bench.run(command);
  assert.doesNotMatch(flat(third.stdout + third.stderr), /first run of its kind/);
  const { said } = bench.json(['guard', 'replay']);
  assert.deepEqual([said.runs, said.asked], [3, 1]);
});

test('a reason is as long as the API takes it; a longer one freezes and claims nothing', (t) => {
  const bench = people(t);
  if (bench === undefined) return;
  for (const verb of [['freeze'], ['claim', 'kd']]) {
    const refused = bench.run([...verb, '--reason', 'x'.repeat(201)]);
    assert.match(flat(refused.stderr), /HF_USAGE.*201 characters; at most 200/);
    assert.equal(bench.run(['claim', '--motd']).stdout, '', 'nothing stands');
  }
  assert.match(bench.run(['freeze', '--reason', 'x'.repeat(200)]).stdout, /Changes are frozen/);
});
