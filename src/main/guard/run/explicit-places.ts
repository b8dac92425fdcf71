/** What somebody names to be taken away: below the directory that holds all of it. */
import fs from 'node:fs';
import path from 'node:path';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { fsPath } from '../../../adapters/node/syscalls-path.ts';
import { bytesOfArgument } from '../../cli/places.ts';

export interface NamedPlaces {
  /** Real path of the directory that holds them all. */
  readonly root: ByteString;
  /** Below it, each once, in the order they were named. */
  readonly below: readonly ByteString[];
}

/**
 * The directory above is resolved, the last name is not: a link is taken itself. As the system walks
 * it: `..` behind a link is the directory above what the link leads to.
 *
 * @returns undefined where there is no way to it
 */
export function realPlace(cwd: ByteString, named: string): ByteString | undefined {
  const walked = walkedFrom(cwd, bytesOfArgument(named)).replace(/\/+$/, '');
  const at = walked.lastIndexOf('/');
  const name = walked.slice(at + 1);
  if (name === '' || name === '.' || name === '..') return realPath(byteString(`${walked}/`));
  const parent = realPath(byteString(`${walked.slice(0, at)}/`));
  return parent === undefined ? undefined : byteString(path.posix.join(parent, name));
}

/** All links followed; undefined where there is no way to it. */
export function realPath(absolute: ByteString): ByteString | undefined {
  try {
    const real = fs.realpathSync.native(fsPath(absolute), 'buffer');
    return byteString(real.toString('latin1'));
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

/** Absolute, with every `..` in its place. */
export function walkedFrom(cwd: ByteString, named: ByteString): ByteString {
  return named.startsWith('/') ? named : byteString(`${cwd}/${named}`);
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
  const below = places.map((place) => byteString(place.slice(skip)));
  return { root, below: [...new Set(below)] };
}

export function lstatOf(place: ByteString): fs.Stats | undefined {
  try {
    return fs.lstatSync(fsPath(place), { throwIfNoEntry: false });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}
