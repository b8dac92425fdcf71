import { type ByteString, byteString } from '../../base/bytes.ts';
import type { StatfsAnswer } from './statfs-child.ts';

export interface EntrySeen {
  readonly name: ByteString;
  readonly type: 'directory' | 'file' | 'link' | 'other';
}

export interface StatSeen {
  readonly type: EntrySeen['type'];
  readonly bytes: number;
  readonly changedMs: number;
}

/**
 * A machine as discovery may read it: this one, or another by what a look at it sent. Never below a
 * mount that may not answer, never more than a bounded piece. What is refused is remembered, so that
 * it can be said; what is not there is simply undefined.
 */
export interface World {
  /** Mount points of file systems that may hang: nothing at or below them is asked for. */
  avoid(mountPoints: readonly ByteString[]): void;
  isUntouchable(path: string): boolean;
  /** Paths that this user may not read, in the order met. */
  readonly denied: readonly ByteString[];
  list(path: ByteString): readonly EntrySeen[] | undefined;
  stat(path: ByteString): StatSeen | undefined;
  /** The first `bytesMax` bytes of a regular file, one character a byte. Follows links. */
  read(path: ByteString, bytesMax?: number): string | undefined;
  link(path: ByteString): ByteString | undefined;
  /** Sizes of a file system that is known to answer. */
  statfs(path: ByteString): { readonly bytes: number; readonly freeBytes: number } | undefined;
  /** Sizes of a mount that may never answer; undefined where it was not asked. */
  askMount(mountPoint: ByteString): Promise<StatfsAnswer | undefined>;
  /** The crontab of whoever looks, which `crontab` may read where its directory may not be. */
  ownCrontab(): Promise<string | undefined>;
}

export const READ_BYTES_MAX = 256 * 1024;
/** Above this a sparse file counts with what it has allocated; below, inlined data have no blocks. */
const SPARSE_BYTES_MIN = 1024 * 1024;
const LINKS_MAX = 8;

/** What a file counts with. @param blocks of 512 bytes */
export function bytesCounted(bytes: number, blocks: number): number {
  const allocated = blocks * 512;
  return bytes > SPARSE_BYTES_MIN && allocated < bytes ? allocated : bytes;
}

export function isBelowAny(path: string, ancestors: ReadonlySet<string>): boolean {
  if (ancestors.size === 0) return false;
  for (let at = path.length; at > 0; at = path.lastIndexOf('/', at - 1)) {
    if (ancestors.has(path.slice(0, at))) return true;
  }
  return false;
}

/** Where a link leads, inside the root; undefined where that may hang or leads nowhere. */
export function followed(
  world: Pick<World, 'isUntouchable' | 'stat' | 'link'>,
  path: ByteString,
): ByteString | undefined {
  let at = path;
  for (let hop = 0; hop < LINKS_MAX; hop++) {
    if (world.isUntouchable(at)) return undefined;
    if (world.stat(at)?.type !== 'link') return at;
    const target = world.link(at);
    if (target === undefined) return undefined;
    at = resolvePath(at.slice(0, at.lastIndexOf('/')), target);
  }
  return undefined;
}

function resolvePath(directory: string, target: string): ByteString {
  const parts: string[] = [];
  for (const part of (target.startsWith('/') ? target : `${directory}/${target}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return byteString(`/${parts.join('/')}`);
}

/** `directory/name`, for a name that `list` gave. */
export function joinPath(directory: string, name: string): ByteString {
  return byteString(directory === '/' ? `/${name}` : `${directory}/${name}`);
}
