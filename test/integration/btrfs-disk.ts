/** A btrfs of its own on a loop device, mounted in a scratch folder. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const SIZE = 300 * 1024 * 1024;

export class BtrfsDisk implements Disposable {
  readonly dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-btrfs-'));
  /** Where it is mounted: the root of its first subvolume. */
  readonly top = path.join(this.dir, 'top');

  constructor() {
    const image = path.join(this.dir, 'image');
    fs.mkdirSync(this.top);
    fs.writeFileSync(image, '');
    fs.truncateSync(image, SIZE);
    execFileSync('mkfs.btrfs', ['-q', image]);
    execFileSync('mount', ['-o', 'loop', image, this.top]);
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['--recursive', this.top]);
    fs.rmSync(this.dir, { recursive: true });
  }

  at(...names: readonly string[]): string {
    return path.join(this.top, ...names);
  }

  subvolume(...names: readonly string[]): string {
    execFileSync('btrfs', ['-q', 'subvolume', 'create', this.at(...names)]);
    return this.at(...names);
  }

  write(name: string, content: string | Uint8Array = name): string {
    fs.mkdirSync(path.dirname(this.at(name)), { recursive: true });
    fs.writeFileSync(this.at(name), content);
    return this.at(name);
  }

  /** Paths of all subvolumes below the top, as btrfs names them. */
  subvolumes(): readonly string[] {
    const list = execFileSync('btrfs', ['subvolume', 'list', this.top], { encoding: 'utf8' });
    return list
      .split('\n')
      .flatMap((line) => line.split(' path ')[1] ?? [])
      .sort();
  }
}
