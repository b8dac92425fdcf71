/** Somebody who works in a tree: random edits from a seed, each told in words. */
import fs from 'node:fs';
import type { Seeded } from '../../sim/seeded.ts';

/** Some sort between a directory and what is in it, some are no UTF-8, some are excluded. */
const NAMES = [
  'a',
  'a.',
  'a-',
  'a0',
  'b',
  'ab',
  'x\xff',
  'n\nl',
  'k.tmp',
  'skip',
  'B',
  'z',
] as const;
const DEPTH_MAX = 6;
const SIZES = [0, 1, 100, 4096, 70_000] as const;
const LARGE_SIZE = 1_300_000;
const CACHE_TAG = 'Signature: 8a477f597d28d172789f06886806bc55\n';

export const EDIT_RULES: readonly string[] = ['*.tmp', 'skip/', '!/a/k.tmp', '/b/ab', 'z/**/a0'];

type Act = (edits: RandomEdits) => string | undefined;

export class RandomEdits {
  readonly seeded: Seeded;
  readonly #top: string;
  /** Outside the tree, on the same file system: directories are moved there and back. */
  readonly #outside: string;

  constructor(of: { readonly seeded: Seeded; readonly tree: string; readonly outside: string }) {
    this.seeded = of.seeded;
    this.#top = of.tree;
    this.#outside = of.outside;
    fs.mkdirSync(of.outside, { recursive: true });
  }

  /** Does one edit and says what it did. */
  step(): string {
    for (;;) {
      const act = ACTS[this.seeded.below(ACTS.length)];
      try {
        const told = act?.(this);
        if (told !== undefined) return told;
      } catch (error) {
        // What cannot be done here (a name is taken, a directory is not empty) is not done.
        if (!(error instanceof Error && 'code' in error)) throw error;
      }
    }
  }

