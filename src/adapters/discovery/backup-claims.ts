import { type ByteString, byteString } from '../../base/bytes.ts';
import type { BackupTool } from '../../watch/core/discovery.ts';
import { trimSlashes } from '../../base/trim-slashes.ts';

/** What one command line says of a backup. Claims of a job, not proof of anything. */
export interface BackupCommand {
  readonly tool: BackupTool;
  readonly repository: string | undefined;
  /** Absolute paths that it names as its source; undefined where it names none. */
  readonly paths: readonly ByteString[] | undefined;
  /** What it copies here from other hosts, as it names them. */
  readonly fetches?: readonly string[];
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
  'bacula-sd': 'bacula',
  'bareos-sd': 'bacula',
  'barman-wal-archive': 'barman',
  'barman-cloud-wal-archive': 'barman',
  vzdump: 'proxmox',
  'proxmox-backup-client': 'proxmox',
  rsync: 'rsync',
  rclone: 'rclone',
  zfs: 'zfs snapshots',
  'zfs-auto-snapshot': 'zfs snapshots',
  sanoid: 'zfs snapshots',
  syncoid: 'zfs snapshots',
  zrepl: 'zfs snapshots',
  btrfs: 'btrfs snapshots',
  btrbk: 'btrfs snapshots',
  snapper: 'btrfs snapshots',
  lvcreate: 'lvm snapshots',
};

export function toolOf(program: string): BackupTool | undefined {
  return Object.hasOwn(PROGRAMS, program) ? PROGRAMS[program] : undefined;
}

export interface Said {
  readonly program: string;
  readonly args: readonly string[];
  readonly output: string | undefined;
  readonly variables: ReadonlyMap<string, string>;
}

type Read = (said: Said) => Omit<BackupCommand, 'tool'> | undefined;

/** Undefined where this line of the tool makes no backup and names none. */
export function describe(tool: BackupTool, said: Said): BackupCommand | undefined {
  const read = READ[tool] ?? nameless;
  const claim = read(said);
  return claim && { tool, ...claim };
}

const nameless: Read = () => ({ repository: undefined, paths: undefined });

const restic: Read = ({ args, variables }) => ({
  repository: clean(option(args, ['-r', '--repo']) ?? variables.get('RESTIC_REPOSITORY')),
  paths: args.includes('backup') ? pathsIn(args) : undefined,
});

/** `borg mount`, `borg list` and the like make no backup, but name one. */
const borg: Read = ({ args, variables }) => {
  const named = args.find((word) => word.includes('::'))?.split('::')[0];
  const repository = named !== undefined && named !== '' ? named : variables.get('BORG_REPO');
  return {
    repository: clean(repository),
    paths: args.includes('create') ? pathsIn(args) : undefined,
  };
};

