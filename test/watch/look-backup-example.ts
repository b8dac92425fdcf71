import { byteString } from '../../src/base/bytes.ts';
import { hours, unixMs } from '../../src/base/units.ts';
import type { BackupTool, FoundBackup } from '../../src/watch/core/discovery.ts';
import { NOW } from './estate-arbitrary.ts';

/** A job's backup, as discovery on its host would show it. @param here where it is a path of `here` */
export function backupAt(tool: BackupTool, repository: string, here?: string): FoundBackup {
  const there = /^(?:ssh:\/\/|s3:https:\/\/)(?:[^@/]*@)?([^/:]+)/.exec(repository)?.[1] ?? 'x';
  return {
    ...{ tool, repository, traces: [`/etc/cron.d/${tool}`], foundBy: ['cron'], count: 1 },
    place: {
      host: here ?? `server ${there}`,
      beneath: undefined,
      path: here === undefined ? undefined : byteString(repository),
    },
    lastRun: unixMs(NOW - hours(9)),
    ...{ lastWritten: undefined, jobPaths: undefined },
    openCommand: `holdfast connect ${tool} ${repository}`,
  };
}

export const NO_TIME = { lastRun: undefined, lastWritten: undefined };
