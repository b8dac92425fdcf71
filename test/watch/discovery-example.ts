import { byteString } from '../../src/base/bytes.ts';
import { GIB, MIB, minutes, seconds, unixMs } from '../../src/base/units.ts';
import type {
  Discovery,
  FileSystem,
  FoundBackup,
  FoundData,
} from '../../src/watch/core/discovery.ts';
import { NOW } from './estate-arbitrary.ts';
import { HOST, placeOn } from './estate-example.ts';

// What discovery would give for a small web server.

export function fileSystemAt(mountPoint: string, change: Partial<FileSystem> = {}): FileSystem {
  return {
    mountPoint: byteString(mountPoint),
    device: byteString('/dev/vda1'),
    type: 'ext4',
    class: 'local',
    isReadOnly: false,
    bytes: 252 * GIB,
    freeBytes: 80 * GIB,
    answer: 'answered',
    beneath: { disks: ['vda'], failuresSurvived: 0 },
    stack: 'vda1 on vda',
    unflushedMax: seconds(5),
    writeOptions: [],
    ...change,
  };
}

export function dataAt(path: string, change: Partial<FoundData> = {}): FoundData {
  return {
    kind: 'tree',
    path: byteString(path),
    place: placeOn('vda', path),
    bytes: GIB,
    entries: 1000,
    newestChange: unixMs(NOW - minutes(4)),
    isComplete: true,
    isInUse: false,
    notes: [],
    unflushedMax: seconds(5),
    ...change,
  };
}

export const RESTIC: FoundBackup = {
  tool: 'restic',
  foundBy: ['timer'],
  traces: ['restic-backup.timer'],
  repository: 's3:s3.example.org/web1',
  place: undefined,
  lastRun: unixMs(NOW - minutes(552)),
  lastWritten: undefined,
  jobPaths: [byteString('/home')],
  openCommand: 'holdfast connect restic s3:s3.example.org/web1',
  count: 1,
};

export const DISCOVERY: Discovery = {
  host: HOST,
  seenAt: NOW,
  tookMs: seconds(2),
  user: { name: 'ann', isRoot: false },
  disks: [
    { name: 'vda', bytes: 256 * GIB, model: undefined, isRotational: false, isRemovable: false },
  ],
  writes: {
    ...{ dirtyExpireMs: seconds(30), dirtyWritebackMs: seconds(5), xfsSyncMs: seconds(30) },
    zfsGroupMs: undefined,
    engines: [
      {
        ...{ kind: 'postgres', path: byteString('/var/lib/postgresql/15/main'), fsync: true },
        ...{ fullPageWrites: true, synchronousCommit: 'on', walWriterDelayMs: 200 },
      },
    ],
  },
  fileSystems: [
    fileSystemAt('/'),
    fileSystemAt('/mnt/usb', { beneath: { disks: ['sdb'], failuresSurvived: 0 } }),
    fileSystemAt('/mnt/nas', {
      device: byteString('nas:/export/web1'),
      type: 'nfs4',
      class: 'network',
      answer: 'not answering',
      bytes: undefined,
      freeBytes: undefined,
      beneath: undefined,
      stack: undefined,
      unflushedMax: seconds(30),
    }),
  ],
  data: [
    dataAt('/srv/www', { kind: 'www', bytes: 212 * GIB }),
    dataAt('/home/ann', { kind: 'home', bytes: 3.6 * GIB, notes: ['4 git trees'] }),
    dataAt('/etc', { kind: 'config', bytes: 6 * MIB, newestChange: unixMs(NOW - minutes(4320)) }),
    dataAt('/var/lib/postgresql/15/main', { kind: 'postgres', bytes: 41 * GIB, isInUse: true }),
  ],
  backups: [],
  looked: [
    { where: 'directories under /home', count: 1204, cut: 'stopped after 10 s' },
    { where: 'systemd timers', count: 9, cut: undefined },
    { where: 'crontabs', count: 4, cut: undefined },
  ],
  notSeen: [
    {
      what: 'crontabs of others',
      why: 'not readable as ann',
      command: 'sudo holdfast up',
      path: byteString('/var/spool/cron/crontabs'),
    },
  ],
};
