/** A host of its own: process numbers, /run and what cron and puppet keep are nobody else's. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Bench, PROGRAM, type Ran } from '../cli/run-cli.ts';

const SETUP = `set -e
mount --make-rprivate /
for dir in /run /etc/cron.d /var/spool/cron; do mount -t tmpfs tmpfs $dir; done
mkdir -p /run/lock /var/spool/cron/crontabs
mount --bind /dev/null /etc/crontab
if [ -d /var/cache/puppet ]; then mount -t tmpfs tmpfs /var/cache/puppet; fi
if [ -d /etc/puppet ]; then mount -t tmpfs tmpfs /etc/puppet; fi
: > "$READY"
while :; do sleep 1; done`;

export class SmallHost {
  readonly bench = new Bench();
  readonly #outer: ChildProcess;

  constructor() {
    const args = ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-c', SETUP];
    const env = { PATH: process.env.PATH ?? '', READY: this.bench.at('ready') };
    this.#outer = spawn('unshare', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  }

  async ready(): Promise<void> {
    const file = this.bench.at('ready');
    for (let wait = 0; !fs.existsSync(file); wait++) {
      if (wait > 3000 || this.#outer.exitCode !== null) throw new Error('no small host');
      await setTimeout(10);
    }
  }

  /** In it, as root. */
  run(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Ran {
    const ran = spawnSync('nsenter', ['-t', this.#init(), '-m', '-p', '--', ...argv], {
      cwd: this.bench.scratch,
      env: { PATH: SYSTEM_PATH, LANG: 'C.UTF-8', HOME: this.bench.scratch, ...env },
      encoding: 'utf8',
      // A socket there would make an rsync daemon one of inetd.
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 120_000,
    });
    return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr };
  }

  holdfast(...args: readonly string[]): Ran {
    return this.run([PROGRAM, ...args], {
      HOLDFAST_STATE: this.bench.state,
      HOLDFAST_CONFIG: this.bench.at('holdfast.yaml'),
    });
  }

  /** Names of programs that run in it, with their arguments. */
  processes(): readonly string[] {
    const script = 'for f in /proc/[0-9]*/cmdline; do tr "\\0" " " < "$f"; echo; done 2>/dev/null';
    const lines = this.run(['sh', '-c', script]).stdout.split('\n');
    return lines.map((line) => line.trim()).filter((line) => line !== '');
  }

  stoppedNames(): readonly string[] {
    const dir = path.join(this.bench.state, 'guard/stopped');
    return fs.existsSync(dir) ? fs.readdirSync(dir).filter((name) => name.endsWith('.json')) : [];
  }

  remove(): void {
    this.#outer.kill('SIGKILL');
    this.bench.remove();
  }

  #init(): string {
    const { pid = 0 } = this.#outer;
    return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0] ?? '';
  }
}

const SYSTEM_PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`;
