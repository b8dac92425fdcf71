/** Bytes that changed while size and times did not: bit rot at the source, or a lying file system. */
import type { ByteString, Digest } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import type { Source } from '../../host/source.ts';
import { STAT_CACHED, STAT_CTIME, STAT_INO } from '../../host/source.ts';
import type { Difference } from '../../manifest/core/diff.ts';
import { diffManifests } from '../../manifest/core/diff.ts';
import { parentOf } from '../../manifest/core/order.ts';
import type { LoadPage } from '../../manifest/core/page-load.ts';
import type { StatCache } from '../core/stat-cache.ts';
import { fileStatOf, namesOf, pathOf } from '../core/stat-cache.ts';
import { placeOf } from './walk-item.ts';

export interface SilentChangesPorts {
  readonly source: Source;
  readonly codec: Codec;
  readonly load: LoadPage;
}

export interface SilentChangesOf {
  /** Of the last run, with what it saw. */
  readonly before: { readonly root: Digest; readonly cache: StatCache };
  readonly after: Digest;
  /** Absolute path of the root. */
  readonly root: ByteString;
}

/** Paths below the root, in order. Both manifests are in the vault. */
export function silentChanges(ports: SilentChangesPorts, of: SilentChangesOf): ByteString[] {
  const { load, codec } = ports;
  const paths: ByteString[] = [];
  let dirs: ReadonlyMap<ByteString, number> | undefined;
  for (const found of diffManifests({ before: of.before.root, after: of.after, load })) {
    if (!isSuspicious(found)) continue;
    dirs ??= dirsOf(of.before.cache, codec);
    const old = oldWords(of.before.cache, dirs, { path: found.path, codec });
    if (old === undefined || isSameChange(ports.source, old, placeOf(of.root, found.path))) {
      paths.push(found.path);
    }
  }
  return paths;
}

function isSuspicious(found: Difference): boolean {
  if (found.kind !== 'changed' || !found.content) return false;
  const { before, after } = found;
  if (before.type !== 'file' || after.type !== 'file') return false;
  const isRead = [before, after].every((entry) => !entry.unreadable && !entry.inFlux);
  return isRead && before.size === after.size && before.mtime === after.mtime;
}

/**
 * Whoever writes and puts the mtime back moves the ctime. What was cached without one was young when
 * it was read, and may have changed since without a trace in all honesty.
 */
function isSameChange(source: Source, old: BigInt64Array, place: ByteString): boolean {
  const now = new BigInt64Array(STAT_CACHED);
  const slash = place.lastIndexOf('/');
  const dir = byteString(place.slice(0, slash));
  source.statMany(dir, [byteString(place.slice(slash + 1))], now);
  return old[STAT_CTIME] !== 0n && old[STAT_CTIME] === now[STAT_CTIME];
}

function dirsOf(cache: StatCache, codec: Codec): ReadonlyMap<ByteString, number> {
  const dirs = new Map<ByteString, number>();
  for (let dir = 0; dir < cache.dirCount; dir++) dirs.set(pathOf(cache, dir, codec), dir);
  return dirs;
}

/** Undefined where its file system is not trusted, so that size and mtime are all there is. */
function oldWords(
  cache: StatCache,
  dirs: ReadonlyMap<ByteString, number>,
  of: { readonly path: ByteString; readonly codec: Codec },
): BigInt64Array | undefined {
  const dir = dirs.get(parentOf(of.path) ?? of.path);
  if (dir === undefined) return undefined;
  const name = byteString(of.path.slice(of.path.lastIndexOf('/') + 1));
  const at = namesOf(cache, dir, of.codec).names.indexOf(name);
  if (at < 0) return undefined;
  const words = fileStatOf(cache, dir, at);
  return words[STAT_INO] === 0n ? undefined : words;
}
