/**
 * What an SFTP server does with files, over the simulated disk: each request one or few calls of the
 * system, as OpenSSH's sftp-server makes them.
 */
import { diskFault } from '../src/adapters/node/errno.ts';
import type { ByteString } from '../src/base/bytes.ts';
import { byteString } from '../src/base/bytes.ts';
import type { SimDisk } from './disk.ts';
import type { SeenInode } from './layers.ts';

export interface FarStat {
  readonly kind: SeenInode['kind'];
  readonly sizeBytes: number;
}

export class SftpFiles {
  readonly #disk: SimDisk;

  constructor(disk: SimDisk) {
    this.#disk = disk;
  }

  openRead(path: ByteString): number {
    this.#disk.volume.checkAlive();
    return this.#disk.volume.find(path);
  }

  create(path: ByteString): number {
    this.#disk.create(path);
    return this.#disk.volume.find(path);
  }

  stat(inode: number): FarStat {
    this.#disk.volume.checkAlive();
    const { kind, content } = this.#disk.volume.inode(inode);
    return { kind, sizeBytes: content.size };
  }

  read(inode: number, offset: number, length: number): Uint8Array {
    const { volume } = this.#disk;
    volume.checkAlive();
    const { kind, content } = volume.inode(inode);
    if (kind !== 'file') throw diskFault(byteString('?'), 'EISDIR', undefined);
    return content.snapshot().slice(offset, offset + length);
  }

  write(inode: number, offset: number, bytes: Uint8Array): void {
    const { volume } = this.#disk;
    const fitting = bytes.slice(0, Math.max(0, volume.freeBytes));
    const path = byteString('a file');
    const isNothing = fitting.length === 0; // A write that wrote nothing does not lengthen a file.
    volume.change(path, () =>
      isNothing ? [] : [{ kind: 'write', inode, offset, bytes: fitting }],
    );
    if (fitting.length < bytes.length) throw diskFault(path, 'ENOSPC', undefined);
  }

  sync(inode: number): void {
    this.#disk.volume.change(byteString('a file'), () => [{ kind: 'sync', inode }]);
  }

  names(inode: number): readonly ByteString[] {
    this.#disk.volume.checkAlive();
    const { kind, entries } = this.#disk.volume.inode(inode);
    if (kind !== 'dir') throw diskFault(byteString('?'), 'ENOTDIR', undefined);
    return [...entries.keys()];
  }

  /** What `name` is in a directory. */
  entry(directory: number, name: ByteString): FarStat {
    const inode = this.#disk.volume.inode(directory).entries.get(name);
    if (inode === undefined) throw diskFault(name, 'ENOENT', undefined);
    return this.stat(inode);
  }

  makeDir(path: ByteString): void {
    this.#disk.directoryCalls().makeOne(path);
  }

  link(from: ByteString, to: ByteString): void {
    const { volume } = this.#disk;
    volume.change(to, () => {
      const inode = volume.find(from);
      if (volume.inode(inode).kind === 'dir') throw diskFault(to, 'EPERM', undefined);
      const { directory, name } = volume.findParent(to);
      const isTaken = volume.inode(directory).entries.has(name);
      if (isTaken) throw diskFault(to, 'EEXIST', undefined);
      return [{ kind: 'entry', inode: directory, name, to: inode }];
    });
  }

  unlink(path: ByteString): void {
    this.#disk.unlink(path);
  }

  space(path: ByteString): { readonly freeBytes: number; readonly totalBytes: number } {
    return this.#disk.space(path);
  }
}
