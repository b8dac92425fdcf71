/** What the configuration of a cluster of PostgreSQL says of writing. Not seen is not the default. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { durationMs, type DurationMs } from '../../base/units.ts';
import type { EngineSettings } from '../../watch/core/discovery.ts';
import type { CommandLine } from './command-lines.ts';
import { readFolder } from './config-folder.ts';
import { joinPath, type World } from './world.ts';

type PostgresSettings = Extract<EngineSettings, { readonly kind: 'postgres' }>;

const DEPTH_MAX = 4;
const MAIN = byteString('postgresql.conf');
const AUTO = byteString('postgresql.auto.conf');

export function postgresSettings(
  world: World,
  path: ByteString,
  commands: readonly CommandLine[],
): PostgresSettings {
  const read = settingsOf(world, path, commands);
  const said = (name: string, unset: string): string | undefined =>
    read === undefined ? undefined : (read.get(name) ?? unset);
  return {
    ...{ kind: 'postgres', path },
    fsync: flagOf(said('fsync', 'on')),
    fullPageWrites: flagOf(said('full_page_writes', 'on')),
    synchronousCommit: commitWord(said('synchronous_commit', 'on')),
    walWriterDelayMs: spanOf(said('wal_writer_delay', '200ms')),
  };
}

/** Undefined where a file that may set something was not read. Later ones count. */
function settingsOf(
  world: World,
  path: ByteString,
  commands: readonly CommandLine[],
): ReadonlyMap<string, string> | undefined {
  const running = commands.find((each) => directoryOf(each) === path);
  const given = running?.args.flatMap((arg, at) => givenBy(arg, running.args[at + 1])) ?? [];
  const named = given.findLast(([name]) => name === 'config_file')?.[1];
  const main = mainFile(world, path, named);
  const settings = new Map<string, string>();
  const isRead =
    main !== undefined &&
    readInto(settings, world, { file: main, depth: 0 }) &&
    readInto(settings, world, { file: joinPath(path, AUTO), depth: 0 });
  if (!isRead) return undefined;
  for (const [name, value] of given) settings.set(name, value);
  return settings;
}

function directoryOf({ program, args, at }: CommandLine): string | undefined {
  if (program !== 'postgres' && program !== 'postmaster') return undefined;
  const option = args.indexOf('-D');
  return option > 0 ? args[option + 1]?.replace(/\/+$/, '') : at;
}

/** `-c fsync=off`, `--fsync=off`, `-F`. */
function givenBy(arg: string, next = ''): readonly (readonly [string, string])[] {
  if (arg === '-F') return [['fsync', 'off']];
  const set = /^(?:-c|--)?([a-z][a-z_-]*)=(.*)$/.exec(arg === '-c' ? next : arg);
  if (set === null || (arg !== '-c' && !/^-(?:c|-)/.test(arg))) return [];
  return [[(set[1] ?? '').replaceAll('-', '_'), set[2] ?? '']];
}

/** Debian keeps it apart: there `data_directory` says of which cluster it is. */
function mainFile(
  world: World,
  path: ByteString,
  named: string | undefined,
): ByteString | undefined {
  if (named !== undefined) return named.startsWith('/') ? byteString(named) : undefined;
  const inside = joinPath(path, MAIN);
  if (world.read(inside, 1) !== undefined) return inside;
  const [, version, cluster] = /\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  const debian = byteString(`/etc/postgresql/${version}/${cluster}/postgresql.conf`);
  const settings = new Map<string, string>();
  readInto(settings, world, { file: debian, depth: DEPTH_MAX });
  return settings.get('data_directory') === path ? debian : undefined;
}

interface Reading {
  readonly file: ByteString;
  readonly depth: number;
}

/** False where it, or what it includes, was not read. */
function readInto(settings: Map<string, string>, world: World, { file, depth }: Reading): boolean {
  const text = world.read(file);
  if (text === undefined || depth > DEPTH_MAX) return false;
  const folder = file.slice(0, file.lastIndexOf('/'));
  const beside = (name: string): ByteString =>
    byteString(name.startsWith('/') ? name : `${folder}/${name}`);
  let isWhole = true;
  for (const line of text.split('\n')) {
    // A line that was masked on its way was a comment.
    const match = /^\s*([A-Za-z_][\w.]*)\s*(?:=|\s)\s*(?:'((?:[^'\\]|''|\\.)*)'|([^#\s]*))/.exec(
      line,
    );
    if (match === null) continue;
    const name = (match[1] ?? '').toLowerCase();
    const value = match[2] ?? match[3] ?? '';
    if (name === 'include_dir') {
      const read = (each: ByteString): boolean =>
        readInto(settings, world, { file: each, depth: depth + 1 });
      isWhole = readFolder(world, beside(value), { isWanted: /^[^.].*\.conf$/, read }) && isWhole;
    } else if (name === 'include' || name === 'include_if_exists') {
      isWhole = readInto(settings, world, { file: beside(value), depth: depth + 1 }) && isWhole;
    } else settings.set(name, value);
  }
  return isWhole;
}

function flagOf(said: string | undefined): boolean | undefined {
  const word = said?.toLowerCase() ?? '';
  if (/^(?:on|t(?:r(?:ue?)?)?|y(?:es?)?|1)$/.test(word)) return true;
  return /^(?:off?|f(?:a(?:l(?:se?)?)?)?|no?|0)$/.test(word) ? false : undefined;
}

function commitWord(said: string | undefined): string | undefined {
  const word = said?.toLowerCase() ?? '';
  if (/^(?:local|remote_write|remote_apply)$/.test(word)) return word;
  const isOn = flagOf(word);
  return isOn === undefined ? undefined : isOn ? 'on' : 'off';
}

const UNITS: Readonly<Record<string, number>> = { '': 1, us: 0.001, ms: 1, s: 1000, min: 60_000 };

function spanOf(said: string | undefined): DurationMs | undefined {
  const match = /^(\d{1,9})\s*(us|ms|s|min|)$/.exec(said ?? '');
  return match === null ? undefined : durationMs(Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1));
}
