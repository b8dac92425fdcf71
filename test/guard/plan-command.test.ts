// Goal: `holdfast plan` shows what waits and one plan in full, `explain` each rule, for people and
// machines; a damaged plan is named, and hides no other; broken rules of a team are said.
// Method: plans put into the state as the product puts them, then the program.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, test } from 'node:test';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { type Op, RULE_NAMES } from '../../src/base/plan.ts';
import { days, hours, unixMs } from '../../src/base/units.ts';
import { DEFAULT_POLICY } from '../../src/guard/core/guard-policy.ts';
import { Judging } from '../../src/guard/core/judge.ts';
import { NEW_PIPELINE } from '../../src/guard/core/judge-facts.ts';
import { PLAN_LIFE_MS, PlanStore } from '../../src/guard/shell/plan-store.ts';
import { writeResult } from '../../src/guard/shell/plan-result.ts';
import { Bench } from '../cli/run-cli.ts';
import { deleteExample, headerExample } from './plan-example.ts';

const bench = new Bench();
after(() => bench.remove());
const disk = nodeDisk();
const store = new PlanStore({ disk, tools: nodeTools(), stateDir: byteString(bench.state) });
const NOW = unixMs(Date.now());
const PROVEN: Op['undo'] = { kind: 'quarantine', verified: true, fidelity: 'exact' };

function made(id: string, paths: readonly string[], given: Partial<Op> = {}, age = hours(1)): void {
  const created = unixMs(NOW - age);
  const expires = unixMs(created + PLAN_LIFE_MS);
  const header = headerExample({ id, created, expires, pipeline: `rsync:/a>/${id}` });
  const pipeline = { ...NEW_PIPELINE, isFirstRun: false };
  const facts = { now: created, pipeline, claims: [], approvals: [] };
  const judging = new Judging(header, facts, DEFAULT_POLICY);
  const draft = store.draft(header);
  for (const path of paths) judging.add(draft.add(deleteExample(path, { undo: PROVEN, ...given })));
  draft.seal();
  store.putVerdict(judging.end(), created);
}

const HELD = 'p-aaaaaaaa';
const DENIED = 'p-bbbbbbbb';
const OLD = 'p-cccccccc';
const ALLOWED = 'p-dddddddd';
made(HELD, ['private\u001b[2J', 'x'], {
  cause: 'explicit',
  live: { state: 'in-use', evidence: 'open in vi' },
});
made(DENIED, ['y']);
made(
  ALLOWED,
  Array.from({ length: 900 }, (_, n) => `f${String(n).padStart(4, '0')}`),
  { cause: 'explicit' },
);
made(OLD, ['z'], {}, days(9));

test('what waits: newest first, with what was decided; what has expired is counted', () => {
  const { status, stdout } = bench.run(['plan']);
  assert.equal(status, 0);
  assert.match(stdout, /^3 plans waiting\./);
  assert.match(stdout, /‖ +p-aaaaaaaa +held +1?\d+ (?:h|min) ago +2 +\/srv\/mirror/);
  assert.match(stdout, /■ +p-bbbbbbbb +denied/);
  assert.match(stdout, /● +p-dddddddd +allowed +\S+ \S+ ago +900/);
  assert.doesNotMatch(stdout, /cccccccc/);
  assert.match(stdout, /1 other was applied, or does not count any more: holdfast plan --all/);
  assert.match(bench.run(['plan', '--all']).stdout, /◌ +p-cccccccc +expired/);
  assert.equal(bench.run(['plan', '--exit-code']).status, 2);
});

test('of one pipeline the newest counts; a plan whose deletes wait is held though it was begun', () => {
  const created = unixMs(NOW - hours(2));
  const header = headerExample({
    ...{ id: 'p-a0000000', created, expires: unixMs(created + PLAN_LIFE_MS) },
    pipeline: `rsync:/a>/${HELD}`,
  });
  store.draft(header).seal();
  assert.doesNotMatch(bench.run(['plan']).stdout, /p-a0000000/);
  assert.match(bench.run(['plan', '--all']).stdout, /p-a0000000 +superseded/);
  const ports = { disk, tools: nodeTools() };
  const result = { at: NOW, done: 0, asideEntries: 0, asideBytes: 0, until: NOW };
  writeResult(ports, store.dirOf(HELD), { ...result, outcome: 'applied', waiting: 2 });
  assert.match(bench.run(['plan']).stdout, /p-aaaaaaaa +held/);
  writeResult(ports, store.dirOf(HELD), { ...result, outcome: 'applied', waiting: 0, done: 2 });
  assert.doesNotMatch(bench.run(['plan']).stdout, /p-aaaaaaaa/);
  assert.match(bench.run(['plan', '--all']).stdout, /p-aaaaaaaa +applied/);
  fs.rmSync(`${bench.state}/guard/plans/${HELD}/result.json`);
  store.remove('p-a0000000');
});

