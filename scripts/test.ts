// `npm test [-- PATH-PART...]`: fetches what the integration tests use, names what will be skipped,
// runs every *.test.ts, and ends with the line `N passed, N failed`.
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { installCommand, installPackages, reasonNotToInstall } from '../test/run/debian-install.ts';
import type { Package } from '../test/run/debian-packages.ts';
import { MISSING_VARIABLE, missingFeatures, missingPackages } from '../test/run/needs.ts';
import type { Outcomes } from '../test/run/outcomes.ts';
import { runFiles } from '../test/run/run-files.ts';

const AT_ONCE = 2;
/** Minutes of waiting for leases and limits, and little work: they go beside the others, one at a time. */
const WAITING =
  /^test\/(faults\/|incidents\/tdf-2015|agents\/schedules|server\/recover-drill|up\/watch)/;
const FILE_TIME_MAX_MS = 10 * 60_000;
const IS_CI = process.env.CI === 'true';

const say = (line = ''): boolean => process.stdout.write(`${line}\n`);

/** HOLDFAST_TEST_ROOT lets the runner be tested on a folder that is not this checkout. */
const root = process.env.HOLDFAST_TEST_ROOT ?? path.dirname(import.meta.dirname);

function testFiles(parts: readonly string[]): readonly string[] {
  return ['src', 'rescue', 'test', 'sim', 'bench']
    .flatMap((folder) => fs.globSync(`${folder}/**/*.test.ts`, { cwd: root }))
    .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
    .sort();
}

/** With a part of the tests asked for, only what these name; else all that is declared. */
function isWanted(name: string, sources: readonly string[], isPart: boolean): boolean {
  return !isPart || sources.some((source) => source.includes(`'${name}'`));
}

async function isAgreed(packages: readonly Package[]): Promise<boolean> {
  if (IS_CI || !process.stdin.isTTY || !process.stdout.isTTY) {
    say(`Installing them: ${installCommand(packages)}`);
    say('No service is started. HOLDFAST_TEST_INSTALL=no forbids it.');
    return true;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('Install them now (no service is started)? [y/N] ');
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function list(packages: readonly Package[]): void {
  for (const { name, purpose } of packages) say(`  ${name.padEnd(16)} ${purpose}`);
}

/** @returns the packages that are still missing afterwards */
async function provide(packages: readonly Package[]): Promise<readonly Package[]> {
  if (packages.length === 0) return [];
  say('The integration tests use Debian packages that are not installed:');
  list(packages);
  const against = reasonNotToInstall();
  if (against === undefined && (await isAgreed(packages))) await installPackages(packages);
  const still = missingPackages();
  const left = packages.filter(({ name }) => still.some((other) => other.name === name));
  if (left.length > 0) {
    const why = against ?? 'declined or failed';
    say(`Not installed (${why}); tests that use these are skipped by name:`);
    list(left);
    say(`By hand: ${installCommand(left)}`);
  }
  say();
  return left;
}

/** A scratch folder of the run, so that what a test forgets is gone with it. */
function prepareEnvironment(missing: readonly string[]): string {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-test-'));
  fs.chmodSync(scratch, 0o711); // Tests as an ordinary user have folders of their own in it.
  for (const name of Object.keys(process.env)) {
    // A user's own vault and passphrase must not reach a test.
    const isOfUser = name.startsWith('HOLDFAST_') && !name.startsWith('HOLDFAST_TEST_');
    if (isOfUser || name === 'NODE_TEST_CONTEXT') delete process.env[name];
  }
  process.env.TMPDIR = scratch;
  // Tests run side by side: each would take the others for somebody to give way to.
  process.env.HOLDFAST_FULL_SPEED = '1';
  process.env[MISSING_VARIABLE] = missing.join(',');
  return scratch;
}

function reportFile(outcomes: Outcomes): void {
  const { file, passed, failures, skips, durationMs } = outcomes;
  const skipped = skips.length > 0 ? `, ${skips.length} skipped` : '';
  say(
    `${failures.length > 0 ? 'FAIL' : 'ok  '} ${file} (${passed} passed${skipped}, ${(durationMs / 1000).toFixed(1)} s)`,
  );
  for (const { title, reason } of failures)
    say(`\n  FAIL ${title}\n${reason.replace(/^/gm, '    ')}`);
  if (failures.length > 0 && outcomes.said !== '') {
    say(`\n  what ${file} printed:\n${outcomes.said.trimEnd().replace(/^/gm, '    ')}`);
  }
  if (failures.length > 0) say();
}

/** The last line of the run. A run in which nothing ran has failed. */
function conclude(all: readonly Outcomes[], missing: readonly Package[]): void {
  const skips = all.flatMap((outcomes) => outcomes.skips);
  const passed = all.reduce((sum, outcomes) => sum + outcomes.passed, 0);
  let failed = all.reduce((sum, outcomes) => sum + outcomes.failed, 0);
  if (skips.length > 0) say('\nSkipped:');
  for (const { title, reason } of skips) say(`  ${title}: ${reason}`);
  const failures = all.flatMap((outcomes) => outcomes.failures);
  if (failures.length > 0) say('\nFailed:');
  for (const { title } of failures) say(`  ${title}`);
  if (IS_CI) {
    for (const { name } of missing) say(`FAIL CI needs ${name}, and it is not installed`);
    failed += missing.length;
  }
  if (passed + failed === 0) {
    say('FAIL no test ran');
    failed = 1;
  }
  const tail = skips.length > 0 ? `, ${skips.length} skipped` : '';
  say(`${passed} passed, ${failed} failed${tail}`);
  if (failed > 0) process.exitCode = 1;
}

async function main(parts: readonly string[]): Promise<void> {
  const files = testFiles(parts);
  const sources = files.map((file) => fs.readFileSync(path.join(root, file), 'utf8'));
  const isPart = parts.length > 0;
  const wanted = missingPackages().filter(({ name }) => isWanted(name, sources, isPart));
  const missing = await provide(wanted);
  const features = missingFeatures().filter(({ name }) => isWanted(name, sources, isPart));
  if (features.length > 0) say('Not possible on this machine; tests that use these are skipped:');
  for (const { name, purpose } of features) say(`  ${name.padEnd(16)} ${purpose}`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stop.abort());
  const scratch = prepareEnvironment([...missing, ...features].map(({ name }) => name));
  try {
    const options = {
      root,
      fileTimeMaxMs: Number(process.env.HOLDFAST_TEST_FILE_MS ?? FILE_TIME_MAX_MS),
      signal: stop.signal,
      onFile: reportFile,
    };
    const waiting = files.filter((file) => WAITING.test(file));
    const working = files.filter((file) => !WAITING.test(file));
    const lanes = [
      runFiles({ ...options, files: working, atOnce: AT_ONCE }),
      runFiles({ ...options, files: waiting, atOnce: 1 }),
    ];
    conclude((await Promise.all(lanes)).flat(), missing);
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

await main(process.argv.slice(2));
