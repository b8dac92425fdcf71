// Goal: `recovery-plan` answers from what is kept; the very line that it prints brings the data back;
// the copy it writes needs nothing, has no secret, and is written over nothing of anybody else's.
// Method: the real program over a kept look, a real vault and real directories; the line goes to sh.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import { afterEach, beforeEach, test } from 'node:test';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { GIB, unixMs } from '../../src/base/units.ts';
import { keepLook } from '../../src/main/look/saved-looks.ts';
import { Bench, PROGRAM, treeOf } from '../cli/run-cli.ts';
import { dataAt, fileSystemAt } from '../watch/discovery-example.ts';
import { answered, failed, sightOf } from './host-sight-example.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.remove());

const PASSPHRASE = 'correct horse battery';

/** This machine is `here`; `far` has the room, and `gone` did not answer. */
function keep(paths: readonly string[]): void {
  const at = unixMs(Date.now());
  const fileSystems = [fileSystemAt('/', { bytes: 900 * GIB, freeBytes: 800 * GIB })];
  const looks = ['here', 'far'].map((host) => {
    const { discovery, machine } = sightOf(host);
    const data = host === 'here' ? paths.map((path) => dataAt(path)) : [];
    return answered(host, {
      machine: { ...machine, hostName: host === 'here' ? os.hostname() : host },
      discovery: { ...discovery, seenAt: at, fileSystems, data, backups: [] },
    });
  });
  const look = { at, looks: [...looks, failed('gone')] };
  keepLook({ disk: nodeDisk(), tools: nodeTools(), state: byteString(bench.state) }, look);
}

interface SaidPlan {
  readonly steps: readonly {
    readonly dataSet: string;
    readonly commands: readonly { readonly on: string; readonly line: string }[];
  }[];
  readonly notSeen: readonly string[];
}

function plans(...args: readonly string[]): readonly SaidPlan[] {
  const { said, status } = bench.json(['recovery-plan', ...args]);
  assert.equal(status, 0, JSON.stringify(said));
  return said.plans as readonly SaidPlan[];
}

function protect(): { readonly files: string; readonly image: string } {
  bench.write('srv/www/index.html', 'hello');
  bench.write("srv/www/o'clock file", 'x');
  const image = bench.write('srv/images/wiki.img', 'image');
  const pass = bench.write('pass', `${PASSPHRASE}\n`);
  fs.chmodSync(pass, 0o600);
  bench.write('holdfast.yaml', `passphrase-file: ${pass}\n`);
  const files = bench.at('srv/www');
  for (const args of [['init'], ['backup', files], ['backup', image]]) {
    const ran = bench.run(args);
    assert.equal(ran.status, 0, ran.stderr);
  }
  keep([files, image]);
  return { files, image };
}

/** As somebody would type it. */
function type(line: string): void {
  const env = { PATH: `${PROGRAM.replace(/\/holdfast$/, '')}:${process.env.PATH ?? ''}` };
  const more = { HOME: bench.scratch, HOLDFAST_STATE: bench.state, LANG: 'C.UTF-8' };
  const ran = spawnSync('sh', ['-c', line], { env: { ...env, ...more }, encoding: 'utf8' });
  assert.equal(ran.status, 0, `${line}\n${ran.stderr}`);
}

test('the line that is printed brings back what was deleted, as it was', () => {
  const { files, image } = protect();
  const before = treeOf(files);
  fs.rmSync(files, { recursive: true });
  const [plan] = plans('--lost', `here:${files}`);
  const [step] = plan?.steps ?? [];
  assert.equal(step?.dataSet, files);
  assert.equal(step.commands[0]?.on, 'here');
  for (const { line } of step.commands) type(line);
  assert.deepEqual(treeOf(files), before);
  // Of an image the way back ends where it was; what was broken there is kept.
  fs.renameSync(image, `${image}.broken`);
  const [of] = plans('--lost', `here:${image}`);
  const [restore, move] = of?.steps[0]?.commands ?? [];
  // The room that the look saw is that of `/`: there it would go, and here it goes beside.
  const beside = bench.at('restored');
  const target = /(\S+)$/.exec(restore?.line ?? '')?.[1] ?? '';
  assert.match(target, /^\/restored\/here\//);
  type(restore?.line.replace(target, beside) ?? '');
  type(move?.line.replace(target, beside) ?? '');
  assert.equal(fs.readFileSync(image, 'utf8'), 'image');
});

test('without --lost: each host, and one that did not answer is not seen', () => {
  protect();
  const all = plans();
  assert.equal(all.length, 3);
  assert.deepEqual(
    all.flatMap(({ notSeen }) => notSeen),
    ['gone'],
  );
  const { stdout } = bench.run(['recovery-plan']);
  assert.match(stdout, /gone +not seen/);
  assert.match(stdout, /holdfast recovery-plan --lost here/);
  assert.equal(bench.run(['recovery-plan', '--exit-code']).status, 5);
  const wrong = bench.json(['recovery-plan', '--lost', 'her']);
  assert.deepEqual([wrong.status, wrong.said.error?.code], [64, 'HF_LOSE_UNKNOWN']);
});

test('the copy: four files without a secret, written again, and over nothing else', () => {
  protect();
  const copy = bench.at('copy');
  assert.equal(bench.run(['recovery-plan', '--save', copy]).status, 0);
  const names = fs.readdirSync(copy).sort();
  assert.deepEqual(names, [
    'exposure.txt',
    'recovery-plan.html',
    'recovery-plan.json',
    'recovery-plan.txt',
  ]);
  const all = names.map((name) => fs.readFileSync(bench.at('copy', name), 'utf8')).join('\n');
  assert.doesNotMatch(all, new RegExp(PASSPHRASE));
  assert.match(all, /Recovery plan, made .* from the look of/);
  const page = fs.readFileSync(bench.at('copy/recovery-plan.html'), 'utf8');
  assert.doesNotMatch(page, /<script|<link|https?:\/\//);
  assert.equal(bench.run(['recovery-plan', '--save', copy]).status, 0);
  bench.write('copy/mine.txt', 'mine');
  const refused = bench.json(['recovery-plan', '--save', copy]);
  assert.deepEqual([refused.status, refused.said.error?.code], [64, 'HF_PLAN_COPY']);
});
