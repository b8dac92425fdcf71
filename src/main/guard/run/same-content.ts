/** Whether what comes is what goes: the bytes of both, so far as they lie here. */
import fs from 'node:fs';
import { fsPath } from '../../../adapters/node/syscalls-path.ts';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { MIB } from '../../../base/units.ts';
import type { RenameSeen } from '../../../guard/core/match-renames.ts';
import type { WrappedChange } from '../../../guard/core/wrapped.ts';
import { isWithin } from '../../../manifest/core/order.ts';

const READ_MAX = 256 * MIB;
const BUFFER_SIZE = MIB;

export interface ContentSides {
  readonly changes: readonly WrappedChange[];
  /** Absolute. */
  readonly target: ByteString;
  /** Undefined where the source cannot be read here: names, sizes and times must do. */
  readonly sourceFile: (path: ByteString) => ByteString | undefined;
}

/** @returns a question; over all it is asked, so much is read and no more */
export function contentQuestion(sides: ContentSides): (renamed: RenameSeen) => boolean {
  let left = READ_MAX;
  return ({ from, to }) => {
    for (const change of sides.changes) {
      if (change.what !== 'create' || change.isDir || !isWithin(to, change.path)) continue;
      const source = sides.sourceFile(change.path);
      if (source === undefined || change.size > left) continue;
      left -= change.size;
      const old = byteString(`${sides.target}/${from}${change.path.slice(to.length)}`);
      if (!isSame(source, old)) return false;
    }
    return true;
  };
}

/** Of two regular files; anything else has nothing to be read. */
function isSame(a: ByteString, b: ByteString): boolean {
  try {
    const [one, other] = [fs.lstatSync(fsPath(a)), fs.lstatSync(fsPath(b))];
    if (!one.isFile() || !other.isFile()) return one.isFile() === other.isFile();
    return one.size === other.size && hasSameBytes(a, b);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false; // Gone, or not to be read.
    throw error;
  }
}

function hasSameBytes(a: ByteString, b: ByteString): boolean {
  const one = fs.openSync(fsPath(a), 'r');
  try {
    const other = fs.openSync(fsPath(b), 'r');
    try {
      return comparesEqual(one, other);
    } finally {
      fs.closeSync(other);
    }
  } finally {
    fs.closeSync(one);
  }
}

function comparesEqual(one: number, other: number): boolean {
  const [left, right] = [Buffer.alloc(BUFFER_SIZE), Buffer.alloc(BUFFER_SIZE)];
  for (let at = 0; ; ) {
    const count = fs.readSync(one, left, 0, BUFFER_SIZE, at);
    if (fs.readSync(other, right, 0, BUFFER_SIZE, at) !== count) return false;
    if (count === 0) return true;
    if (left.compare(right, 0, count, 0, count) !== 0) return false;
    at += count;
  }
}
