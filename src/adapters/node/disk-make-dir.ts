import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';

/** What making directories needs of a file system, so that the simulated disk does it likewise. */
export interface DirectoryCalls {
  isDir(path: ByteString): boolean;
  /** One directory, mode 0700; no error where it is there already. */
  makeOne(path: ByteString): void;
  syncDir(path: ByteString): void;
  /** As `syncDir`; a directory that may not be read is passed over. */
  syncFound(path: ByteString): void;
}

/** Makes `path` and its parents, each durable before the next. W6 and W7 of docs/design/003. */
export function makeDurableDir(calls: DirectoryCalls, path: ByteString): void {
  const missing: ByteString[] = [];
  let found = path;
  while (!calls.isDir(found)) {
    missing.push(found);
    found = parentOf(found);
  }
  // Whoever made it may have been killed before it was durable. Those above it are: each is
  // synced before the next is made.
  calls.syncFound(parentOf(found));
  for (const each of missing.reverse()) {
    calls.makeOne(each);
    calls.syncDir(parentOf(each));
  }
}

/** `/` is its own parent, and so is `.`. */
export function parentOf(path: ByteString): ByteString {
  const bare = path.replace(/\/+$/, '');
  const slash = bare.lastIndexOf('/');
  if (slash < 0) return byteString(bare === '' ? '/' : '.');
  return byteString(slash === 0 ? '/' : bare.slice(0, slash));
}
