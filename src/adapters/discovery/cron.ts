import { type ByteString, byteString } from '../../base/bytes.ts';
import { type BackupTrace, inScript, tracesInLine } from './backup-trace.ts';
import { joinPath, type World } from './world.ts';

const SYSTEM_TABLES = ['/etc/crontab', '/etc/anacrontab'];
const PERIODIC = ['/etc/cron.hourly', '/etc/cron.daily', '/etc/cron.weekly', '/etc/cron.monthly'];
const SPOOLS = ['/var/spool/cron/crontabs', '/var/spool/cron', '/var/spool/cron/tabs'];

export interface CronSeen {
  readonly traces: readonly BackupTrace[];
  /** Tables and scripts that were read. */
  readonly count: number;
}

/** Backups named by cron lines, and by the scripts that cron runs. */
export async function seeCron(world: World): Promise<CronSeen> {
  const traces: BackupTrace[] = [];
  let count = 0;
  const table = (path: string, text: string | undefined, hasUser: boolean): void => {
    if (text === undefined) return;
    count += 1;
    traces.push(...inTable(world, text, { path, hasUser }));
  };
  for (const path of SYSTEM_TABLES) table(path, world.read(byteString(path)), true);
  for (const { path, text } of filesIn(world, byteString('/etc/cron.d'))) table(path, text, true);
  for (const spool of SPOOLS) {
    for (const { path, text } of filesIn(world, byteString(spool))) table(path, text, false);
  }
  table('crontab -l', await world.ownCrontab(), false);
  for (const directory of PERIODIC) {
    for (const { path } of filesIn(world, byteString(directory))) {
      count += 1;
      const where = {
        by: 'cron',
        trace: path,
        lastRunMs: undefined,
        lastWrittenMs: undefined,
      } as const;
      traces.push(...inScript(world, path).map((command) => ({ ...command, ...where })));
    }
  }
  return { traces, count };
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
  world: World,
  text: string,
  of: { readonly path: string; readonly hasUser: boolean },
): readonly BackupTrace[] {
  const variables = new Map<string, string>();
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((raw) => {
      const line = raw.trim();
      if (line === '' || line.startsWith('#')) return [];
      const set = /^([A-Za-z_]\w*)\s*=\s*(["']?)(.*)\2$/.exec(line);
      if (set !== null) {
        variables.set(set[1] ?? '', set[3] ?? '');
        return [];
      }
      const command = commandOf(line, of);
      if (command === undefined) return [];
      // `%` ends the command in a crontab, and `\%` is a percent sign.
      const shell = (command.split(/(?<!\\)%/)[0] ?? '').replaceAll('\\%', '%');
      const where = {
        by: 'cron',
        trace: of.path,
        lastRunMs: undefined,
        lastWrittenMs: undefined,
      } as const;
      return tracesInLine(world, shell, { ...where, variables });
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
