import type { ByteString } from '../../base/bytes.ts';
import type { DurationMs, UnixMs } from '../../base/units.ts';
import type { Beneath, Place } from './place.ts';

/** What one look at one machine saw. Data only: nothing here is called safe or lost. */
export interface Discovery {
  readonly host: string;
  readonly seenAt: UnixMs;
  readonly tookMs: DurationMs;
  readonly user: { readonly name: string; readonly isRoot: boolean };
  readonly disks: readonly Disk[];
  readonly fileSystems: readonly FileSystem[];
  /** Absent: not looked at. */
  readonly writes?: WriteSettings;
  readonly data: readonly FoundData[];
  readonly backups: readonly FoundBackup[];
  /** Where was looked, so that "nothing found" means something. */
  readonly looked: readonly Looked[];
  /** What could not be seen, why, and what would show it. Never the same as absent. */
  readonly notSeen: readonly NotSeen[];
}

export interface Disk {
  readonly name: string;
  readonly bytes: number;
  readonly model: string | undefined;
  readonly isRotational: boolean | undefined;
  readonly isRemovable: boolean;
  /** `write back`: what was written may be in its memory until it is flushed. Absent: not seen. */
  readonly writeCache?: 'write back' | 'write through';
}

/** `local` file systems are data's home; `memory` and `kernel` ones hold nothing that is kept. */
export type FileSystemClass =
  | 'local'
  | 'network'
  | 'fuse'
  | 'overlay'
  | 'memory'
  | 'kernel'
  | 'image';

export interface FileSystem {
  readonly mountPoint: ByteString;
  readonly device: ByteString;
  readonly type: string;
  readonly class: FileSystemClass;
  readonly isReadOnly: boolean;
  /** Sizes by statfs; undefined where it was not asked or did not answer. */
  readonly bytes: number | undefined;
  readonly freeBytes: number | undefined;
  readonly answer: 'answered' | 'not answering' | 'refused' | 'not asked';
  readonly beneath: Beneath | undefined;
  /** What lies beneath in words, for example `md0 (raid1) on sda, sdb; 1 of 2 present`. */
  readonly stack: string | undefined;
  readonly unflushedMax: DurationMs;
  /** Mount options that decide when a write is on disk. Absent: not seen. */
  readonly writeOptions?: readonly string[];
}

/** What else decides when a write is on disk. Undefined: not seen. */
export interface WriteSettings {
  /** `vm.dirty_expire_centisecs`: what is older is written. */
  readonly dirtyExpireMs: number | undefined;
  /** `vm.dirty_writeback_centisecs`: how often that is looked for; 0: never. */
  readonly dirtyWritebackMs: number | undefined;
  /** `fs.xfs.xfssyncd_centisecs`. */
  readonly xfsSyncMs: number | undefined;
  /** `zfs_txg_timeout`. */
  readonly zfsGroupMs: number | undefined;
  readonly engines: readonly EngineSettings[];
}

/** Of one database, as its configuration says. Undefined: not seen. */
export type EngineSettings =
  | {
      readonly kind: 'postgres';
      readonly path: ByteString;
      readonly fsync: boolean | undefined;
      readonly fullPageWrites: boolean | undefined;
      /** `off`, or any other word: then a commit waits until it is on disk. */
      readonly synchronousCommit: string | undefined;
      readonly walWriterDelayMs: number | undefined;
    }
  | {
      readonly kind: 'mysql';
      readonly path: ByteString;
      readonly flushLogAtCommit: number | undefined;
      readonly flushLogTimeoutMs: number | undefined;
      readonly doublewrite: boolean | undefined;
      readonly flushMethod: string | undefined;
      readonly syncBinlog: number | undefined;
    };

export type DataKind =
  | 'tree'
  | 'home'
  | 'www'
  | 'config'
  | 'repository'
  | 'image'
  | 'postgres'
  | 'mysql'
  | 'mongodb'
  | 'sqlite';

export interface FoundData {
  readonly kind: DataKind;
  readonly path: ByteString;
  readonly place: Place;
  readonly bytes: number;
  readonly entries: number;
  /** The newest change seen; undefined where nothing could be read. */
  readonly newestChange: UnixMs | undefined;
  /** False where the walk was cut or something was unreadable: figures then read "at least". */
  readonly isComplete: boolean;
  /** An engine or a guest has it open now: a plain copy of it would be torn. */
  readonly isInUse: boolean;
  /** What else was noticed, in words: `3 git trees`, `PostgreSQL 15`. */
  readonly notes: readonly string[];
  readonly unflushedMax: DurationMs;
}

export type BackupTool =
  | 'restic'
  | 'borg'
  | 'borgmatic'
  | 'rsnapshot'
  | 'duplicity'
  | 'pgbackrest'
  | 'barman'
  | 'wal-g'
  | 'pg_dump'
  | 'mysqldump'
  | 'mongodump'
  | 'kopia'
  | 'bacula'
  | 'proxmox'
  | 'rsync'
  | 'rclone'
  | 'zfs snapshots'
  | 'btrfs snapshots'
  | 'lvm snapshots'
  | 'dump file';

export type FoundBy = 'process' | 'timer' | 'cron' | 'configuration' | 'files';

export interface FoundBackup {
  readonly tool: BackupTool;
  readonly foundBy: readonly FoundBy[];
  /** Where each trace was found: a unit, a crontab, a file. */
  readonly traces: readonly string[];
  /** The repository as the traces name it, without secrets; undefined where none does. */
  readonly repository: string | undefined;
  /** Where it lies, where that is a path on this machine or is known to be another's. */
  readonly place: Place | undefined;
  readonly lastRun: UnixMs | undefined;
  readonly lastWritten: UnixMs | undefined;
  /** Paths that its job names; undefined where no job was seen or it names none. */
  readonly jobPaths: readonly ByteString[] | undefined;
  /** Nothing that lies elsewhere can be in it; undefined where it may hold anything. */
  readonly holdsOnly?: readonly ByteString[];
  /** What its job copies here from other hosts, as it names them: `web1:/srv/www`. */
  readonly fetches?: readonly string[];
  /** The tool's own command that lists what it holds. */
  readonly openCommand: string;
  /** How many it stands for: dump files of one directory are one row. */
  readonly count: number;
}

export interface Looked {
  /** What for and where, in words: `directories under /home`. */
  readonly where: string;
  readonly count: number;
  /** Undefined where it was looked through to the end; else why it ended early. */
  readonly cut: string | undefined;
}

export interface NotSeen {
  readonly what: string;
  readonly why: string;
  /** What would show it. */
  readonly command: string | undefined;
  /** The places concerned, where there are any: data below is not known to be absent. */
  readonly path: ByteString | undefined;
}
