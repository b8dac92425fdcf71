import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { DirHandle, GuardedDir } from '../../host/source.ts';
import { SourceFailure } from '../../host/source.ts';
import type { NotEntered } from '../../manifest/core/entry-fields.ts';

/** Why an entry stands for more or less than itself. An empty one: it need not be opened. */
export interface ItemMark {
  readonly notEntered?: NotEntered;
  /** Error name; the content or listing could not be had. */
  readonly unreadable?: string;
  /** As what it was listed, should it not be possible to look. */
  readonly isDir?: true;
  /** It must not even be looked at: whatever lies there does not answer. */
  readonly untouched?: true;
}

export interface BatchItem {
  readonly path: ByteString;
  /** Handle to look from; the entry is `name` in it, or the handle itself where `name` is empty. */
  readonly dir: DirHandle;
  readonly name: ByteString;
  readonly mark: ItemMark | undefined;
  /** Where `dir` is a handle of the walk's thread alone: the same directory, for others to open. */
  readonly guard?: GuardedDir;
}

/** The error name of a failed look; a bug goes on. */
export function errnoOf(error: unknown): string {
  if (error instanceof SourceFailure) return error.errno;
  throw error;
}

export function join(dir: ByteString, name: ByteString): ByteString {
  return dir === '' ? name : byteString(`${dir}/${name}`);
}

/** The absolute path of something in a root. @param root absolute */
export function placeOf(root: ByteString, path: ByteString): ByteString {
  if (path === '') return root;
  return byteString(root === '/' ? `/${path}` : `${root}/${path}`);
}
