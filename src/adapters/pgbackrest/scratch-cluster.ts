import { chownSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DurationMs, seconds } from '../../base/units.ts';
import { wordsOf } from '../backup-tool/tool-fault.ts';
import { environmentOf, type ToolPlace } from '../backup-tool/tool-place.ts';
import type { ToolEnd } from '../backup-tool/tool-runner.ts';
import { harmlessSettings } from '../postgres/harmless-settings.ts';

export interface EngineStart {
  /** It started, recovered to where the backup is consistent, and answers. */
  readonly isStarted: boolean;
  /** Why not, or what it holds. */
  readonly said: string;
  /** True where no engine of this version is here: nothing is shown either way. */
  readonly isMissing: boolean;
}

interface Cluster {
  readonly place: ToolPlace;
  readonly data: string;
  readonly version: string;
  readonly limit: DurationMs;
}

interface Started extends Cluster {
  readonly bin: string;
  readonly owner: Owner;
  readonly socket: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const PAUSE_MS = 250;

/** Where distributions put the programs of one major version. */
const binOf = (version: string): readonly string[] => [
  `/usr/lib/postgresql/${version}/bin`,
  `/usr/pgsql-${version}/bin`,
  '/usr/local/pgsql/bin',
];

/**
 * Starts an engine on a restored cluster, with a socket in a private directory, no port, and no
 * archiving, asks it what it holds, and ends it.
 */
export async function startOnce(of: Cluster): Promise<EngineStart> {
  const { place, data, version } = of;
  const bin = binOf(version).find((path) => existsSync(join(path, 'postgres')));
  if (bin === undefined) {
    return { isStarted: false, isMissing: true, said: `PostgreSQL ${version} is not here` };
  }
  const { uid, gid } = statSync(join(data, 'PG_VERSION'));
  const owner = { uid, gid };
  const socket = join(place.scratch, 'sock');
  mkdirSync(socket, { mode: 0o700 });
  chownSync(socket, uid, gid);
  const env = { ...environmentOf(place, /^PG/), ...privatePgbackrest(place) };
  const started: Started = { ...of, bin, owner, socket, env };
  const stop = new AbortController();
  let end: ToolEnd | undefined;
  const engine = runEngine(started, stop.signal).then((ended) => {
    end = ended;
  });
  try {
    const held = await firstAnswer(started, () => end !== undefined);
    if (held !== undefined) return { isStarted: true, isMissing: false, said: held };
  } finally {
    stop.abort();
    await engine;
  }
  return { isStarted: false, isMissing: false, said: wordsOf(end?.said ?? '') };
}

function runEngine(of: Started, stop: AbortSignal): Promise<ToolEnd> {
  const { place, data, bin, owner, limit, env } = of;
  const hba = join(data, 'holdfast_hba.conf');
  writeFileSync(hba, 'local all all trust\n', { mode: 0o600 });
  chownSync(hba, owner.uid, owner.gid);
  const settings = {
    // But for its `restore_command`, by which pgBackRest gives it the WAL that it needs.
    ...harmlessSettings(Number.parseInt(of.version, 10)),
    unix_socket_directories: of.socket,
    unix_socket_permissions: '0700',
    port: '5432',
    hba_file: hba,
    shared_buffers: '16MB',
    // Else limits that the live one had, and its configuration elsewhere says, would be demanded.
    hot_standby: 'off',
    cluster_name: 'holdfast-drill',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return place.runner.run({
    program: 'setpriv',
    args: [...asOwner(owner), join(bin, 'postgres'), '-D', data, ...configOf(of), ...options],
    env,
    cwd: place.scratch,
    secret: undefined,
    limit,
    stop,
  });
}

const HELD =
  "select count(*) || ' databases, ' || pg_size_pretty(sum(pg_database_size(oid))) from pg_database where datallowconn";

/** What it holds, once it has recovered; undefined where that does not come. */
async function firstAnswer(of: Started, isOver: () => boolean): Promise<string | undefined> {
  for (let waited = 0; waited < of.limit && !isOver(); waited += PAUSE_MS) {
    await sleep(PAUSE_MS);
    const ready = await ask(of, 'select pg_is_in_recovery()');
    if (ready.code !== 0 || ready.output.trim() !== 'f') continue;
    const held = await ask(of, HELD);
    return held.code === 0 ? held.output.trim() : undefined;
  }
  return undefined;
}

function ask({ place, owner, bin, socket, env }: Started, query: string): Promise<ToolEnd> {
  return place.runner.run({
    program: 'setpriv',
    args: [
      ...asOwner(owner),
      join(bin, 'psql'),
      ...['-X', '-w', '-h', socket, '-p', '5432', '-U', 'postgres', '-d', 'postgres'],
      ...['-At', '-c', query],
    ],
    env,
    cwd: '/',
    secret: undefined,
    limit: seconds(30),
  });
}

/** The engine refuses to run as root; scratch lies where its owner alone could not go. */
function asOwner({ uid, gid }: Owner): readonly string[] {
  if (process.getuid?.() !== 0) return ['--'];
  return [
    ...[`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'],
    ...['--inh-caps=-all,+dac_read_search', '--ambient-caps=-all,+dac_read_search'],
    ...['--bounding-set=-all,+dac_read_search', '--'],
  ];
}

/** Debian keeps `postgresql.conf` outside the data directory: then what is set here is all. */
function configOf({ data, place }: Cluster): readonly string[] {
  if (existsSync(join(data, 'postgresql.conf'))) return [];
  const config = join(place.scratch, 'postgresql.conf');
  writeFileSync(config, '', { mode: 0o644 });
  return ['-c', `config_file=${config}`];
}

/** The engine fetches WAL by pgBackRest: that neither logs nor locks where the team's does. */
function privatePgbackrest({ scratch, secret }: ToolPlace): Record<string, string> {
  const home = join(scratch, 'pgbackrest-home');
  return {
    PGBACKREST_LOG_LEVEL_FILE: 'off',
    PGBACKREST_LOCK_PATH: home,
    PGBACKREST_SPOOL_PATH: home,
    ...(secret === undefined
      ? {}
      : {
          PGBACKREST_REPO1_CIPHER_PASS: Buffer.from(secret).toString('utf8'),
          PGBACKREST_REPO1_CIPHER_TYPE: 'aes-256-cbc',
        }),
  };
}
