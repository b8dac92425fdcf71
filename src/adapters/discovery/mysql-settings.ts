/** What the configuration of MariaDB or MySQL says of writing. Not seen is not the default. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { durationMs } from '../../base/units.ts';
import type { EngineSettings } from '../../watch/core/discovery.ts';
import type { CommandLine } from './command-lines.ts';
import { joinPath, type World } from './world.ts';

type MysqlSettings = Extract<EngineSettings, { readonly kind: 'mysql' }>;

const DEPTH_MAX = 4;
const FILES = ['/etc/my.cnf', '/etc/mysql/my.cnf'];

export function mysqlSettings(
  world: World,
  path: ByteString,
  commands: readonly CommandLine[],
): MysqlSettings {
  const read = settingsOf(world, commands);
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

/** Undefined where no file was seen, or one that may set something was not read. Later ones count. */
function settingsOf(
  world: World,
  commands: readonly CommandLine[],
): ReadonlyMap<string, string> | undefined {
  const args = commands.find(({ program }) => /^(?:mysqld|mariadbd)$/.test(program))?.args ?? [];
  const named = args.map((arg) => /^--defaults-file=(\/.*)$/.exec(arg)?.[1]).find(Boolean);
  const files = (named === undefined ? FILES : [named])
    .map((file) => byteString(file))
    .filter((file) => world.stat(file) !== undefined);
  const settings = new Map<string, string>();
  const isWhole = files.every((file) => readInto(settings, world, { file, depth: 0 }));
  if (!isWhole || files.length === 0) return undefined;
  for (const arg of args) {
    const [, name, value] = /^--([a-z][a-z_-]*)(?:=(.*))?$/.exec(arg) ?? [];
    if (name !== undefined) set(settings, name, value);
  }
  return settings;
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
      const at = { file: byteString(target.replace(/\/+$/, '')), depth: depth + 1 };
      const read = include === 'include' ? readInto : readFolder;
      isWhole = read(settings, world, at) && isWhole;
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

function readFolder(
  settings: Map<string, string>,
  world: World,
  { file: folder, depth }: Reading,
): boolean {
  const names = world.list(folder)?.map(({ name }) => name);
  if (names === undefined) return world.stat(folder)?.type === 'directory';
  return names
    .filter((name) => name.endsWith('.cnf'))
    .sort()
    .every((name) => readInto(settings, world, { file: joinPath(folder, name), depth }));
}
