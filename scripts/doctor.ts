// `npm run doctor`: what is installed, what the kernel allows, and what the tests would skip.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { installCommand, reasonNotToInstall } from '../test/run/debian-install.ts';
import { PACKAGES } from '../test/run/debian-packages.ts';
import { FEATURES, RECORDED } from '../test/run/kernel-features.ts';
import { isInstalled } from '../test/run/needs.ts';

const ROOT = path.dirname(import.meta.dirname);

const say = (line = ''): boolean => process.stdout.write(`${line}\n`);
const row = (mark: string, name: string, text: string): boolean =>
  say(`  ${mark.padEnd(8)} ${name.padEnd(16)} ${text}`);

function firstLineOf(program: string, ...args: readonly string[]): string {
  const run = spawnSync(program, args, { encoding: 'utf8', timeout: 20_000 });
  if (run.error !== undefined) return 'not found';
  return `${run.stdout}${run.stderr}`.trim().split('\n')[0] ?? '';
}

/** The Node that the system has, as a user's shell finds it. */
function systemNode(): string {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const others = folders.filter((folder) => !folder.startsWith(path.join(ROOT, 'node_modules')));
  const found = others.find((folder) => folder !== '' && fs.existsSync(path.join(folder, 'node')));
  return found === undefined ? 'none' : firstLineOf(path.join(found, 'node'), '--version');
}

function debianVersion(): string {
  const file = '/etc/debian_version';
  return fs.existsSync(file) ? `Debian ${fs.readFileSync(file, 'utf8').trim()}` : 'not Debian';
}

function packageVersion(name: string): string {
  const file = path.join(ROOT, 'node_modules', name, 'package.json');
  const { version } = JSON.parse(fs.readFileSync(file, 'utf8')) as { version: string };
  return version;
}

function reportMachine(): void {
  say('Machine');
  row('', 'system', `${debianVersion()}, Linux ${os.release()}, ${process.arch}`);
  row('', 'processors', `${os.cpus().length}, memory ${Math.round(os.totalmem() / 2 ** 30)} GiB`);
  const { bavail, bsize } = fs.statfsSync(os.tmpdir());
  row('', 'scratch', `${os.tmpdir()}, ${Math.floor((bavail * bsize) / 2 ** 30)} GiB free`);
  row('', 'user', `${os.userInfo().username} (${process.getuid?.()})`);
}

function reportRuntime(): void {
  say('Runtime');
  row('', 'node (ours)', `${process.version} ${process.execPath}`);
  row('', 'node (system)', systemNode());
  row('', 'npm', firstLineOf('npm', '--version'));
  row('', 'git', firstLineOf('git', '--version'));
  for (const name of ['typescript', 'better-sqlite3', 'koffi']) row('', name, packageVersion(name));
  row('', 'ports', 'none are used');
}

function reportNeeds(): void {
  say('Debian packages for the tests');
  const missing = PACKAGES.filter((wanted) => !isInstalled(wanted));
  for (const wanted of PACKAGES) {
    row(missing.includes(wanted) ? 'MISSING' : 'ok', wanted.name, wanted.purpose);
  }
  say('What the kernel and its owner allow');
  const refused = FEATURES.filter((feature) => !feature.isThere());
  for (const feature of FEATURES) {
    row(refused.includes(feature) ? 'NO' : 'ok', feature.name, feature.purpose);
  }
  for (const { name, purpose } of RECORDED) row('recorded', name, purpose);
  say();
  if (missing.length + refused.length === 0) say('No test would be skipped.');
  else say(`Skipped would be tests of: ${[...missing, ...refused].map((n) => n.name).join(', ')}.`);
  if (missing.length === 0) return;
  const against = reasonNotToInstall();
  const byHand = `Install by hand: ${installCommand(missing)}`;
  say(
    against === undefined ? '`npm test` would install what is missing.' : `${against}. ${byHand}`,
  );
}

reportMachine();
reportRuntime();
reportNeeds();
