/** What the configuration of MariaDB or MySQL says of writing. Not seen is not the default. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { trimSlashes } from '../../base/trim-slashes.ts';
import { durationMs } from '../../base/units.ts';
import type { EngineSettings } from '../../watch/core/discovery.ts';
import type { CommandLine } from './command-lines.ts';
import { readFolder } from './config-folder.ts';
import { persistedSettings } from './mysql-persisted.ts';
import type { World } from './world.ts';

type MysqlSettings = Extract<EngineSettings, { readonly kind: 'mysql' }>;

const DEPTH_MAX = 4;
const FILES = ['/etc/my.cnf', '/etc/mysql/my.cnf'];

export function mysqlSettings(
  world: World,
  path: ByteString,
  servers: MysqlServers,
): MysqlSettings {
  const read = settingsOf(world, path, servers);
  const said = (name: string, unset: string): string | undefined =>
    read === undefined ? undefined : (read.get(name) ?? unset);
  const count = (name: string, unset: string): number | undefined => {
    const value = said(name, unset);
    return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  };
  const timeout = count('innodb_flush_log_at_timeout', '1');
  const doublewrite = said('innodb_doublewrite', '1')?.toLowerCase();
  return {
    ...{ kind: 'mysql', path },
    flushLogAtCommit: count('innodb_flush_log_at_trx_commit', '1'),
    flushLogTimeoutMs: timeout === undefined ? undefined : durationMs(timeout * 1000),
    doublewrite:
      doublewrite === undefined ? undefined : !/^(?:0|off|false|detect_only)$/.test(doublewrite),
    flushMethod: said('innodb_flush_method', 'its default')?.toLowerCase(),
    // 0 by MariaDB, 1 by MySQL: the worse.
    syncBinlog: count('sync_binlog', '0'),
  };
}

/**
 * Undefined where no file was seen, one that may set something was not read, or which server it is of is not
 * known. Later ones count.
 */
function settingsOf(
  world: World,
  path: ByteString,
  servers: MysqlServers,
): ReadonlyMap<string, string> | undefined {
  const own = servers.only ?? servers.byData.get(path);
  if (own === undefined && servers.count > 0) return undefined;
  const args = own?.args ?? [];
  const files = filesOf(world, args);
  const persisted = persistedSettings(world, path, own?.program);
  if (files === undefined || persisted === undefined) return undefined;
  const settings = new Map<string, string>();
  if (!files.every((file) => readInto(settings, world, { file, depth: 0 }))) return undefined;
  for (const [name, value] of persisted) set(settings, name, value);
  for (const arg of args) {
    const [, name, value] = /^--([a-z][a-z_-]*)(?:=(.*))?$/.exec(arg) ?? [];
    if (name === undefined) continue;
    // Which of both counts differs from variable to variable.
    if (persisted.has(name.replaceAll('-', '_'))) return undefined;
    set(settings, name, value);
  }
  return settings;
}

export interface MysqlServers {
  readonly count: number;
  readonly byData: ReadonlyMap<string, CommandLine>;
  /** One alone need not name its directory. */
  readonly only: CommandLine | undefined;
}

/** Once for all directories: a host may tell of any number of either. */
export function mysqlServers(commands: readonly CommandLine[]): MysqlServers {
  const servers = commands.filter(({ program }) => /^(?:mysqld|mariadbd)$/.test(program));
  const named = servers.flatMap((each) => {
    const data = dataOf(each);
    return data === undefined ? [] : [[data, each] as const];
  });
  const [first] = servers;
  const isOnly = servers.length === 1 && named.length === 0;
  return { count: servers.length, byData: new Map(named), only: isOnly ? first : undefined };
}

function dataOf({ args }: CommandLine): string | undefined {
  const at = args.findIndex((arg) => /^--datadir(?:=|$)/.test(arg));
  if (at === -1) return undefined;
  const [, value = args[at + 1]] = /^--datadir=(.*)$/.exec(args[at] ?? '') ?? [];
  return value === undefined ? undefined : trimSlashes(value);
}

/** In the order in which they are read; undefined where that rests on what is not seen. */
function filesOf(world: World, args: readonly string[]): readonly ByteString[] | undefined {
  if (args.includes('--no-defaults')) return [];
  const given = (option: string): string | undefined =>
    args.find((arg) => arg.startsWith(`--${option}=`))?.slice(option.length + 3);
  // Sections of another name count then.
  if (given('defaults-group-suffix') !== undefined) return undefined;
  const [only, extra] = [given('defaults-file'), given('defaults-extra-file')];
  const named = [only, extra].flatMap((file) => file ?? []);
  // From where one is meant that does not begin at the root is not seen.
  if (!named.every((file) => file.startsWith('/'))) return undefined;
  const common = FILES.map((file) => byteString(file)).filter(
    (file) => world.stat(file) !== undefined,
  );
  const files = [...(only === undefined ? common : []), ...named.map((file) => byteString(file))];
  return files.length === 0 ? undefined : files;
}

function set(settings: Map<string, string>, name: string, value = '1'): void {
  const key = name.toLowerCase().replaceAll('-', '_');
  const off = /^(?:skip|disable)_(.*)$/.exec(key)?.[1];
  settings.set(off ?? key.replace(/^loose_/, ''), off === undefined ? value : '0');
}

interface Reading {
  readonly file: ByteString;
  readonly depth: number;
}

const SECTIONS = /^(?:mysqld|mariadbd?|server|mariadb-\d.*|mysqld-\d.*|mariadbd-\d.*)$/;

function readInto(settings: Map<string, string>, world: World, { file, depth }: Reading): boolean {
  const text = world.read(file);
  if (text === undefined || depth > DEPTH_MAX) return false;
  let isServer = false;
  let isWhole = true;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const section = /^\[([^\]]+)\]/.exec(line)?.[1];
    const [, include, target = ''] = /^!(include(?:dir)?)\s+(.+)$/.exec(line) ?? [];
    if (section !== undefined) isServer = SECTIONS.test(section);
    else if (include !== undefined) {
      const at = byteString(target.replace(/\/+$/, ''));
      const read = (each: ByteString): boolean =>
        readInto(settings, world, { file: each, depth: depth + 1 });
      const isRead =
        include === 'include' ? read(at) : readFolder(world, at, { isWanted: /\.cnf$/, read });
      isWhole = isRead && isWhole;
    } else if (isServer && /^[A-Za-z]/.test(line)) {
      const [name = '', ...rest] = line.replace(/\s+#.*$/, '').split('=');
      const value = rest
        .join('=')
        .trim()
        .replaceAll(/^["']|["']$/g, '');
      set(settings, name.trim(), rest.length === 0 ? undefined : value);
    }
  }
  return isWhole;
}