test('one plan by its first digits: sentence, reasons, what to type, and who made it', () => {
  const { status, stdout } = bench.run(['plan', 'aaaa']);
  assert.equal(status, 0);
  assert.match(stdout, /^‖ HELD {2}p-aaaaaaaa/);
  assert.match(stdout, /live +2 things are in use: open in vi\./);
  assert.match(stdout, /holdfast approve p-aaaaaaaa [0-9a-f]{8}\n/);
  assert.match(stdout, /made +1 h ago by root@mirror1 \(service\)/);
  assert.ok(!stdout.includes('\u001b[2J'));
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
});

test('all operations are listed on request, each once', () => {
  const { stdout } = bench.run(['plan', ALLOWED, '--all']);
  const listed = stdout.slice(stdout.indexOf('All operations'));
  assert.equal(listed.match(/^ {2}- {2}f\d{4}/gm)?.length, 900);
});

test('for machines: header, digest, verdict, alarming; with --all every operation', () => {
  const { said, status } = bench.json(['plan', HELD, '--all']);
  assert.equal(status, 0);
  const { plan, digest, verdict, ops, alarming } = said as unknown as {
    plan: { id: string; ops: { count: number } };
    digest: string;
    verdict: { decision: string };
    ops: readonly { path: string }[];
    alarming: readonly object[];
  };
  assert.equal(plan.id, HELD);
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.equal(verdict.decision, 'hold');
  assert.deepEqual(
    ops.map(({ path }) => path),
    ['private\u001b[2J', 'x'],
  );
  assert.equal(alarming.length, 2);
  const list = bench.json(['plan']).said as unknown as { plans: readonly { state: string }[] };
  assert.deepEqual(list.plans.map(({ state }) => state).sort(), ['allowed', 'denied', 'held']);
});

test('the exit code tells the decision where it is asked for', () => {
  const codes = [HELD, DENIED, ALLOWED, OLD].map(
    (id) => bench.run(['plan', id, '--exit-code']).status,
  );
  assert.deepEqual(codes, [2, 3, 0, 4]);
  const { status, said } = bench.json(['plan', 'ffff']);
  assert.equal(status, 64);
  assert.equal(said.error?.code, 'HF_PLAN_ABSENT');
});

test('a plan that was changed is named, is not shown, and hides no other', () => {
  made('p-eeeeeeee', ['w', 'x']);
  const file = `${bench.state}/guard/plans/p-eeeeeeee/ops.ndjson`;
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"path":"w"', '"path":"v"'));
  const { said, status } = bench.json(['plan', 'p-eeeeeeee']);
  assert.equal(status, 1);
  assert.equal(said.error?.code, 'HF_PLAN_INVALID');
  fs.writeFileSync(`${bench.state}/guard/plans/p-eeeeeeee/header.json`, '{}\n');
  const { stdout } = bench.run(['plan']);
  assert.match(stdout, /■ +p-eeeeeeee +damaged/);
  assert.match(stdout, /p-aaaaaaaa +held/);
});

test('nothing that waits is said in one line', () => {
  const { stdout, status } = bench.run(['plan'], { env: { HOLDFAST_STATE: bench.at('empty') } });
  assert.equal(stdout, 'No plan waits.\n');
  assert.equal(status, 0);
  assert.ok(!fs.existsSync(bench.at('empty')), 'looking makes nothing');
});

test('each rule is explained by name and number, and a mistyped one is told', () => {
  for (const [at, name] of RULE_NAMES.entries()) {
    const { stdout, status } = bench.run(['explain', name]);
    assert.equal(status, 0);
    assert.equal(stdout, bench.run(['explain', `R${at + 1}`]).stdout);
    assert.match(stdout, new RegExp(`^${name} \\(R${at + 1} of 7\\)`));
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  }
  assert.match(
    bench.json(['explain', 'radios']).said.error?.message ?? '',
    /did you mean radius\?/,
  );
  assert.equal(bench.json(['explain', 'undo']).said.number, 'R4');
});

test('rules of a team are checked with the file, and count', () => {
  const file = bench.write(
    'holdfast.yaml',
    `guard: {rules: [{name: no-git, hold: "op.path.startsWith('.git/')", why: a, fix: b}]}\n`,
  );
  const right = bench.run(['config', 'check', '--config', file]);
  assert.match(
    right.stdout.replaceAll(/\s+/g, ' '),
    /is right: 0 data sets, 1 rule of the guard\./,
  );
  const shown = bench.run(['config', 'show', '--config', file]).stdout;
  assert.match(shown, /guard\.modes\.undo +enforce +habit\n +guard\.modes\.live +enforce/);
  assert.match(shown, /guard\.rules\.no-git +op\.path/);
  fs.writeFileSync(file, `guard: {rules: [{name: no-git, hold: "op.path ===", why: a, fix: b}]}\n`);
  const wrong = bench.json(['config', 'check', '--config', file]);
  assert.equal(wrong.status, 64);
  assert.match(wrong.said.error?.message ?? '', /guard\.rules, no-git/);
  assert.equal(bench.run(['plan', '--config', file]).status, 0, 'what waits can be looked at');
});
