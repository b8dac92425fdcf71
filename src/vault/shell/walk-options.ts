import type { ByteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import type { Excludes } from '../../host/excludes.ts';
import type { Mounts } from '../../host/mounts.ts';
import type { Source } from '../../host/source.ts';
import type { StatCache } from '../core/stat-cache.ts';
import type { CacheBuilder } from './cache-builder.ts';
import type { WalkReport } from './walk-report.ts';

export interface WalkOptions {
  readonly source: Source;
  readonly codec: Codec;
  readonly mounts: Mounts;
  readonly excludes: Excludes;
  /** Absolute path of the directory, as a person named it. */
  readonly root: ByteString;
  /** The same with symlinks resolved, as mount tables know it. */
  readonly place: ByteString;
  readonly oneFileSystem: boolean;
  readonly skipCacheDirs: boolean;
  readonly skipNoBackup: boolean;
  /** `device:inode` of Holdfast's own vault, state and scratch. */
  readonly ownDirs: ReadonlySet<string>;
  /** Of a frozen view: paths at which the host has another file system; undefined for a live tree. */
  readonly otherFileSystems: ReadonlySet<ByteString> | undefined;
  readonly builder: CacheBuilder;
  readonly report: WalkReport;
  readonly old: { readonly cache: StatCache; readonly changed: Uint32Array } | undefined;
}
