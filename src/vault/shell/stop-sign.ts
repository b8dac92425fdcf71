import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { isQuarantineName } from '../../base/own-places.ts';
import { FROZEN_DIR } from '../../host/frozen-source.ts';
import type { DirHandle } from '../../host/source.ts';
import { STAT_WORDS } from '../../host/source.ts';
import { countBelow } from './count-left-out.ts';
import type { NotEntered } from '../../manifest/core/entry-fields.ts';
import type { ItemMark } from './walk-item.ts';
import type { WalkOptions } from './walk-options.ts';
import { errnoOf, placeOf } from './walk-item.ts';

const CACHE_TAG = byteString('CACHEDIR.TAG');
const NO_BACKUP = byteString('.nobackup');
/** https://bford.info/cachedir/ */
const CACHE_SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55';

/** What must not be opened, or need not be: looked up by path alone, so that nothing can hang. */
export function stopBeforeOpening(options: WalkOptions, path: ByteString): ItemMark | undefined {
  const place = placeOf(options.place, path);
  if (options.otherFileSystems?.has(path) === true) {
    options.report.notEntered(path, { why: 'mount', bytes: undefined });
    return { notEntered: 'mount' };
  }
  const name = byteString(path.slice(path.lastIndexOf('/') + 1));
  if (name === FROZEN_DIR || (path !== '' && isQuarantineName(name))) {
    options.report.notEntered(path, { why: 'holdfast', bytes: undefined });
    return { notEntered: 'holdfast' };
  }
  const mount = options.mounts.at(place);
  if (mount === undefined) return undefined;
  if (mount.isPseudo || options.oneFileSystem) {
    const bytes = mount.isRemote ? undefined : options.mounts.usedBytes(place);
    options.report.notEntered(path, { why: 'mount', bytes });
    return mount.isRemote ? { notEntered: 'mount', untouched: true } : { notEntered: 'mount' };
  }
  if (mount.isRemote && !options.mounts.answers(place)) {
    return { unreadable: 'ETIMEDOUT', untouched: true };
  }
  return undefined;
}

/** Why an opened directory is recorded and not entered. The root is always entered. */
export function stopAfterOpening(
  options: WalkOptions,
  dir: {
    readonly path: ByteString;
    readonly handle: DirHandle;
    readonly identity: string;
    /** On another device than the root. */
    readonly isForeign: boolean;
  },
): ItemMark | undefined {
  if (options.ownDirs.has(dir.identity)) return stop(options, { ...dir, why: 'holdfast' });
  if (dir.path === '') return undefined;
  if (isSubvolumeLeftOut(options, dir)) {
    options.report.notEntered(dir.path, { why: 'subvolume', bytes: undefined });
    return { notEntered: 'subvolume' };
  }
  if (dir.isForeign && options.oneFileSystem) return stop(options, { ...dir, why: 'subvolume' });
  if (options.skipCacheDirs && hasCacheTag(options, dir.handle)) {
    return stop(options, { ...dir, why: 'cachedir' });
  }
  if (options.skipNoBackup && has(options, dir.handle)) {
    return stop(options, { ...dir, why: 'nobackup' });
  }
  return undefined;
}

/** A btrfs snapshot ends at each subvolume in it, where it has an empty directory of this number. */
function isSubvolumeLeftOut(
  options: WalkOptions,
  dir: { readonly path: ByteString; readonly identity: string },
): boolean {
  if (options.otherFileSystems === undefined || !dir.identity.endsWith(':2')) return false;
  return options.mounts.holding(placeOf(options.place, dir.path))?.fsType === 'btrfs';
}

function stop(
  options: WalkOptions,
  dir: { readonly path: ByteString; readonly handle: DirHandle; readonly why: NotEntered },
): ItemMark {
  const place = placeOf(options.place, dir.path);
  const { bytes } = countBelow(options, { handle: dir.handle, place });
  options.report.notEntered(dir.path, { why: dir.why, bytes });
  return { notEntered: dir.why };
}

function hasCacheTag(options: WalkOptions, dir: DirHandle): boolean {
  const start = new Uint8Array(CACHE_SIGNATURE.length);
  try {
    const file = options.source.openFile(dir, CACHE_TAG);
    try {
      options.source.read(file, start, 0);
    } finally {
      options.source.closeFile(file);
    }
  } catch (error) {
    errnoOf(error);
    return false;
  }
  return options.codec.textOf(start) === byteString(CACHE_SIGNATURE);
}

function has(options: WalkOptions, dir: DirHandle): boolean {
  try {
    options.source.stat(dir, NO_BACKUP, new BigInt64Array(STAT_WORDS));
    return true;
  } catch (error) {
    errnoOf(error);
    return false;
  }
}
