import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a tool is run on. All paths are absolute. */
export interface Site {
  readonly input: string;
  /** Holds the tool's repository, caches, keys and state; empty before `prepare`. */
  readonly home: string;
  /** Where a restore goes, or a copy. */
  readonly target: string;
  /** Counts the backups of this repository, from 0. */
  readonly backupNumber: number;
  readonly isSparse: boolean;
}

export interface Command {
  readonly argv: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

type Step = (site: Site) => Command;

/** `backup` tools keep a repository; `copy` tools write plain files and know only one act. */
export interface Tool {
  readonly name: ToolName;
  readonly kind: 'backup' | 'copy';
  /** Below `home`: its size is the size of the repository. */
  readonly repository: string;
  readonly version: readonly string[];
  readonly prepare?: Step;
  /** A backup, or the copying of the input to `target`. */
  readonly save: Step;
  /** Full: every byte is read. */
  readonly check?: Step;
  readonly restore?: Step;
}

export const TOOL_NAMES = ['holdfast', 'restic', 'borg', 'cp', 'rsync', 'rclone'] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

export const HOLDFAST = fileURLToPath(new URL('../bin/holdfast', import.meta.url));
const PASSPHRASE = 'only for the benchmark';

/** Every command line that is measured. Defaults are left alone: they are what users have. */
export const TOOLS: Readonly<Record<ToolName, Tool>> = {
  holdfast: {
    name: 'holdfast',
    kind: 'backup',
    repository: 'vault',
    version: [HOLDFAST, '--version'],
    prepare: (site) => holdfast(site, 'init', { keyFlag: '--new-key-file' }),
    save: (site) => holdfast(site, 'backup', { rest: [site.input] }),
    check: (site) => holdfast(site, 'vault check', { rest: ['--read-data'] }),
    restore: (site) => holdfast(site, 'restore', { rest: ['latest', site.target] }),
  },
  restic: {
    name: 'restic',
    kind: 'backup',
    repository: 'repository',
    version: ['restic', 'version'],
    prepare: (site) => restic(site, 'init', '--repository-version', '2'),
    save: (site) => ({ ...restic(site, 'backup', '.'), cwd: site.input }),
    check: (site) => restic(site, 'check', '--read-data'),
    restore: (site) => restic(site, 'restore', 'latest', '--target', site.target),
  },
  borg: {
    name: 'borg',
    kind: 'backup',
    repository: 'repository',
    version: ['borg', '--version'],
    prepare: (site) => borg(site, 'init', '--encryption', 'repokey'),
    save: (site) => ({ ...borg(site, 'create', `::a${site.backupNumber}`, '.'), cwd: site.input }),
    check: (site) => borg(site, 'check', '--verify-data'),
    restore: (site) => ({
      ...borg(site, 'extract', ...sparse(site), `::a${site.backupNumber}`),
      cwd: site.target,
    }),
  },
  cp: {
    name: 'cp',
    kind: 'copy',
    repository: '.',
    version: ['cp', '--version'],
    save: (site) => ({
      // `cp` compares nothing; its second run may at least skip what is not newer.
      argv: ['cp', site.backupNumber === 0 ? '-a' : '-au', `${site.input}/.`, site.target],
    }),
  },
  rsync: {
    name: 'rsync',
    kind: 'copy',
    repository: '.',
    version: ['rsync', '--version'],
    save: (site) => ({
      argv: ['rsync', '-aHAX', ...sparse(site), `${site.input}/`, `${site.target}/`],
    }),
    check: (site) => ({
      argv: ['rsync', '-aHAXnc', '--delete', `${site.input}/`, `${site.target}/`],
    }),
  },
  rclone: {
    name: 'rclone',
    kind: 'copy',
    repository: '.',
    version: ['rclone', 'version'],
    save: (site) => rclone(site, 'sync'),
    check: (site) => rclone(site, 'check'),
  },
};

/** The first line of what a tool says about its version; undefined when it is not installed. */
export function versionOf(tool: Tool): string | undefined {
  const [program = '', ...args] = tool.version;
  if (tool.name === 'holdfast' && !existsSync(HOLDFAST)) return undefined;
  const env = { ...process.env, ...environment() };
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', env });
  return status === 0 ? stdout.split('\n')[0]?.trim() : undefined;
}

export function holdfast(
  site: Site,
  verb: string,
  options: { keyFlag?: string; rest?: readonly string[] },
): Command {
  const key = [options.keyFlag ?? '--key-file', `${site.home}/key`];
  const vault = ['--vault', `${site.home}/vault`];
  return {
    argv: [HOLDFAST, ...verb.split(' '), ...vault, ...key, ...(options.rest ?? [])],
    env: { ...environment(), HOLDFAST_STATE: `${site.home}/state` },
  };
}

/** Measured is what is shipped; `HOLDFAST_SHIPPED=` (empty) measures the checkout instead. */
function environment(): Record<string, string> {
  return { HOLDFAST_SHIPPED: process.env.HOLDFAST_SHIPPED ?? '1' };
}

export function restic(site: Site, ...args: readonly string[]): Command {
  return {
    argv: ['restic', ...args],
    env: {
      RESTIC_REPOSITORY: `${site.home}/repository`,
      RESTIC_CACHE_DIR: `${site.home}/cache`,
      RESTIC_PASSWORD: PASSPHRASE,
    },
  };
}

function borg(site: Site, ...args: readonly string[]): Command {
  return {
    argv: ['borg', ...args],
    env: {
      BORG_REPO: `${site.home}/repository`,
      BORG_BASE_DIR: `${site.home}/base`,
      BORG_PASSPHRASE: PASSPHRASE,
    },
  };
}

function rclone(site: Site, verb: string): Command {
  return {
    argv: ['rclone', verb, site.input, site.target],
    env: { RCLONE_CONFIG: `${site.home}/rclone.conf` },
  };
}

/** Of the tools with such a switch, we give it: they can keep holes, so they shall. */
function sparse(site: Site): readonly string[] {
  return site.isSparse ? ['--sparse'] : [];
}
