import { parse } from 'yaml';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { BackupTool } from '../../watch/core/discovery.ts';
import { clean } from './backup-command.ts';
import { assignments, type BackupTrace } from './backup-trace.ts';
import { joinPath, type World } from './world.ts';

/** Backups that configuration files name, whether or not anything runs them. */
export function seeConfigurations(
  world: World,
  homes: readonly string[],
): { readonly traces: readonly BackupTrace[]; readonly count: number } {
  const places = [...homes.map((home) => `${home}/.config`), '/etc'];
  const files = places.flatMap((place) => candidates(world, place));
  const traces = files.flatMap(({ path, read }) => {
    const text = world.read(path);
    if (text === undefined) return [];
    return read(text).map((said) => ({
      ...said,
      by: 'configuration' as const,
      trace: path as string,
      lastRunMs: undefined,
      lastWrittenMs: undefined,
    }));
  });
  const borg = [...homes, '/root'].flatMap((home) => borgLocations(world, home));
  return { traces: [...traces, ...borg], count: files.length };
}

type Read = (text: string) => readonly Pick<BackupTrace, 'tool' | 'repository' | 'paths'>[];

function candidates(
  world: World,
  place: string,
): readonly { readonly path: ByteString; readonly read: Read }[] {
  const at = (name: string): ByteString => byteString(`${place}/${name}`);
  const inside = (name: string, read: Read) =>
    (world.list(at(name)) ?? [])
      .filter((entry) => entry.type !== 'directory')
      .map((entry) => ({ path: joinPath(at(name), entry.name), read }));
  const found = [
    ...inside('borgmatic', borgmatic),
    ...inside('borgmatic.d', borgmatic),
    ...inside('restic', restic),
    ...inside('resticprofile', restic),
    { path: at('rsnapshot.conf'), read: rsnapshot },
    { path: at('pgbackrest.conf'), read: pgbackrest },
    { path: at('pgbackrest/pgbackrest.conf'), read: pgbackrest },
    { path: at('barman.conf'), read: barman },
    ...inside('barman.d', barman),
    { path: at('kopia/repository.config'), read: kopia },
    { path: at('bacula/bacula-fd.conf'), read: only('bacula') },
    { path: at('bareos/bareos-fd.conf'), read: only('bacula') },
    ...inside('wal-g', walg),
    { path: at('default/autopostgresqlbackup'), read: only('pg_dump') },
    { path: at('default/automysqlbackup'), read: only('mysqldump') },
  ];
  return found.filter(({ path }) => world.stat(path) !== undefined);
}

function only(tool: BackupTool): Read {
  return () => [{ tool, repository: undefined, paths: undefined }];
}

const isText = (value: unknown): value is string => typeof value === 'string';
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && name in value
    ? Reflect.get(value, name)
    : undefined;

const borgmatic: Read = (text) => {
  const document = parseYaml(text);
  const location = field(document, 'location') ?? document;
  const paths = listOf(field(location, 'source_directories'))
    .filter(isText)
    .filter((path) => path.startsWith('/'));
  const repositories = listOf(field(location, 'repositories')).map(
    (each) => field(each, 'path') ?? each,
  );
  const named = repositories.filter(isText);
  return (named.length === 0 ? [undefined] : named).map((repository) => ({
    tool: 'borgmatic' as const,
    repository: clean(repository),
    paths: paths.length === 0 ? undefined : paths.map((path) => byteString(path)),
  }));
};

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    // A file that cannot be parsed still shows that somebody set the tool up.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

const restic: Read = (text) => {
  const named = assignments(text).get('RESTIC_REPOSITORY');
  const profile = /^\s*repository\s*[:=]\s*["']?([^"'\n]+)/m.exec(text)?.[1];
  const repository = clean(named ?? profile?.trim());
  return repository === undefined ? [] : [{ tool: 'restic', repository, paths: undefined }];
};

const rsnapshot: Read = (text) => {
  const root = /^snapshot_root\t+(\S+)/m.exec(text)?.[1];
  const sources = [...text.matchAll(/^backup\t+(\/\S*)/gm)].map((match) =>
    byteString(trimSlash(match[1] ?? '')),
  );
  if (root === undefined) return [];
  return [
    {
      tool: 'rsnapshot',
      repository: trimSlash(root),
      paths: sources.length === 0 ? undefined : sources,
    },
  ];
};

const pgbackrest: Read = (text) => {
  const path = /^repo1-path\s*=\s*(\S+)/m.exec(text)?.[1];
  const host = /^repo1-host\s*=\s*(\S+)/m.exec(text)?.[1];
  const type = /^repo1-type\s*=\s*(s3|azure|gcs|sftp)/m.exec(text)?.[1];
  const place = host === undefined ? type : host;
  return [
    {
      tool: 'pgbackrest',
      repository: place === undefined ? path : `${place}:${path ?? ''}`,
      paths: undefined,
    },
  ];
};

const barman: Read = (text) => {
  const home = /^barman_home\s*=\s*(\S+)/m.exec(text)?.[1];
  return [{ tool: 'barman', repository: home, paths: undefined }];
};

const kopia: Read = (text) => {
  const path = /"path"\s*:\s*"([^"]+)"/.exec(text)?.[1];
  const type = /"type"\s*:\s*"([^"]+)"/.exec(text)?.[1];
  return [{ tool: 'kopia', repository: path ?? type, paths: undefined }];
};

const walg: Read = (text) => {
  const prefix = /WALG_(?:S3|GS|AZ|SSH|FILE)_PREFIX["']?\s*[:=]\s*["']?([^"'\s,]+)/.exec(text)?.[1];
  return [{ tool: 'wal-g', repository: clean(prefix), paths: undefined }];
};

function trimSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, '');
}

/** borg notes each repository that it ever opened. */
function borgLocations(world: World, home: string): readonly BackupTrace[] {
  const security = byteString(`${home}/.config/borg/security`);
  return (world.list(security) ?? []).flatMap((entry) => {
    const path = joinPath(joinPath(security, entry.name), 'location');
    const repository = clean(world.read(path, 4096)?.trim());
    if (repository === undefined) return [];
    const used = world.stat(joinPath(joinPath(security, entry.name), 'manifest-timestamp'));
    return {
      tool: 'borg',
      repository,
      paths: undefined,
      by: 'configuration',
      trace: path,
      lastRunMs: used?.changedMs,
      lastWrittenMs: undefined,
    };
  });
}
