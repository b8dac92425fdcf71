import { type ByteString, byteString } from '../../base/bytes.ts';
import type { BackupTool } from '../../watch/core/discovery.ts';
import { parseShellLine, quoteWord, type ShellCommand } from './shell-words.ts';

/** What one command line says of a backup. Claims of a job, not proof of anything. */
export interface BackupCommand {
  readonly tool: BackupTool;
  readonly repository: string | undefined;
  /** Absolute paths that it names as its source; undefined where it names none. */
  readonly paths: readonly ByteString[] | undefined;
}

const PROGRAMS: Readonly<Record<string, BackupTool>> = {
  restic: 'restic',
  rustic: 'restic',
  autorestic: 'restic',
  resticprofile: 'restic',
  borg: 'borg',
  borgmatic: 'borgmatic',
  rsnapshot: 'rsnapshot',
  duplicity: 'duplicity',
  duply: 'duplicity',
  pgbackrest: 'pgbackrest',
  barman: 'barman',
  'barman-cloud-backup': 'barman',
  'wal-g': 'wal-g',
  pg_dump: 'pg_dump',
  pg_dumpall: 'pg_dump',
  pg_basebackup: 'pg_dump',
  autopostgresqlbackup: 'pg_dump',
  mysqldump: 'mysqldump',
  'mariadb-dump': 'mysqldump',
  'mariadb-backup': 'mysqldump',
  mariabackup: 'mysqldump',
  xtrabackup: 'mysqldump',
  mydumper: 'mysqldump',
  automysqlbackup: 'mysqldump',
  mongodump: 'mongodump',
  kopia: 'kopia',
  'bacula-fd': 'bacula',
  'bareos-fd': 'bacula',
};

/** Programs that run another one, with how many words of their own they take after options. */
const RUNNERS: Readonly<Record<string, number>> = {
  sudo: 0,
  nice: 0,
  ionice: 0,
  chronic: 0,
  exec: 0,
  time: 0,
  command: 0,
  nohup: 0,
  setsid: 0,
  'systemd-inhibit': 0,
  'systemd-cat': 0,
  timeout: 1,
  flock: 1,
  chrt: 1,
  su: 1,
  runuser: 0,
  bash: 0,
  sh: 0,
  dash: 0,
};

const DEPTH_MAX = 3;

/** The backups that a line of shell would make. Variables known from elsewhere come in `known`. */
export function backupsInLine(
  line: string,
  known: ReadonlyMap<string, string> = new Map(),
  depth = 0,
): readonly BackupCommand[] {
  if (depth > DEPTH_MAX) return [];
  const variables = new Map(known);
  return parseShellLine(line).flatMap((command) => {
    for (const [name, value] of command.variables) variables.set(name, value);
    return backupsInCommand(command, { variables, depth });
  });
}

function backupsInCommand(
  command: ShellCommand,
  at: { readonly variables: ReadonlyMap<string, string>; readonly depth: number },
): readonly BackupCommand[] {
  const words = withoutRunners(command.words);
  // `bash -c "..."` and `su user -c "..."` hold a line of their own.
  const inner = command.words.indexOf('-c');
  const first = basename(command.words[0] ?? '');
  if (inner > 0 && /^(?:ba|da|z|k)?sh$|^su$|^sudo$|^runuser$/.test(first)) {
    return backupsInLine(command.words[inner + 1] ?? '', at.variables, at.depth + 1);
  }
  const program = basename(words[0] ?? '');
  const tool = PROGRAMS[program];
  if (tool === undefined) return [];
  const args = words.slice(1).map((word) => expand(word, at.variables));
  const output = command.output === undefined ? undefined : expand(command.output, at.variables);
  return [describe(tool, { program, args, output, variables: at.variables })].filter(
    (said) => said !== undefined,
  );
}

function withoutRunners(words: readonly string[]): readonly string[] {
  let rest = words;
  for (let hops = 0; hops < 8; hops++) {
    const own = RUNNERS[basename(rest[0] ?? '')];
    if (own === undefined) return rest;
    let at = 1;
    while (rest[at]?.startsWith('-') || /^[A-Za-z_]\w*=/.test(rest[at] ?? '')) {
      // `-n 19` and `-u ann`: an option of one letter takes the next word unless that is a program.
      const takesNext = /^-[a-zA-Z]$/.test(rest[at] ?? '') && !isProgram(rest[at + 1]);
      at += takesNext && !(rest[at + 1] ?? '-').startsWith('-') ? 2 : 1;
    }
    rest = rest.slice(at + (isProgram(rest[at]) ? 0 : own));
  }
  return rest;
}

