import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import type { Package } from './debian-packages.ts';

const POLICY = '/usr/sbin/policy-rc.d';
const MARK =
  '# Placed by the tests of Holdfast while they install packages; nothing is to be started.';

/** Why `npm test` may not install here; undefined where it may. */
export function reasonNotToInstall(): string | undefined {
  if (process.env.HOLDFAST_TEST_INSTALL === 'no') return 'HOLDFAST_TEST_INSTALL=no';
  const isDebian = fs.existsSync('/etc/debian_version') && fs.existsSync('/usr/bin/apt-get');
  if (!isDebian) return 'this is not Debian';
  return process.getuid?.() === 0 ? undefined : 'only root may install';
}

export const installCommand = (packages: readonly Package[]): string =>
  `apt-get install --no-install-recommends ${packages.map(({ name }) => name).join(' ')}`;

/** Names of all packages that would make this machine a mail server. */
function mailServers(): ReadonlySet<string> {
  const shown = spawnSync('apt-cache', ['showpkg', 'mail-transport-agent'], { encoding: 'utf8' });
  const providers = (shown.stdout.split('Reverse Provides:')[1] ?? '').split('\n');
  return new Set(providers.map((line) => line.split(' ')[0] ?? '').filter((name) => name !== ''));
}

/** What apt would do, without doing it. @returns why not to, undefined where nothing is wrong */
function objectionTo(wanted: Package, banned: ReadonlySet<string>): string | undefined {
  const args = ['--simulate', 'install', '--no-install-recommends', wanted.name];
  const run = spawnSync('apt-get', args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (run.status !== 0) return run.stderr.trim().split('\n').at(-1) ?? 'apt-get does not know it';
  const comes = [...run.stdout.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '');
  const mail = comes.find((name) => banned.has(name));
  if (mail !== undefined) return `it would bring the mail server ${mail}`;
  const goes = /^Remv (\S+)/m.exec(run.stdout)?.[1];
  return goes === undefined ? undefined : `it would remove ${goes}`;
}

/** Puts back what `POLICY` was before; also after a run that was killed in the middle. */
export function restorePolicy(policy = POLICY): void {
  const saved = `${policy}.before-holdfast-tests`;
  const isOurs = fs.existsSync(policy) && fs.readFileSync(policy, 'utf8').includes(MARK);
  if (isOurs) fs.unlinkSync(policy);
  if (fs.existsSync(saved)) fs.renameSync(saved, policy);
}

/** Debian's scripts ask this file before they start a service; 101 forbids it. */
export function placePolicy(policy = POLICY): void {
  restorePolicy(policy);
  if (fs.existsSync(policy)) fs.renameSync(policy, `${policy}.before-holdfast-tests`);
  fs.writeFileSync(policy, `#!/bin/sh\n${MARK}\nexit 101\n`, { mode: 0o755 });
}

function exitOf(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}

/** Runs apt-get with no service started by it; a signal ends apt-get first, then us. */
async function aptGet(args: readonly string[]): Promise<boolean> {
  const child = spawn('apt-get', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
  });
  const received: NodeJS.Signals[] = [];
  const pass = (signal: NodeJS.Signals): void => {
    received.push(signal);
    child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, pass);
  placePolicy();
  try {
    return await exitOf(child);
  } finally {
    restorePolicy();
    for (const signal of signals) process.off(signal, pass);
    if (received.length > 0) process.exit(130);
  }
}

/**
 * Installs what can be installed without harm; says on stderr what it refuses, and why.
 * No service is started, nothing recommended comes along, and never a mail server.
 */
export async function installPackages(packages: readonly Package[]): Promise<void> {
  await aptGet(['update', '--quiet=2']);
  const banned = mailServers();
  const accepted = packages.filter((wanted) => {
    const objection = objectionTo(wanted, banned);
    if (objection !== undefined)
      process.stderr.write(`not installed: ${wanted.name}: ${objection}\n`);
    return objection === undefined;
  });
  if (accepted.length === 0) return;
  const flags = ['--yes', '--quiet=2', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120'];
  const isDone = await aptGet(['install', ...flags, ...accepted.map(({ name }) => name)]);
  if (!isDone) process.stderr.write('apt-get failed (above); tests go on with what there is\n');
}
