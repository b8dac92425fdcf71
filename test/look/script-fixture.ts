import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Files, fakeRoot } from '../watch/fake-root.ts';

export const SCRIPT = readFileSync(
  join(import.meta.dirname, '../../src/adapters/look/look.sh'),
  'latin1',
);

/** A shell with the awk and the tools that go with it. */
export type ShellName = 'dash with mawk' | 'bash with gawk' | 'busybox';
export const SHELLS: readonly ShellName[] = ['dash with mawk', 'bash with gawk', 'busybox'];

export type LookRecord = readonly [string, ...(string | number)[]];

export interface Looked {
  readonly records: readonly LookRecord[];
  readonly text: string;
  /** What the commands of `after` printed. */
  readonly after: string;
}

interface LookOptions {
  readonly shell?: ShellName;
  /** Seconds, the argument of the script; long, as the machine of the build service is slow. */
  readonly limit?: number;
  readonly uid?: number;
  /** Commands that run before and after it, in its mounts and its processes, outside its root. */
  readonly before?: string;
  readonly after?: string;
  /** Programs that are found first. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Programs that there are none of. */
  readonly without?: readonly string[];
}

/** A root of its own in which the script runs: the planted files, and the programs of this machine. */
export function plantedRoot(t: TestContext, files: Files): string {
  const root = fakeRoot(t, {
    '/proc/': '',
    '/dev/': '',
    '/usr/': '',
    '/tmp/': '',
    '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
    '/etc/os-release': 'ID=planted\n',
    '/etc/passwd':
      'root:x:0:0:Full Name:/root:/bin/sh\nann:x:1000:1000:Ann Other:/home/ann:/bin/sh\n',
    '/sys/block/sda/dev': '8:0\n',
    ...files,
  });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
  chmodSync(root, 0o755);
  return root;
}

/** Runs the script over standard input, as `ssh host sh -s` would, with mounts and processes of its own. */
export function runLook(t: TestContext, root: string, options: LookOptions = {}): Looked {
  const { shell = 'dash with mawk', limit = 120, uid = 0, before = '', after = '' } = options;
  const tools = mkdtempSync(join(tmpdir(), 'holdfast-look-tools-'));
  t.after(() => rmSync(tools, { recursive: true, force: true }));
  chmodSync(tools, 0o755);
  const own = toolsOf(tools, shell, options);
  const path = shell === 'busybox' ? own : `${own}:/usr/local/bin:/usr/bin:/bin`;
  const program = {
    'dash with mawk': 'dash -s',
    'bash with gawk': 'bash --posix -s',
    busybox: 'sh -s',
  }[shell];
  const enter = `
    mount --bind "$1" "$1"; mount --rbind /usr "$1/usr"; mount --rbind /dev "$1/dev"
    mount -t tmpfs tools "$1/tmp"; cp -a "$2/." "$1/tmp"; mount -t proc proc "$1/proc"
    ${before}
    chroot "$1" /usr/bin/setpriv --reuid=${uid} --regid=${uid} --clear-groups \
      /usr/bin/env -i PATH=${path} ${program} -- ${limit} || echo "it ended with $?" >&2
    { ${after || ':'}; } >&2`;
  const unshare = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'];
  const run = spawnSync('unshare', [...unshare, 'sh', '-euc', enter, 'sh', root, tools], {
    input: Buffer.from(SCRIPT, 'latin1'),
    encoding: 'latin1',
    timeout: 120_000,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(run.status, 0, run.stderr);
  return { records: recordsOf(run.stdout), text: run.stdout, after: run.stderr };
}

/** A directory of programs that comes first in PATH: which awk there is, BusyBox, what a test plants. */
function toolsOf(tools: string, shell: ShellName, options: LookOptions): string {
  mkdirSync(join(tools, 'first'));
  const link = (name: string, to: string): void => symlinkSync(to, join(tools, 'first', name));
  const without = new Set([...(options.without ?? []), ...Object.keys(options.programs ?? {})]);
  if (shell === 'busybox') {
    const names = spawnSync('busybox', ['--list'], { encoding: 'utf8' }).stdout.trim().split('\n');
    for (const name of names) if (!without.has(name)) link(name, '/usr/bin/busybox');
  } else {
    link('awk', shell === 'dash with mawk' ? '/usr/bin/mawk' : '/usr/bin/gawk');
  }
  for (const [name, to] of Object.entries(options.programs ?? {})) link(name, to);
  return '/tmp/first';
}

/** Each line must be a record; blank ones may stand before the last. */
function recordsOf(text: string): readonly LookRecord[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const record: unknown = JSON.parse(line);
      assert.ok(Array.isArray(record) && typeof record[0] === 'string', line);
      assert.ok(line.length <= 262_144, 'no line is longer than the format allows');
      return record as unknown as LookRecord;
    });
}