const duplicity: Read = ({ args }) => ({
  repository: clean(args.find((word) => /^[a-z0-9+]+:\/\//i.test(word))),
  paths: pathsIn(args),
});

const DUMP_OPTIONS = '-f --file -D --pgdata --result-file --target-dir --out -o'.split(' ');

const dump: Read = ({ args, output }) => {
  const absolute = [output, option(args, DUMP_OPTIONS)].find((path) => path?.startsWith('/'));
  return { repository: absolute, paths: undefined };
};

const kopia: Read = ({ args }) =>
  args.includes('snapshot') || args.includes('server')
    ? { repository: undefined, paths: pathsIn(args) }
    : undefined;

const proxmox: Read = ({ program, args, variables }) => {
  if (program === 'vzdump') {
    return { repository: option(args, ['--dumpdir', '--storage']), paths: undefined };
  }
  const archives = args.flatMap((word) => /^[^/:]+\.(?:pxar|img):(\/.*)$/.exec(word)?.[1] ?? []);
  return {
    repository: clean(option(args, ['--repository']) ?? variables.get('PBS_REPOSITORY')),
    paths: archives.length === 0 ? undefined : archives.map(pathOf),
  };
};

/** Options of rsync and rclone whose value is the next word. */
const COPY_VALUE =
  /^(?:-[A-Za-z]*[efTBM]|--(?:rsh|exclude|include|filter|exclude-from|include-from|files-from|log-file|password-file|bwlimit|backup-dir|link-dest|compare-dest|copy-dest|temp-dir|partial-dir|timeout|port|rsync-path|chmod|chown|max-size|min-size|suffix|config|transfers|checkers|out-format))$/;

/** What is neither an option of rsync or rclone nor the value of one. */
export function placesNamed(args: readonly string[]): readonly string[] {
  return args.filter((word, at) => !word.startsWith('-') && !COPY_VALUE.test(args[at - 1] ?? ''));
}

/** A copy from here to elsewhere. */
const copy: Read = ({ args }) => {
  const words = placesNamed(args);
  // Another machine fetches: `rsync --server --sender -logDtpr . /srv`.
  if (args[0] === '--server') {
    const fetched = words.filter((word) => word.startsWith('/'));
    const isRead = args.includes('--sender') && fetched.length > 0;
    return isRead ? { repository: undefined, paths: fetched.map(pathOf) } : undefined;
  }
  const places = words.filter((word) => !/^(?:sync|copy|copyto|move|moveto|bisync)$/.test(word));
  const sources = places.slice(0, -1).filter((word) => word.startsWith('/'));
  const target = places.at(-1);
  if (target === undefined || sources.length === 0) return undefined;
  return { repository: clean(target), paths: sources.map(pathOf) };
};

/** What fetches from another machine is a backup of that one, and of nothing here. */
const rsync: Read = (said) => {
  const pushed = copy(said);
  const places = placesNamed(said.args);
  const target = places.at(-1);
  const fetches = places.slice(0, -1).filter((word) => /^(?:rsync:\/\/|[^/:]+:)/.test(word));
  if (pushed !== undefined || fetches.length === 0 || target?.startsWith('/') !== true) {
    return pushed;
  }
  return { repository: clean(target), paths: undefined, fetches };
};

const rclone: Read = (said) =>
  said.args.some((word) => /^(?:sync|copy|copyto|move|moveto|bisync)$/.test(word))
    ? copy(said)
    : undefined;

const zfs: Read = ({ program, args }) => {
  if (program !== 'zfs') return { repository: undefined, paths: undefined };
  const name = args.find((word) => word.includes('@'));
  const isTaken = args[0] === 'snapshot' || args[0] === 'snap' || args[0] === 'send';
  if (!isTaken || name === undefined) return undefined;
  return { repository: name.split('@')[0], paths: undefined };
};

const btrfs: Read = ({ program, args }) => {
  if (program !== 'btrfs') return { repository: undefined, paths: undefined };
  const isTaken = /^sub/.test(args[0] ?? '') && /^snap/.test(args[1] ?? '');
  if (!isTaken) return args[0] === 'send' ? { repository: undefined, paths: undefined } : undefined;
  const source = args.slice(2).find((word) => word.startsWith('/'));
  return { repository: source === undefined ? undefined : pathOf(source), paths: undefined };
};

const lvm: Read = ({ args }) => {
  const isTaken = args.some((word) => /^(?:-[a-zA-Z]*s[a-zA-Z]*|--snapshot)$/.test(word));
  const origin = args.findLast((word) => /^(?:\/dev\/)?[\w.+-]+\/[\w.+-]+$/.test(word));
  return isTaken && origin !== undefined
    ? { repository: origin.replace(/^\/dev\//, ''), paths: undefined }
    : undefined;
};

const READ: Readonly<Partial<Record<BackupTool, Read>>> = {
  restic,
  borg,
  duplicity,
  pg_dump: dump,
  mysqldump: dump,
  mongodump: dump,
  kopia,
  proxmox,
  rsync,
  rclone,
  'zfs snapshots': zfs,
  'btrfs snapshots': btrfs,
  'lvm snapshots': lvm,
};

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
  return paths.length === 0 ? undefined : paths.map(pathOf);
}

/** Text of a command line as a path, without slashes at its end. */
function pathOf(text: string): ByteString {
  const bytes = Buffer.from(text).toString('latin1');
  return byteString(trimSlashes(bytes));
}

/** A word may grow by this: a line of `$A$A$A` is somebody's attack. */
const EXPANDED_MAX = 1024;

export function expand(word: string, variables: ReadonlyMap<string, string>): string {
  let left = EXPANDED_MAX;
  return word.replaceAll(/\$\{?(\w+)\}?/g, (whole, name: string) => {
    const value = variables.get(name);
    if (value === undefined || value.length > left) return whole;
    left -= value.length;
    return value;
  });
}

/** An address without the secrets that some put into it; undefined where it was never filled in. */
export function clean(repository: string | undefined): string | undefined {
  if (repository === undefined || repository === '' || repository.startsWith('$')) return undefined;
  // Up to the last `@` before the path: some passwords have one too.
  return repository.replace(/(:\/\/[^/:@]*):[^/]*@/, '$1@');
}
