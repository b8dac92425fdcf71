/** The oldest C library that what is delivered runs with, read from the programs themselves. */
import * as fs from 'node:fs';
import path from 'node:path';

/** Debian 10, RHEL 8, Ubuntu 20.04 (2.31) and all that came later. */
export const GLIBC_FLOOR = '2.28';
/**
 * Not needed by the agent: commands that keep a ledger, and the server. Its makers build it on a
 * newer system.
 */
const NEWER_IS_KNOWN = /^node_modules\/better-sqlite3\//;

export interface Floor {
  readonly file: string;
  readonly glibc: string;
  readonly isKnown: boolean;
}

/** Each program and library below `top` with the newest version of glibc that it names. */
export function floorsOf(top: string): readonly Floor[] {
  const names = fs.readdirSync(top, { recursive: true, encoding: 'utf8' }).sort();
  return names
    .filter((name) => name === 'bin/node' || name.endsWith('.node'))
    .map((file) => ({
      file,
      glibc: newestIn(fs.readFileSync(path.join(top, file))),
      isKnown: NEWER_IS_KNOWN.test(file),
    }));
}

export const isNewer = (one: string, other: string): boolean => {
  const [a, b] = [partsOf(one), partsOf(other)];
  return a.major !== b.major ? a.major > b.major : a.minor > b.minor;
};

function newestIn(bytes: Buffer): string {
  let newest = '2.0';
  for (const [, version = ''] of bytes.toString('latin1').matchAll(/GLIBC_(2\.[0-9]{1,3})\b/g)) {
    if (isNewer(version, newest)) newest = version;
  }
  return newest;
}

function partsOf(version: string): { readonly major: number; readonly minor: number } {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return { major, minor };
}
