/** File systems of a test's own, unmounted when it ends. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ScratchMount extends Disposable {
  /** Where it is mounted. */
  readonly at: string;
}

export function tmpfsAt(at: string, size = '64m'): ScratchMount {
  fs.mkdirSync(at, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'none', at]);
  return {
    at,
    [Symbol.dispose]: () => {
      execFileSync('umount', ['--recursive', at]);
      fs.rmdirSync(at);
    },
  };
}

/** One at `at`, below `dir`, that goes and comes again with what lies on it. */
export function goingMount(
  dir: string,
  at = join(dir, 'at'),
): ScratchMount & {
  readonly mount: () => void;
  readonly away: () => void;
} {
  const disk = tmpfsAt(join(dir, 'disk'));
  fs.mkdirSync(at);
  let isMounted = false;
  const mount = (): void => {
    execFileSync('mount', ['--bind', disk.at, at]);
    isMounted = true;
  };
  const away = (): void => {
    execFileSync('umount', [at]);
    isMounted = false;
  };
  mount();
  const end = (): void => {
    if (isMounted) away();
    disk[Symbol.dispose]();
  };
  return { at, mount, away, [Symbol.dispose]: end };
}

/** @param fill makes what lies in the lower layer */
export function overlay(fill: (lower: string) => void): ScratchMount {
  const dir = fs.mkdtempSync(join(tmpdir(), 'hf-overlay-'));
  const base = tmpfsAt(join(dir, 'base'));
  const [lower, upper, work, at] = ['lower', 'upper', 'work', 'at'].map((name) => {
    const path = join(base.at, name);
    fs.mkdirSync(path);
    return path;
  });
  if (lower === undefined || at === undefined) throw new Error('four were made');
  fill(lower);
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  execFileSync('mount', ['-t', 'overlay', '-o', options, 'none', at]);
  return {
    at,
    [Symbol.dispose]: () => {
      execFileSync('umount', [at]);
      base[Symbol.dispose]();
      fs.rmSync(dir, { recursive: true });
    },
  };
}

/** Of an image on a loop device. */
export function imageOf(type: 'btrfs' | 'ext4' | 'xfs'): ScratchMount {
  const dir = fs.mkdtempSync(join(tmpdir(), `hf-${type}-`));
  const [image, at] = [join(dir, 'image'), join(dir, 'top')];
  fs.mkdirSync(at);
  fs.writeFileSync(image, '');
  fs.truncateSync(image, 400 * 1024 * 1024);
  execFileSync(`mkfs.${type}`, ['-q', image]);
  execFileSync('mount', ['-o', 'loop', image, at]);
  return {
    at,
    [Symbol.dispose]: () => {
      execFileSync('umount', ['--recursive', at]);
      fs.rmSync(dir, { recursive: true });
    },
  };
}