  at(path: string): Buffer {
    return Buffer.from(path === '' ? this.#top : `${this.#top}/${path}`, 'latin1');
  }

  parked(name: string): Buffer {
    return Buffer.from(`${this.#outside}/${name}`, 'latin1');
  }

  parkedNames(): readonly string[] {
    return fs.readdirSync(this.#outside, { encoding: 'latin1' });
  }

  name(): string {
    return NAMES[this.seeded.below(NAMES.length)] ?? 'a';
  }

  /** A path that may or may not be taken. */
  newPath(): string | undefined {
    const dir = this.pick('dir');
    if (dir === undefined || dir.split('/').length >= DEPTH_MAX) return undefined;
    return dir === '' ? this.name() : `${dir}/${this.name()}`;
  }

  /** Something that is there; the top counts as a directory. */
  pick(kind: 'dir' | 'file' | 'any'): string | undefined {
    const all = kind === 'dir' ? [''] : [];
    this.#collect('', kind, all);
    return all[this.seeded.below(Math.max(1, all.length))];
  }

  bytes(): Buffer {
    const size = this.seeded.below(40) === 0 ? LARGE_SIZE : (SIZES[this.seeded.below(5)] ?? 0);
    return Buffer.alloc(size, `${this.seeded.below(1_000_000)} `);
  }

  #collect(dir: string, kind: 'dir' | 'file' | 'any', into: string[]): void {
    const found = fs.readdirSync(this.at(dir), { withFileTypes: true, encoding: 'latin1' });
    for (const entry of found) {
      const path = dir === '' ? entry.name : `${dir}/${entry.name}`;
      if (kind === 'any' || (kind === 'dir' ? entry.isDirectory() : entry.isFile()))
        into.push(path);
      if (entry.isDirectory()) this.#collect(path, kind, into);
    }
  }
}

function makeFile(edits: RandomEdits): string | undefined {
  const path = edits.newPath();
  if (path === undefined) return undefined;
  fs.rmSync(edits.at(path), { force: true });
  fs.writeFileSync(edits.at(path), edits.bytes());
  return `file ${path}`;
}

function makeDir(edits: RandomEdits): string | undefined {
  const path = edits.newPath();
  if (path === undefined) return undefined;
  fs.mkdirSync(edits.at(path));
  if (edits.seeded.isTrue(0.5))
    fs.writeFileSync(edits.at(`${path}/${edits.name()}`), edits.bytes());
  return `dir ${path}`;
}

function append(edits: RandomEdits): string | undefined {
  const path = edits.pick('file');
  if (path === undefined) return undefined;
  fs.appendFileSync(edits.at(path), 'x');
  return `append ${path}`;
}

/** Same size, time put back: only ctime tells. */
function rewrite(edits: RandomEdits): string | undefined {
  const path = edits.pick('file');
  if (path === undefined) return undefined;
  const { size, atime, mtime } = fs.statSync(edits.at(path));
  fs.writeFileSync(edits.at(path), Buffer.alloc(size, `${edits.seeded.below(1_000_000)}`));
  fs.utimesSync(edits.at(path), atime, mtime);
  return `rewrite ${path}`;
}

function remove(edits: RandomEdits): string | undefined {
  const path = edits.pick('any');
  if (path === undefined) return undefined;
  fs.rmSync(edits.at(path), { recursive: true });
  return `remove ${path}`;
}

function rename(edits: RandomEdits): string | undefined {
  const [from, to] = [edits.pick('any'), edits.newPath()];
  if (from === undefined || to === undefined) return undefined;
  fs.renameSync(edits.at(from), edits.at(to));
  return `rename ${from} -> ${to}`;
}

function renameDir(edits: RandomEdits): string | undefined {
  const [from, to] = [edits.pick('dir'), edits.newPath()];
  if (from === undefined || from === '' || to === undefined) return undefined;
  fs.renameSync(edits.at(from), edits.at(to));
  return `rename ${from} -> ${to}`;
}

function chmod(edits: RandomEdits): string | undefined {
  const path = edits.pick(edits.seeded.isTrue(0.5) ? 'dir' : 'file');
  if (path === undefined) return undefined;
  const mode = 0o600 + edits.seeded.below(0o200);
  fs.chmodSync(edits.at(path), mode);
  return `chmod ${path} ${mode.toString(8)}`;
}

function link(edits: RandomEdits): string | undefined {
  const [from, to] = [edits.pick('file'), edits.newPath()];
  if (from === undefined || to === undefined) return undefined;
  fs.linkSync(edits.at(from), edits.at(to));
  return `link ${from} -> ${to}`;
}

function symlink(edits: RandomEdits): string | undefined {
  const path = edits.newPath();
  if (path === undefined) return undefined;
  fs.rmSync(edits.at(path), { force: true });
  fs.symlinkSync(edits.seeded.isTrue(0.5) ? '.' : 'nowhere', edits.at(path));
  return `symlink ${path}`;
}

function touch(edits: RandomEdits): string | undefined {
  const path = edits.pick('any');
  if (path === undefined) return undefined;
  fs.lutimesSync(edits.at(path), 1, edits.seeded.below(2_000_000_000));
  return `touch ${path}`;
}

/** A file becomes a directory, or the other way. */
function changeType(edits: RandomEdits): string | undefined {
  const path = edits.pick('any');
  if (path === undefined) return undefined;
  const isDir = fs.lstatSync(edits.at(path)).isDirectory();
  fs.rmSync(edits.at(path), { recursive: true });
  if (isDir) fs.writeFileSync(edits.at(path), edits.bytes());
  else fs.mkdirSync(edits.at(path));
  return `${isDir ? 'dir to file' : 'to dir'} ${path}`;
}

/** Moved out of the tree as it is; its own times and those of its files stay as they were. */
function park(edits: RandomEdits): string | undefined {
  const path = edits.pick('dir');
  const name = edits.name();
  if (path === undefined || path === '' || edits.parkedNames().includes(name)) return undefined;
  fs.renameSync(edits.at(path), edits.parked(name));
  return `park ${path} as ${name}`;
}

function unpark(edits: RandomEdits): string | undefined {
  const names = edits.parkedNames();
  const name = names[edits.seeded.below(Math.max(1, names.length))];
  const path = edits.newPath();
  if (name === undefined || path === undefined) return undefined;
  fs.renameSync(edits.parked(name), edits.at(path));
  return `unpark ${name} as ${path}`;
}

function mark(edits: RandomEdits): string | undefined {
  const dir = edits.pick('dir');
  if (dir === undefined || dir === '') return undefined;
  const [name, text] = edits.seeded.isTrue(0.5) ? ['.nobackup', ''] : ['CACHEDIR.TAG', CACHE_TAG];
  const path = edits.at(`${dir}/${name}`);
  if (fs.existsSync(path)) {
    fs.rmSync(path);
    return `unmark ${dir}`;
  }
  fs.writeFileSync(path, text);
  return `mark ${dir} ${name}`;
}

function swap(edits: RandomEdits): string | undefined {
  const [a, b] = [edits.pick('any'), edits.pick('any')];
  if (a === undefined || b === undefined || a.startsWith(b) || b.startsWith(a)) return undefined;
  fs.renameSync(edits.at(a), edits.parked('swap'));
  fs.renameSync(edits.at(b), edits.at(a));
  fs.renameSync(edits.parked('swap'), edits.at(b));
  return `swap ${a} ${b}`;
}

const ACTS: readonly Act[] = [
  ...[makeFile, makeFile, makeFile, makeDir, makeDir, append, rewrite, remove, rename, renameDir],
  ...[renameDir, chmod, link, link, symlink, touch, changeType, park, unpark, unpark, mark, swap],
];
