// Goal: `npm test` never says "0 failed" when a test failed, hung, left early, or did not run.
// Method: the real runner on small folders of planted tests, in processes of their own; what they
// must end with is written beside them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const RUNNER = path.join(import.meta.dirname, '../../scripts/test.ts');
const HEAD = "import { test } from 'node:test';\n";

const folders: string[] = [];
after(() => {
  for (const folder of folders) fs.rmSync(folder, { recursive: true });
});

/** Runs the runner on planted files; `only` is its filter, so that no package is asked for. */
function runnerOn(
  files: Readonly<Record<string, string>>,
  options: { readonly only?: string; readonly env?: Readonly<Record<string, string>> } = {},
): { readonly code: number | null; readonly last: string; readonly said: string } {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'runner-'));
  folders.push(root);
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), text);
  }
  const { NODE_TEST_CONTEXT: _, CI: __, ...inherited } = process.env;
  const run = spawnSync(process.execPath, [RUNNER, options.only ?? '.test.ts'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...inherited,
      HOLDFAST_TEST_ROOT: root,
      HOLDFAST_TEST_INSTALL: 'no',
      HOLDFAST_TEST_FILE_MS: '60000',
      ...options.env,
    },
  });
  return {
    code: run.status,
    last: run.stdout.trimEnd().split('\n').at(-1) ?? '',
    said: run.stdout,
  };
}

test('passes are counted, children and parents apart, and output of passing files is left out', () => {
  const text = `${HEAD}test('p', async (t) => { console.log('noise'); await t.test('c', () => {}); });`;
  const run = runnerOn({ 'src/a.test.ts': text, 'sim/b.test.ts': `${HEAD}test('x', () => {});` });
  assert.equal(run.last, '3 passed, 0 failed');
  assert.equal(run.code, 0);
  assert.doesNotMatch(run.said, /noise/);
});

test('a failure is counted once, with its whole title, its reason and what the file printed', () => {
  const text =
    `${HEAD}test('parent', async (t) => {\n  console.log('the seed is 17');\n` +
    `  await t.test('child', () => { throw new Error('broken on purpose'); });\n});`;
  const run = runnerOn({ 'test/deep/a.test.ts': text });
  assert.equal(run.last, '0 passed, 1 failed');
  assert.equal(run.code, 1);
  assert.match(run.said, /test\/deep\/a\.test\.ts > parent > child\n\s+Error: broken on purpose/);
  assert.match(run.said, /the seed is 17/);
});

test('a run in which nothing ran has failed', () => {
  assert.deepEqual(
    [runnerOn({ 'src/a.ts': '' }), runnerOn({}, { only: 'no-such-part' })].map((r) => [
      r.last,
      r.code,
    ]),
    Array(2).fill(['0 passed, 1 failed', 1]),
  );
});

for (const [what, text] of [
  ['holds no test', 'export {};\n'],
  ['does not parse', 'this is not TypeScript\n'],
  ['throws while loading', `${HEAD}throw new Error('at load');\n`],
  ['leaves early with success', `${HEAD}test('never', () => process.exit(0));\n`],
  ['ends with a signal', `${HEAD}test('x', () => process.kill(process.pid, 'SIGKILL'));\n`],
] as const) {
  test(`a file that ${what} has failed`, () => {
    const run = runnerOn({ 'src/a.test.ts': text });
    assert.match(run.last, /^0 passed, 1 failed$/, run.said);
    assert.equal(run.code, 1);
  });
}

test('a process that fails after its tests passed has failed', () => {
  const text = `${HEAD}test('x', () => {});\nprocess.on('exit', () => { process.exitCode = 3; });`;
  const run = runnerOn({ 'src/a.test.ts': text });
  assert.equal(run.last, '1 passed, 1 failed');
  assert.match(run.said, /exit code 3/);
});

test('a file that does not end is stopped and has failed, and others go on', () => {
  const hanging = `${HEAD}test('x', () => new Promise(() => setInterval(() => {}, 1000)));`;
  const files = { 'src/a.test.ts': hanging, 'src/b.test.ts': `${HEAD}test('x', () => {});` };
  const run = runnerOn(files, { env: { HOLDFAST_TEST_FILE_MS: '3000' } });
  assert.equal(run.last, '1 passed, 1 failed');
  assert.match(run.said, /stopped: not done after 3 s/);
});

test('a skipped test is named with its reason, and one left to do is no pass', () => {
  const text =
    `${HEAD}test('s', (t) => t.skip('no such engine'));\n` +
    `test('later', { todo: true }, () => {});\ntest('x', () => {});`;
  const run = runnerOn({ 'src/a.test.ts': text });
  assert.equal(run.last, '1 passed, 0 failed, 2 skipped');
  assert.match(run.said, /src\/a\.test\.ts > s: no such engine/);
});

test('the filter takes parts of paths', () => {
  const files = {
    'src/one/a.test.ts': `${HEAD}test('x', () => {});`,
    'src/two/b.test.ts': `${HEAD}test('x', () => { throw new Error(); });`,
  };
  assert.equal(runnerOn(files, { only: 'src/one' }).last, '1 passed, 0 failed');
});

test('in CI a package that is missing is a failure, elsewhere its tests are skipped by name', () => {
  const needs = path.join(import.meta.dirname, 'needs.ts');
  const text =
    `${HEAD}import { needs } from '${needs}';\n` +
    `test('x', () => {});\ntest('r', (t) => { if (needs(t, 'restic')) throw new Error(); });`;
  const env = { PATH: path.dirname(process.execPath) };
  const here = runnerOn({ 'src/a.test.ts': text }, { env });
  assert.equal(here.last, '1 passed, 0 failed, 1 skipped');
  assert.match(here.said, /> r: restic is not installed/);
  const ci = runnerOn({ 'src/a.test.ts': text }, { env: { ...env, CI: 'true' } });
  assert.equal(ci.last, '1 passed, 1 failed, 1 skipped');
  assert.equal(ci.code, 1);
});

test('the settings of a user do not reach the tests, and their scratch folder is removed', () => {
  const text =
    `${HEAD}import * as fs from 'node:fs';\ntest('x', () => {\n` +
    `  if (process.env.HOLDFAST_VAULT) throw new Error('seen');\n` +
    `  fs.writeFileSync(process.env.TMPDIR + '/left', '');\n});`;
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'scratch-'));
  folders.push(scratch);
  const run = runnerOn(
    { 'src/a.test.ts': text },
    { env: { HOLDFAST_VAULT: '/v', TMPDIR: scratch } },
  );
  assert.equal(run.last, '1 passed, 0 failed');
  assert.deepEqual(fs.readdirSync(scratch), []);
});
