/** Room of our own: made where there is space for it, and taken away whatever happens. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { sayName } from '../../base/say-name.ts';
import { formatBytes } from '../../base/say-quantity.ts';
import { SourceFailure } from '../../host/source.ts';
import { TreeFailure } from '../../host/tree-writer.ts';
import { removeTree } from '../../recover/shell/remove-tree.ts';
import { mayBackup } from '../../watch/core/pacing.ts';
import { nodeSource } from '../node/source.ts';
import { fsPath } from '../node/syscalls-path.ts';
import { nodeTreeWriter } from '../node/tree-writer.ts';
import { onExit } from './program.ts';

export interface RoomWanted {
  readonly parent: ByteString;
  readonly minFree: number | undefined;
  /** What will be written, at most. */
  readonly bytes: number;
}

/** Why there is no room for it; undefined where there is. */
export function noRoom({ parent, minFree, bytes }: RoomWanted): string | undefined {
  const { bavail, bsize, blocks } = fs.statfsSync(fsPath(parent));
  const space = { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  const room = mayBackup({ ...space, estimateBytes: bytes, minFree });
  if (room.ok) return undefined;
  return `${formatBytes(bytes)} do not fit where ${sayName(parent)} lies: ${formatBytes(
    space.freeBytes,
  )} are free, of which ${formatBytes(room.floorBytes)} stay free`;
}

export interface Scratch {
  readonly path: ByteString;
  /** Removes it. @returns what could not be removed, or undefined */
  remove(): string | undefined;
}

/**
 * A new directory, 0700, below `parent`, which is made if need be. Removed at exit at the latest;
 * what processes left that were killed is removed now: it may be as large as the disks of a guest.
 */
export function makeScratch(parent: ByteString, prefix: string): Scratch {
  fs.mkdirSync(fsPath(parent), { recursive: true, mode: 0o700 });
  removeLeft(parent, prefix);
  const name = ownedName(prefix);
  const made = byteString(`${parent}/${name}`);
  fs.mkdirSync(fsPath(made), { mode: 0o700 });
  const remove = (): string | undefined => removeIn(parent, name);
  const forget = onExit(() => void remove());
  return {
    path: made,
    remove: () => {
      forget();
      return remove();
    },
  };
}

/** Of this process: what is called so may be removed when it is no more. */
export function ownedName(prefix: string): ByteString {
  const owner = `${process.pid}-${startOf(process.pid) ?? 0}`;
  return byteString(`${prefix}-${owner}-${randomBytes(6).toString('hex')}`);
}

const TRIES_MAX = 50;
const PAUSE_MS = 20;

/** At an exit threads may still write what they were told to; what is left the next one removes. */
export function removeAtExit(parent: ByteString, name: ByteString): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let tried = 0; tried < TRIES_MAX; tried++) {
    if (removeIn(parent, name) === undefined) return;
    Atomics.wait(pause, 0, 0, PAUSE_MS);
  }
}

/** By name: only what is of exactly this form, and of a process that is no more. */
export function removeLeft(parent: ByteString, prefix: string): void {
  for (const name of fs.readdirSync(fsPath(parent))) {
    const form = /^(\w+)-([0-9]+)-([0-9]+)-[0-9a-f]{12}$/.exec(name);
    if (form === null || form[1] !== prefix) continue;
    if (startOf(Number(form[2])) !== form[3]) removeIn(parent, byteString(name));
  }
}

/** In ticks since the machine was started; numbers of processes are given again. */
function startOf(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined; // No such process.
  }
}

function removeIn(parent: ByteString, name: ByteString): string | undefined {
  const ports = { source: nodeSource(), tree: nodeTreeWriter() };
  try {
    const dir = ports.source.openRoot(parent);
    try {
      removeTree(ports, dir, name);
    } finally {
      ports.source.closeDir(dir);
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof SourceFailure || error instanceof TreeFailure)) throw error;
    if (error.errno === 'ENOENT') return undefined;
    return `${sayName(parent)}/${sayName(name)} could not be removed (${error.errno})`;
  }
}

/** Names are bytes; programs are given text, and what is no text they cannot be given. */
export function textPath(at: ByteString): string {
  return Buffer.from(at, 'latin1').toString();
}

export function bytesPath(at: string): ByteString {
  return byteString(Buffer.from(path.resolve(at)).toString('latin1'));
}

export function bytesName(name: string): ByteString {
  return byteString(Buffer.from(name.replaceAll('/', '%2F')).toString('latin1'));
}
