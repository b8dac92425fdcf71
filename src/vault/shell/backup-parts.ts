/** What a backup asks of paths, options and errors. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { BackupRequest } from './backup-request.ts';

/** Those of `places` that lie at or below `root`, as paths below it. */
export function belowOf(root: ByteString, places: readonly ByteString[]): ByteString[] {
  const above = root === '/' ? '/' : `${root}/`;
  return places
    .filter((place) => place.startsWith(above))
    .map((place) => byteString(place.slice(above.length)));
}

/** A page or list of an earlier snapshot is damaged or gone. */
export function isLostName(error: unknown): error is Fault {
  return error instanceof Fault && LOST_NAMES.has(error.code);
}

const LOST_NAMES: ReadonlySet<string> = new Set([
  'HF_OBJECT_CORRUPT',
  'HF_OBJECT_MISSING',
  'HF_MANIFEST_CORRUPT',
  'HF_DATA_KEY_ABSENT',
]);

/** The path and all directories above it, without the root. */
export function ancestorsOf(path: ByteString): ByteString[] {
  const parts = path === '' ? [] : path.split('/');
  return parts.map((_, at) => byteString(parts.slice(0, at + 1).join('/')));
}

/** Everything that decides what is captured; another text is another tree. */
export function optionsText(request: BackupRequest): string {
  const { excludeRules, oneFileSystem, skipCacheDirs, skipNoBackup } = request;
  return JSON.stringify({ excludeRules, oneFileSystem, skipCacheDirs, skipNoBackup });
}

/** What a root is called when it is restored beside others: the last component of its path. */
export function rootNames(paths: readonly ByteString[]): readonly ByteString[] {
  const names = paths.map((path) => byteString(path.slice(path.lastIndexOf('/') + 1) || 'root'));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new Fault('HF_ROOT_NAMES_COLLIDE', `two of the paths end in ${twice}`, { name: twice });
  }
  return names;
}
