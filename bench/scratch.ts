import {
  mkdirSync,
  mkdtempSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { runQuiet } from './process.ts';

/** How restores get their fresh file system: without root there is only a fresh directory. */
export type FreshKind = 'loop-mounted ext4' | 'directory';

/** How the file system of a fresh place is made, where that matters. */
export interface FreshFormat {
  /** For `mkfs.ext4`. */
  readonly format: readonly string[];
  /** For `mount -o`, after `loop`. */
  readonly mount: string;
}

/** Without the lazy parts: the kernel would go on writing inode tables during the measurement. */
const EAGER: FreshFormat = {
  format: ['-i', '8192', '-E', 'lazy_itable_init=0,lazy_journal_init=0'],
  mount: '',
};

export interface FreshPlace {
  /** An empty directory to restore to. */
  readonly path: string;
  discard(): Promise<void>;
}

/** The one directory under which a benchmark puts everything, and which it takes away again. */
export class Scratch {
  readonly root: string;
  readonly signal: AbortSignal;
  readonly freshKind: FreshKind;
  readonly #mounts = new Set<string>();
  #count = 0;

  constructor(options: { below: string; signal: AbortSignal }) {
    mkdirSync(options.below, { recursive: true });
    this.root = mkdtempSync(join(options.below, 'holdfast-bench-'));
    this.signal = options.signal;
    this.freshKind = process.getuid?.() === 0 ? 'loop-mounted ext4' : 'directory';
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.root);
    return bavail * bsize;
  }

  directory(name: string): string {
    const path = join(this.root, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  async remove(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true });
  }

  /**
   * An empty place to write `sizeBytes` to. A fresh file system each time, because ext4 looks long
   * for inodes where many files were deleted a moment ago: the second restore of 500 000 files to
   * one file system took twice the time of the first.
   */
  async freshPlace(sizeBytes: number, made: FreshFormat = EAGER): Promise<FreshPlace> {
    const name = `fresh-${this.#count++}`;
    const mount = this.directory(name);
    if (this.freshKind === 'directory') {
      return { path: mount, discard: () => this.remove(mount) };
    }
    const image = join(this.root, `${name}.img`);
    writeFileSync(image, '');
    truncateSync(image, 2 * sizeBytes + 2 ** 30);
    await runQuiet('mkfs.ext4', ['-q', '-F', '-m', '0', ...made.format, image], this.signal);
    this.#mounts.add(mount); // Before it is one: a signal may come in between.
    await runQuiet('mount', ['-o', `loop${made.mount}`, image, mount], this.signal);
    const discard = async (): Promise<void> => {
      this.#unmount(mount);
      await this.remove(image);
      await this.remove(mount);
    };
    const path = join(mount, 'target');
    mkdirSync(path);
    return { path, discard };
  }

  /** Takes everything away. Also for the way out after a signal: nothing in it waits. */
  clear(): void {
    for (const mount of this.#mounts) this.#unmount(mount);
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
  }

  #unmount(mount: string): void {
    if (statSync(mount).dev !== statSync(this.root).dev) {
      const { status, stderr } = spawnSync('umount', [mount]);
      if (status !== 0) throw new Error(`cannot unmount ${mount}: ${stderr.toString().trim()}`);
    }
    this.#mounts.delete(mount);
  }
}