function isProgram(word: string | undefined): boolean {
  const name = basename(word ?? '');
  return PROGRAMS[name] !== undefined || RUNNERS[name] !== undefined;
}

interface Said {
  readonly program: string;
  readonly args: readonly string[];
  readonly output: string | undefined;
  readonly variables: ReadonlyMap<string, string>;
}

function describe(tool: BackupTool, said: Said): BackupCommand | undefined {
  const { args } = said;
  switch (tool) {
    case 'restic':
      return {
        tool,
        repository: clean(
          option(args, ['-r', '--repo']) ?? said.variables.get('RESTIC_REPOSITORY'),
        ),
        paths: args.includes('backup') ? pathsIn(args) : undefined,
      };
    case 'borg': {
      // `borg mount`, `borg list` and the like make no backup, but name one.
      const place = args.find((word) => word.includes('::'));
      const named = place?.split('::')[0];
      const repository =
        named !== undefined && named !== '' ? named : said.variables.get('BORG_REPO');
      return {
        tool,
        repository: clean(repository),
        paths: args.includes('create') ? pathsIn(args) : undefined,
      };
    }
    case 'duplicity': {
      const url = args.find((word) => /^[a-z0-9+]+:\/\//i.test(word));
      return { tool, repository: clean(url), paths: pathsIn(args) };
    }
    case 'pg_dump':
    case 'mysqldump':
    case 'mongodump': {
      const target = option(args, [
        '-f',
        '--file',
        '-D',
        '--pgdata',
        '--result-file',
        '--target-dir',
        '--out',
        '-o',
      ]);
      const absolute = [said.output, target].find((path) => path?.startsWith('/'));
      return { tool, repository: absolute, paths: undefined };
    }
    case 'kopia':
      return args.includes('snapshot') || args.includes('server')
        ? { tool, repository: undefined, paths: pathsIn(args) }
        : undefined;
    default:
      return { tool, repository: undefined, paths: undefined };
  }
}

function option(args: readonly string[], names: readonly string[]): string | undefined {
  for (const [at, word] of args.entries()) {
    if (names.includes(word)) return args[at + 1];
    const name = names.find((each) => word.startsWith(`${each}=`));
    if (name !== undefined) return word.slice(name.length + 1);
  }
  return undefined;
}

/** Options whose value is a path and no source. */
const PATH_OPTIONS =
  /^(?:-r|--repo|-p|-e|--password-file|--exclude|--exclude-file|--files-from|--cache-dir|--tag|--host|--archive-dir|--log-file|--include|--key-file|--config|-c)$/;

function pathsIn(args: readonly string[]): readonly ByteString[] | undefined {
  const paths = args.filter(
    (word, at) =>
      word.startsWith('/') && !word.includes('::') && !PATH_OPTIONS.test(args[at - 1] ?? ''),
  );
  const whole = paths.map((path) =>
    byteString(
      Buffer.from(path)
        .toString('latin1')
        .replace(/(?<=.)\/+$/, ''),
    ),
  );
  return whole.length === 0 ? undefined : whole;
}

function expand(word: string, variables: ReadonlyMap<string, string>): string {
  return word.replaceAll(/\$\{?(\w+)\}?/g, (whole, name: string) => variables.get(name) ?? whole);
}

/** An address without the secrets that some put into it; undefined where it was never filled in. */
export function clean(repository: string | undefined): string | undefined {
  if (repository === undefined || repository === '' || repository.startsWith('$')) return undefined;
  return repository.replace(/(:\/\/[^/:@]*):[^/@]*@/, '$1@');
}

function basename(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}

/** The tool's own command that lists what a backup holds, read-only. */
export function openCommandOf(tool: BackupTool, repository: string | undefined): string {
  const place = repository === undefined ? undefined : quoteWord(repository);
  switch (tool) {
    case 'restic':
      return place === undefined ? 'restic snapshots' : `restic -r ${place} snapshots`;
    case 'borg':
      return place === undefined ? 'borg list' : `borg list ${place}`;
    case 'borgmatic':
      return 'borgmatic list';
    case 'rsnapshot':
      return place === undefined ? 'rsnapshot du' : `ls -l ${place}`;
    case 'duplicity':
      return `duplicity collection-status ${place ?? 'URL'}`;
    case 'pgbackrest':
      return 'pgbackrest info';
    case 'barman':
      return 'barman list-backups all';
    case 'wal-g':
      return 'wal-g backup-list';
    case 'kopia':
      return 'kopia snapshot list --all';
    case 'bacula':
      return "echo 'list jobs' | bconsole";
    case 'pg_dump':
    case 'mysqldump':
    case 'mongodump':
    case 'dump file':
      return place === undefined ? 'ls -lt' : `ls -lt ${place}`;
  }
}
