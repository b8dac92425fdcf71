import { parse } from 'yaml';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { BackupTool } from '../../watch/core/discovery.ts';
import { clean } from './backup-claims.ts';
import { backupsInLine } from './backup-command.ts';
import { assignments, type BackupTrace } from './backup-trace.ts';
import { joinPath, type World } from './world.ts';
import { trimSlashes } from '../../base/trim-slashes.ts';

const FILES_MAX = 500;

/** Backups that configuration files name, whether or not anything runs them. */
export function seeConfigurations(
  world: World,
  homes: readonly string[],
): { readonly traces: readonly BackupTrace[]; readonly count: number } {
  const places = [...homes.map((home) => `${home}/.config`), '/etc'];
  const borgmatic = borgmaticReader();
  const files = places.flatMap((place) => candidates(world, place, borgmatic)).slice(0, FILES_MAX);
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
  borgmatic: Read,
): readonly { readonly path: ByteString; readonly read: Read }[] {
  const at = (name: string): ByteString => byteString(`${place}/${name}`);
  const inside = (name: string, read: Read) =>
    (world.list(at(name)) ?? [])
      .filter((entry) => entry.type !== 'directory')
      .map((entry) => ({ path: joinPath(at(name), entry.name), read }));
  const folders = (name: string): readonly ByteString[] =>
    (world.list(at(name)) ?? [])
      .filter((entry) => entry.type === 'directory')
      .map((entry) => joinPath(at(name), entry.name));
  const clusters = (): readonly ByteString[] =>
    folders('postgresql').flatMap((version) =>
      (world.list(version) ?? []).map((cluster) =>
        joinPath(joinPath(version, cluster.name), 'postgresql.conf'),
      ),
    );
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
    ...inside('bacula', bacula),
    ...inside('bareos/bareos-dir.d/fileset', bacula),
    ...inside('bareos/bareos-sd.d/device', bacula),
    ...inside('bareos/bareos-fd.d/client', bacula),
    ...folders('duply').map((path) => ({ path: joinPath(path, 'conf'), read: duply })),
    ...inside('snapper/configs', snapper),
    { path: at('btrbk/btrbk.conf'), read: btrbk },
    { path: at('btrbk.conf'), read: btrbk },
    { path: at('sanoid/sanoid.conf'), read: sanoid },
    { path: at('zrepl/zrepl.yml'), read: only('zfs snapshots') },
    { path: at('pve/jobs.cfg'), read: vzdumpJobs },
    { path: at('pve/vzdump.cron'), read: lines },
    { path: at('proxmox-backup/datastore.cfg'), read: datastores },
    ...clusters().map((path) => ({ path, read: archiveCommand })),
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

/** All YAML that is parsed of one machine: it takes long, and 500 files may hold it. */
const YAML_TOTAL_CHARS_MAX = 256 * 1024;

function borgmaticReader(): Read {
  let left = YAML_TOTAL_CHARS_MAX;
  return (text) => {
    const said = saidIn(text);
    left -= said.length;
    return inBorgmatic(left < 0 ? undefined : parseYaml(said));
  };
}

function inBorgmatic(document: unknown): ReturnType<Read> {
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
}

/** Far more than anybody writes; what is cut in the middle does not parse. */
const YAML_CHARS_MAX = 16 * 1024;
/** Brackets in brackets take long to read. */
const BRACKETS_MAX = 500;

/** Nearly all of a generated file is comments. */
function saidIn(text: string): string {
  return text.replaceAll(/^[ \t]*(?:#.*)?\n/gm, '').slice(0, YAML_CHARS_MAX);
}

function parseYaml(said: string): unknown {
  try {
    if (said.split(/[[{]/, BRACKETS_MAX).length === BRACKETS_MAX) return undefined;
    return parse(said, { uniqueKeys: false });
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
    byteString(trimSlashes(match[1] ?? '')),
  );
  if (root === undefined) return [];
  return [
    {
      tool: 'rsnapshot',
      repository: trimSlashes(root),
      paths: sources.length === 0 ? undefined : sources,
    },
  ];
};

const PGBACKREST_REPOSITORIES_MAX = 256;

/** Up to 256 repositories; each may lie on another machine. */
const pgbackrest: Read = (text) => {
  const settings = new Map<string, Map<string, string>>();
  for (const [, number = '1', key = '', value = ''] of text.matchAll(
    /^repo(\d+)-([a-z0-9-]+)[ \t]*=[ \t]*(\S+)/gm,
  )) {
    const repository = settings.get(number) ?? new Map<string, string>();
    if (!repository.has(key)) repository.set(key, value);
    settings.set(number, repository);
  }
  const clusters = [...text.matchAll(/^pg\d+-path\s*=\s*(\/\S+)/gm)].map((match) =>
    byteString(trimSlashes(match[1] ?? '')),
  );
  const all = [...settings.values()].slice(0, PGBACKREST_REPOSITORIES_MAX);
  return (all.length === 0 ? [new Map<string, string>()] : all).map((repository) => {
    const type = repository.get('type');
    const local = type === 'posix' || type === 'cifs';
    const place = repository.get('host') ?? (local ? undefined : type);
    const path = repository.get('path');
    return {
      tool: 'pgbackrest',
      repository: place === undefined ? path : `${place}:${path ?? ''}`,
      paths: clusters.length === 0 ? undefined : clusters,
    };
  });
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

/** What its director sends for, or where its storage daemon writes. */
const bacula: Read = (text) => {
  const sources = [...text.matchAll(/^\s*File\s*=\s*"?(\/[^"\n]*?)"?\s*$/gim)].map((match) =>
    byteString(trimSlashes(match[1] ?? '')),
  );
  const device = /^\s*Archive\s*Device\s*=\s*"?(\/[^"\s]*)/im.exec(text)?.[1];
  const paths = sources.length === 0 ? undefined : sources;
  return [{ tool: 'bacula', repository: device && trimSlashes(device), paths }];
};

const duply: Read = (text) => {
  const said = assignments(text);
  const source = said.get('SOURCE');
  return [
    {
      tool: 'duplicity',
      repository: clean(said.get('TARGET')),
      paths: source?.startsWith('/') === true ? [byteString(trimSlashes(source))] : undefined,
    },
  ];
};

const snapper: Read = (text) => {
  const subvolume = assignments(text).get('SUBVOLUME');
  return subvolume?.startsWith('/') === true
    ? [{ tool: 'btrfs snapshots', repository: trimSlashes(subvolume), paths: undefined }]
    : [];
};

const btrbk: Read = (text) => {
  const volumes = [...text.matchAll(/^\s*volume\s+(\/\S+)/gm)].map((match) => match[1] ?? '/');
  return volumes.map((volume) => ({
    tool: 'btrfs snapshots',
    repository: trimSlashes(volume),
    paths: undefined,
  }));
};

const sanoid: Read = (text) =>
  [...text.matchAll(/^\s*\[([^\]\n]+)\]/gm)]
    .map((match) => match[1] ?? '')
    .filter((name) => !name.startsWith('template_'))
    .map((dataset) => ({ tool: 'zfs snapshots', repository: dataset, paths: undefined }));

/** Jobs of a Proxmox cluster: guests as a whole, to a storage that has a name there. */
const vzdumpJobs: Read = (text) =>
  [...text.matchAll(/^vzdump:.*\n((?:[ \t]+.*\n?)*)/gm)].map((match) => ({
    tool: 'proxmox',
    repository: /^\s+storage\s+(\S+)/m.exec(match[1] ?? '')?.[1],
    paths: undefined,
  }));

const datastores: Read = (text) =>
  [...text.matchAll(/^\s+path\s+(\/\S+)/gm)].map((match) => ({
    tool: 'proxmox',
    repository: trimSlashes(match[1] ?? ''),
    paths: undefined,
  }));

const lines: Read = (text) =>
  text.split('\n').flatMap((line) => backupsInLine(line.replace(/^(?:\S+\s+){5}\w+\s+/, '')));

/** PostgreSQL hands each piece of its log to this: `pgbackrest --stanza=main archive-push %p`. */
const archiveCommand: Read = (text) => {
  const command = /^\s*archive_command\s*=\s*'((?:[^'\n]|'')*)'/m.exec(text)?.[1];
  return command === undefined ? [] : backupsInLine(command.replaceAll("''", "'"));
};

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
