/** A block device whose every request fails while the test wants it so. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { atEnd, until } from './probe-bench.ts';

export interface BadDisk {
  readonly device: string;
  /** From now on nothing can be read or written. */
  readonly fail: () => void;
  /** As it was, with all that was written before. */
  readonly mend: () => void;
}

export async function badDisk(t: TestContext, dir: string): Promise<BadDisk> {
  const [at, trigger] = [path.join(dir, 'nbd'), path.join(dir, 'fail')];
  fs.mkdirSync(at);
  const nbdkit = ['nbdkit', '--exit-with-parent', '--single', '--filter=error', 'memory', '320M'];
  const error = ['error=EIO', 'error-rate=100%', `error-file=${trigger}`];
  const child = spawn('nbdfuse', [at, '--command', ...nbdkit, ...error], { stdio: 'ignore' });
  atEnd(t, async () => {
    spawnSync('umount', ['--lazy', at]);
    child.kill('SIGKILL');
    await until('nbdfuse ended', () => child.exitCode !== null || child.signalCode !== null);
  });
  const file = path.join(at, 'nbd');
  await until('nbdfuse serves', () => fs.existsSync(file));
  const device = execFileSync('losetup', ['--find', '--show', file], { encoding: 'utf8' }).trim();
  atEnd(t, () => spawnSync('losetup', ['--detach', device]));
  return {
    device,
    fail: () => fs.writeFileSync(trigger, ''),
    mend: () => fs.unlinkSync(trigger),
  };
}
