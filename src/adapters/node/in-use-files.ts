/** Small looks at single files, whose answer is what is there, or nothing. */
import fs from 'node:fs';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { ContentMark, EngineHome } from '../../vault/core/torn-layout.ts';
import { contentMark, dirOf, homeEngineOf, MARK_SIZE } from '../../vault/core/torn-layout.ts';
import { errnoOf } from './errno.ts';
import { fsPath } from './syscalls-path.ts';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY, O_NOATIME } = fs.constants;
const FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
/** A pid file has a few lines; what is longer is none. */
const SMALL_SIZE_MAX = 4096;
/** The links to tablespaces of one cluster. */
const LINKS_MAX = 1000;

/** Undefined where the system refuses or nothing is there: both mean that it says nothing. */
export function ifAllowed<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

/** The link itself, not what it points to. */
export function statOf(path: ByteString): fs.BigIntStats | undefined {
  return ifAllowed(() => fs.lstatSync(fsPath(path), { bigint: true }));
}

export function identityOf(stat: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${stat.dev}:${stat.ino}`;
}

export function realPathOf(path: ByteString): ByteString {
  const real = ifAllowed(() => fs.realpathSync.native(fsPath(path), 'latin1'));
  return real === undefined ? path : byteString(real);
}

/** The first bytes of a regular file; undefined where they cannot be had. */
export function headOf(path: ByteString, size = SMALL_SIZE_MAX): ByteString | undefined {
  const file =
    ifAllowed(() => fs.openSync(fsPath(path), FLAGS | O_NOATIME)) ??
    ifAllowed(() => fs.openSync(fsPath(path), FLAGS));
  if (file === undefined) return undefined;
  try {
    const bytes = Buffer.alloc(size);
    const length = ifAllowed(() => fs.readSync(file, bytes, 0, size, 0));
    return length === undefined ? undefined : byteString(bytes.toString('latin1', 0, length));
  } finally {
    fs.closeSync(file);
  }
}

export function markOf(path: ByteString): ContentMark | undefined {
  const head = statOf(path)?.isFile() === true ? headOf(path, MARK_SIZE) : undefined;
  return head === undefined ? undefined : contentMark(head);
}

/** Directories that engines have laid out, each directory looked at once. */
export class EngineHomes {
  readonly #known = new Map<ByteString, EngineHome | undefined>();

  /** The nearest one, from `dir` upwards. */
  above(dir: ByteString): EngineHome | undefined {
    if (this.#known.has(dir)) return this.#known.get(dir);
    const engine = homeEngineOf((name) => statOf(within(dir, name)) !== undefined);
    const up = dirOf(dir);
    const home =
      engine === undefined ? (up === dir ? undefined : this.above(up)) : { path: dir, engine };
    this.#known.set(dir, home);
    return home;
  }
}

/** Where PostgreSQL keeps more of a cluster than its data directory. */
export function outsideParts(home: ByteString): readonly ByteString[] {
  const links = within(home, byteString('pg_tblspc'));
  const names = ifAllowed(() => fs.readdirSync(fsPath(links), 'latin1')) ?? [];
  return [
    within(home, byteString('pg_wal')),
    ...names.slice(0, LINKS_MAX).map((name) => within(links, byteString(name))),
  ]
    .filter((link) => statOf(link)?.isSymbolicLink() === true)
    .map(realPathOf);
}

export function within(dir: ByteString, name: ByteString): ByteString {
  return byteString(dir === '/' ? `/${name}` : `${dir}/${name}`);
}
