/**
 * A file system of the kernel on a device that answers reads or writes with EIO, now and then, for who
 * is root: nbdkit's error filter, as a file by nbdfuse, a loop device over it. What lies on it stays.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const SIZE = '400M';
const START_MAX_MS = 20_000;

export type Failing = 'reads' | 'writes';

export class FailingDisk implements AsyncDisposable {
  /** Where it is mounted. */
  readonly at: string;
  readonly #nbd: string;
  readonly #triggers: Readonly<Record<Failing, string>>;
  readonly #child: ReturnType<typeof spawn>;
  #device: string | undefined;
  #failed = { reads: 0, writes: 0 };

  private constructor(dir: string, rates: Readonly<Record<Failing, string>>) {
    this.at = path.join(dir, 'disk');
    this.#nbd = path.join(dir, 'nbd');
    this.#triggers = { reads: path.join(dir, 'fail-reads'), writes: path.join(dir, 'fail-writes') };
    for (const each of [this.at, this.#nbd]) fs.mkdirSync(each);
    const nbdkit = ['nbdkit', '--exit-with-parent', '--single', '--filter=error', 'memory', SIZE];
    const errors = [
      ...['error=EIO', `error-pread-rate=${rates.reads}`, `error-pwrite-rate=${rates.writes}`],
      ...[`error-pread-file=${this.#triggers.reads}`, `error-pwrite-file=${this.#triggers.writes}`],
    ];
    const stdio = ['ignore', 'ignore', 'pipe'] as const;
    this.#child = spawn('nbdfuse', [this.#nbd, '--command', ...nbdkit, ...errors], {
      stdio: [...stdio],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      const said = chunk.toString();
      this.#failed.reads += said.match(/injecting EIO error into pread/g)?.length ?? 0;
      this.#failed.writes += said.match(/injecting EIO error into pwrite/g)?.length ?? 0;
    });
  }

  /** @param rates of requests that fail while they do, as `10%` */
  static async make(
    dir: string,
    type: 'ext4' | 'xfs',
    rates: Readonly<Record<Failing, string>>,
  ): Promise<FailingDisk> {
    const disk = new FailingDisk(dir, rates);
    const file = path.join(disk.#nbd, 'nbd');
    const until = performance.now() + START_MAX_MS;
    while (!fs.existsSync(file)) {
      if (performance.now() > until) throw new Error('nbdfuse does not serve');
      await sleep(50);
    }
    // Past the page cache of that file: what was read once would not be asked for again.
    disk.#device = quietly('losetup', '--direct-io=on', '--find', '--show', file).trim();
    quietly(`mkfs.${type}`, '-q', disk.#device);
    quietly('mount', disk.#device, disk.at);
    return disk;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.mend();
    spawnSync('umount', ['--lazy', this.at]);
    if (this.#device !== undefined) spawnSync('losetup', ['--detach', this.#device]);
    spawnSync('umount', ['--lazy', this.#nbd]);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** Some of these fail from now on; what was read before is asked for again. */
  fail(...which: readonly Failing[]): void {
    this.remount();
    this.#failed = { reads: 0, writes: 0 };
    for (const each of which) fs.writeFileSync(this.#triggers[each], '');
  }

  /** @returns how many requests failed since `fail` */
  mend(): Readonly<Record<Failing, number>> {
    for (const trigger of Object.values(this.#triggers)) fs.rmSync(trigger, { force: true });
    return this.#failed;
  }

  /** As somebody does after a disk was mended: a file system that gave up needs it. */
  remount(): void {
    quietly('umount', this.at);
    quietly('mount', this.#device ?? '', this.at);
  }
}

function quietly(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
