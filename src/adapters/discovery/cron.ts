import { type ByteString, byteString } from '../../base/bytes.ts';
import { backupsInLine } from './backup-command.ts';
import {
  type BackupTrace,
  type JobLine,
  type ReadLine,
  readLine,
  readScript,
  VARIABLES_MAX,
} from './backup-trace.ts';
import { joinPath, type World } from './world.ts';

const SYSTEM_TABLES = ['/etc/crontab', '/etc/anacrontab'];
const PERIODIC = ['/etc/cron.hourly', '/etc/cron.daily', '/etc/cron.weekly', '/etc/cron.monthly'];
const SPOOLS = ['/var/spool/cron/crontabs', '/var/spool/cron', '/var/spool/cron/tabs'];

export interface CronSeen {
  readonly traces: readonly BackupTrace[];
  /** Tables and scripts that were read. */
  readonly count: number;
}

/** A line that cron runs, or a script of a directory that it runs. */
export type CronJob = { readonly trace: string } & (JobLine | { readonly script: string });

/** Backups named by cron lines, and by the scripts that cron runs. */
export async function seeCron(world: World): Promise<CronSeen> {
  const { jobs, count } = await cronJobs(world);
  const traces = jobs.flatMap((job) =>
    readJob(world, job, backupsInLine).map((command) => ({
      ...command,
      by: 'cron' as const,
      trace: job.trace,
      lastRunMs: undefined,
      lastWrittenMs: undefined,
    })),
  );
  return { traces, count };
}

export function readJob<T>(world: World, job: CronJob, read: ReadLine<T>): readonly T[] {
  return 'script' in job
    ? readScript(world, { path: job.script, known: new Map() }, read)
    : readLine(world, job, read);
}

export async function cronJobs(
  world: World,
): Promise<{ readonly jobs: readonly CronJob[]; readonly count: number }> {
  const tables: { path: string; text: string | undefined; hasUser: boolean }[] = [
    ...SYSTEM_TABLES.map((path) => ({ path, text: world.read(byteString(path)), hasUser: true })),
    ...filesIn(world, byteString('/etc/cron.d')).map((file) => ({ ...file, hasUser: true })),
    ...SPOOLS.flatMap((spool) => filesIn(world, byteString(spool))).map((file) => ({
      ...file,
      hasUser: false,
    })),
    { path: 'crontab -l', text: await world.ownCrontab(), hasUser: false },
  ];
  const read = tables.filter(({ text }) => text !== undefined);
  const scripts = PERIODIC.flatMap((directory) => filesIn(world, byteString(directory)));
  const jobs = [
    ...read.flatMap(({ text = '', ...of }) => inTable(text, of)),
    ...scripts.map(({ path }) => ({ trace: path, script: path })),
  ];
  return { jobs, count: read.length + scripts.length };
}

function filesIn(
  world: World,
  directory: ByteString,
): readonly { readonly path: ByteString; readonly text: string | undefined }[] {
  return (world.list(directory) ?? [])
    .filter(
      (entry) => (entry.type === 'file' || entry.type === 'link') && entry.name !== '.placeholder',
    )
    .map((entry) => joinPath(directory, entry.name))
    .map((path) => ({ path, text: world.read(path) }));
}

function inTable(
  text: string,
  of: { readonly path: string; readonly hasUser: boolean },
): readonly CronJob[] {
  let variables: ReadonlyMap<string, string> = new Map();
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((raw) => {
      const line = raw.trim();
      if (line === '' || line.startsWith('#')) return [];
      const set = /^([A-Za-z_]\w*)\s*=\s*(["']?)(.*)\2$/.exec(line);
      if (set !== null) {
        // Each line has those that stand above it.
        if (variables.size < VARIABLES_MAX) {
          variables = new Map(variables).set(set[1] ?? '', set[3] ?? '');
        }
        return [];
      }
      const command = commandOf(line, of);
      if (command === undefined) return [];
      // `%` ends the command in a crontab, and `\%` is a percent sign.
      const shell = (command.split(/(?<!\\)%/)[0] ?? '').replaceAll('\\%', '%');
      return { trace: of.path, line: shell, variables };
    });
}

function commandOf(
  line: string,
  of: { readonly path: string; readonly hasUser: boolean },
): string | undefined {
  const fields = line.startsWith('@') ? 1 : of.path === '/etc/anacrontab' ? 3 : 5;
  const skip = fields + (of.hasUser && of.path !== '/etc/anacrontab' ? 1 : 0);
  return new RegExp(`^(?:\\S+\\s+){${skip}}(.*)$`).exec(line)?.[1];
}
