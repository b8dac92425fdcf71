/** What somebody names to be taken away: below the directory that holds all of it. */
import fs from 'node:fs';
import path from 'node:path';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { fsPath } from '../../../adapters/node/syscalls-path.ts';
import { absolutePath, bytesOfArgument } from '../../cli/places.ts';

export interface NamedPlaces {
  /** Real path of the directory that holds them all. */
  readonly root: ByteString;
  /** Below it, in the order they were named. */
  readonly below: readonly ByteString[];
}

/** The directory above is resolved, the last name is not: a link is taken itself. */
export function realPlace(cwd: ByteString, named: string): ByteString {
  const absolute = absolutePath(cwd, bytesOfArgument(named));
  const parent = path.posix.dirname(absolute);
  const name = path.posix.basename(absolute);
  try {
    const real = fs.realpathSync.native(fsPath(byteString(parent)), 'buffer').toString('latin1');
    return byteString(path.posix.join(real, name));
  } catch {
    return absolute; // It is not there, and is said to be absent by whoever looks.
  }
}

/** @param places absolute; at least one */
export function gather(places: readonly ByteString[]): NamedPlaces {
  const parents = places.map((place) => path.posix.dirname(place).split('/').filter(Boolean));
  const [first = [], ...more] = parents;
  let shared = first.length;
  for (const other of more) {
    while (first.slice(0, shared).some((name, at) => other[at] !== name)) shared -= 1;
  }
  const root = byteString(`/${first.slice(0, shared).join('/')}`);
  const skip = root === '/' ? 1 : root.length + 1;
  return { root, below: places.map((place) => byteString(place.slice(skip))) };
}

export function lstatOf(place: ByteString): fs.Stats | undefined {
  try {
    return fs.lstatSync(fsPath(place), { throwIfNoEntry: false });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}
