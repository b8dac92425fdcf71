/** What all recordings need: trees as lists, scratch places, programs. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DayFile } from './days.ts';

export const DAY_MS = 86_400_000;
/** Of recordings without dates of their own. */
export const FIRST_DAY = Date.UTC(2026, 0, 5, 3, 30);
export const DIGEST_DIGITS = 6;

export type MtimeOf = (stat: fs.Stats) => number | undefined;

export function filesBelow(root: string, mtimeOf: MtimeOf): ReadonlyMap<string, DayFile> {
  const files = namesBelow(root).flatMap((name): (readonly [string, DayFile])[] => {
    const at = path.join(root, name);
    const stat = fs.lstatSync(at);
    const mtime = mtimeOf(stat);
    const times = mtime === undefined ? {} : { mtime };
    if (stat.isSymbolicLink())
      return [[name, { size: 0, digest: short(fs.readlinkSync(at)), ...times }]];
    if (!stat.isFile()) return [];
    return [[name, { size: stat.size, digest: short(fs.readFileSync(at)), ...times }]];
  });
  return sorted(files);
}

/** A recursive `readdir` follows links: `/var/run` of another root leads to that of this machine. */
function namesBelow(root: string, below = ''): readonly string[] {
  return fs.readdirSync(path.join(root, below), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(below, entry.name);
    return entry.isDirectory() ? [name, ...namesBelow(root, name)] : [name];
  });
}

export function sorted(files: Iterable<readonly [string, DayFile]>): ReadonlyMap<string, DayFile> {
  return new Map([...files].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
}

export function short(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, DIGEST_DIGITS);
}

export function inScratch<T>(work: (dir: string) => T): T {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-record-'));
  try {
    return work(dir);
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

export function run(program: string, args: readonly string[], cwd?: string): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'ignore'],
    ...(cwd !== undefined && { cwd }),
  });
}
