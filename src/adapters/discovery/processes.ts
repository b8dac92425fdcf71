import { quoteWord } from '../../base/shell-word.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { backupsInLine } from './backup-command.ts';
import type { BackupTrace } from './backup-trace.ts';
import type { FoundInside } from './things.ts';
import { joinPath, type World } from './world.ts';
import { trimSlashes } from '../../base/trim-slashes.ts';

export interface ProcessesSeen {
  readonly count: number;
  readonly traces: readonly BackupTrace[];
  /** Data directories and images that a running program names. */
  readonly engines: readonly Pick<FoundInside, 'kind' | 'path'>[];
  /** Files that a process holds open, as far as this user may see. */
  readonly openFiles: ReadonlySet<string>;
  /** Processes whose open files could not be seen. */
  readonly hidden: number;
}

const PROC = byteString('/proc');
const OPEN_FILES_MAX = 100_000;
const INTERESTING_FILE = /\.(?:qcow2?|raw|img|vmdk|vdi|vhdx?|sqlite3?|db3?)$/i;

/** What running programs tell: databases and where they keep their data, guests, backups under way. */
export function seeProcesses(world: World, isOver: () => boolean): ProcessesSeen {
  const traces: BackupTrace[] = [];
  const engines: Pick<FoundInside, 'kind' | 'path'>[] = [];
  const openFiles = new Set<string>();
  let count = 0;
  let hidden = 0;
  for (const entry of world.list(PROC) ?? []) {
    if (!/^\d+$/.test(entry.name)) continue;
    if (isOver()) break;
    const path = joinPath(PROC, entry.name);
    const args = (world.read(joinPath(path, 'cmdline')) ?? '').split('\0').slice(0, -1);
    if (args.length === 0) continue; // A kernel thread, or it has ended.
    count += 1;
    engines.push(...enginesOf(world, path, args));
    traces.push(...backupsOf(entry.name, args));
    const files = openFiles.size < OPEN_FILES_MAX ? openOf(world, path) : [];
    if (files === undefined) hidden += 1;
    for (const file of files ?? []) openFiles.add(file);
  }
  return { count, traces, engines, openFiles, hidden };
}

function backupsOf(pid: string, args: readonly string[]): readonly BackupTrace[] {
  const line = args.map(quoteWord).join(' ');
  return backupsInLine(line).map((command) => ({
    ...command,
    by: 'process',
    trace: `process ${pid}`,
    lastRunMs: undefined,
    lastWrittenMs: undefined,
  }));
}

function enginesOf(
  world: World,
  process: ByteString,
  args: readonly string[],
): readonly Pick<FoundInside, 'kind' | 'path'>[] {
  const program = (args[0] ?? '').split(' ')[0]?.split('/').at(-1)?.replace(/:$/, '') ?? '';
  const after = (names: readonly string[]): string | undefined => optionOf(args, names);
  const at = (kind: FoundInside['kind'], path: string | undefined) =>
    path?.startsWith('/') === true ? [{ kind, path: byteString(trimSlashes(path)) }] : [];
  if (program === 'postgres' || program === 'postmaster') {
    // Only the first process of a cluster has its arguments; the others are retitled.
    return at('postgres', after(['-D', '--pgdata']) ?? world.link(joinPath(process, 'cwd')));
  }
  if (/^(?:mysqld|mariadbd)/.test(program)) {
    return at(
      'mysql',
      after(['--datadir']) ??
        configured(world, MYSQL_FILES, /^\s*datadir\s*=\s*(\S+)/m) ??
        '/var/lib/mysql',
    );
  }
  if (program === 'mongod') {
    const file = after(['-f', '--config']) ?? '/etc/mongod.conf';
    const set = configured(world, [file], /^\s*dbPath\s*[:=]\s*["']?([^"'\s]+)/im);
    return at('mongodb', after(['--dbpath']) ?? set ?? '/var/lib/mongodb');
  }
  if (/^(?:qemu|kvm)/.test(program)) return imagesOf(args).flatMap((path) => at('image', path));
  return [];
}

const MYSQL_FILES = [
  '/etc/my.cnf',
  '/etc/mysql/my.cnf',
  '/etc/mysql/mysql.conf.d/mysqld.cnf',
  '/etc/mysql/mariadb.conf.d/50-server.cnf',
  '/etc/my.cnf.d/server.cnf',
  '/etc/my.cnf.d/mariadb-server.cnf',
];

function configured(world: World, files: readonly string[], pattern: RegExp): string | undefined {
  for (const file of files) {
    const match = pattern.exec(world.read(byteString(file)) ?? '');
    if (match?.[1] !== undefined) return match[1];
  }
  return undefined;
}

function optionOf(args: readonly string[], names: readonly string[]): string | undefined {
  for (const [at, arg] of args.entries()) {
    const name = names.find((each) => arg === each || arg.startsWith(`${each}=`));
    if (name === undefined) continue;
    return arg === name ? args[at + 1] : arg.slice(name.length + 1);
  }
  return undefined;
}

/** Images of a guest: `-drive file=...`, `-blockdev {"filename":...}`, `-hda PATH`. */
function imagesOf(args: readonly string[]): readonly string[] {
  return args.flatMap((arg, at) => {
    const json = /"filename":"((?:[^"\\]|\\.)*)"/.exec(arg)?.[1];
    const drive = /(?:^|,)(?:file|filename|file\.filename)=(\/[^,]+)/.exec(arg)?.[1];
    const plain = /^-(?:hd[a-d])$/.test(args[at - 1] ?? '') ? arg : undefined;
    const path = json ?? drive ?? plain;
    return path?.startsWith('/') === true && INTERESTING_FILE.test(path) ? [path] : [];
  });
}

function openOf(world: World, process: ByteString): readonly string[] | undefined {
  const directory = joinPath(process, 'fd');
  return world
    .list(directory)
    ?.map((entry) => world.link(joinPath(directory, entry.name)) ?? '')
    .filter((target) => INTERESTING_FILE.test(target));
}
