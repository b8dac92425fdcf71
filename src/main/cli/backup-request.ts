/** What `backup` was asked for: data sets, from the command line or from holdfast.yaml. */
import fs from 'node:fs';
import { MOUNT_ANSWER_MAX, nodeMounts } from '../../adapters/node/mounts.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Mounts } from '../../host/mounts.ts';
import { rootNames } from '../../vault/shell/backup-parts.ts';
import { mayTouch } from '../../vault/shell/mount-answer.ts';
import type { ServiceRecord } from '../../vault/core/snapshot-content.ts';
import type { CaptureWord, DataSetConfig } from '../../wire/config.ts';
import { FILE_SYSTEM_WORDS } from '../../wire/config.ts';
import { AS_IT_LIES, type CapturePlan, NO_HOOKS, planOf } from '../frozen/capture-plan.ts';
import { dataSetsElsewhere, demandHere } from '../estate/data-sets-here.ts';
import type { Cli } from './cli.ts';
import { absolutePath, bytesOfArgument, bytesOfText, parentPath, textOfBytes } from './places.ts';
import { fullPath, type Settings } from './settings.ts';
import { walkedPath } from './walked-path.ts';

export interface BackupOptions {
  readonly name?: string;
  readonly exclude?: readonly string[];
  readonly excludeFrom?: readonly string[];
  readonly oneFileSystem?: true;
  readonly excludeCaches?: true;
  readonly excludeNobackup?: true;
  readonly readAll?: true;
  readonly stdin?: string;
  readonly fromSnapshot?: string;
  readonly viewOpen?: readonly string[];
  readonly viewClose?: readonly string[];
  readonly tag?: readonly string[];
}

/** One data set to take a snapshot of. */
export interface DataSetJob {
  readonly dataSet: string;
  readonly from: JobSource;
  /** What is run around it, and how it is held still. */
  readonly plan: CapturePlan;
  readonly service?: ServiceRecord;
  /** Names that a retention may keep the snapshot by. */
  readonly tags?: readonly string[];
  readonly excludeRules: readonly string[];
  readonly oneFileSystem: boolean;
  readonly skipCacheDirs: boolean;
  readonly skipNoBackup: boolean;
}

export type JobSource =
  | { readonly kind: 'paths'; readonly roots: readonly NamedPath[] }
  | { readonly kind: 'command'; readonly name: ByteString; readonly command: readonly string[] };

export interface NamedPath {
  /** Under which it is restored when there are several. */
  readonly name: ByteString;
  readonly path: ByteString;
}

/** @throws Fault HF_USAGE, HF_SOURCE_ABSENT, HF_DATA_SET_ELSEWHERE; all before anything is done */
export function backupJobs(
  cli: Cli,
  settings: Settings,
  asked: { readonly args: readonly string[]; readonly options: BackupOptions },
): readonly DataSetJob[] {
  const { args, options } = asked;
  const isView = options.viewOpen !== undefined || options.viewClose !== undefined;
  if (isView && options.fromSnapshot !== 'command') {
    throw usage('--view-open and --view-close go with --from-snapshot command');
  }
  if (options.fromSnapshot !== undefined && (options.stdin !== undefined || args.length === 0)) {
    throw usage('--from-snapshot takes the PATHs; for data sets write `capture:` in holdfast.yaml');
  }
  if (options.stdin !== undefined) return [streamJob(args, options.stdin, options)];
  if (args.length > 0) return [pathsJob(cli, args, options)];
  return configuredJobs(settings, options);
}

function streamJob(command: readonly string[], name: string, options: BackupOptions): DataSetJob {
  if (command.length === 0) {
    throw usage('--stdin NAME takes the command behind --: only so its failure is seen');
  }
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
    throw usage('--stdin takes the name of a file, without a slash');
  }
  return {
    dataSet: options.name ?? name,
    from: { kind: 'command', name: bytesOfText(name), command },
    plan: AS_IT_LIES,
    ...captureOptions({}, []),
  };
}

function pathsJob(cli: Cli, args: readonly string[], options: BackupOptions): DataSetJob {
  const paths = args.map((given) => walkedPath(cli.cwd, bytesOfArgument(given)));
  const mounts = nodeMounts({ answerMax: MOUNT_ANSWER_MAX });
  for (const path of paths) demandThere(mounts, path);
  const roots = namedPaths(mounts, paths);
  const rules = [
    ...(options.exclude ?? []),
    ...(options.excludeFrom ?? []).flatMap((file) => rulesIn(textOfBytes(fullPath(cli, file)))),
  ];
  return {
    dataSet: options.name ?? dataSetName(roots),
    from: { kind: 'paths', roots },
    plan: planOfOptions(cli, options),
    ...captureOptions(options, rules),
  };
}

/** @throws Fault HF_USAGE */
function planOfOptions(cli: Cli, options: BackupOptions): CapturePlan {
  const { fromSnapshot: asked, viewOpen: open, viewClose: close } = options;
  if (asked === undefined) return AS_IT_LIES;
  const word = [...FILE_SYSTEM_WORDS].find((each) => each === asked);
  if (word === undefined) {
    const words = [...FILE_SYSTEM_WORDS].join(', ');
    throw usage(`--from-snapshot takes one of ${words}; not ${asked}`);
  }
  if (word === 'command' && open === undefined) {
    throw usage('--from-snapshot command takes --view-open PROGRAM..., which prints a directory');
  }
  return { hooks: NO_HOOKS, freeze: freezeOf(cli.cwd, { word, open, close }) };
}

function freezeOf(
  base: ByteString,
  of: {
    readonly word: CaptureWord;
    readonly open: readonly string[] | undefined;
    readonly close: readonly string[] | undefined;
  },
): CapturePlan['freeze'] {
  const { word, open, close } = of;
  const view =
    open === undefined
      ? {}
      : { view: { open: [...open], ...(close === undefined ? {} : { close: [...close] }) } };
  return { word, options: view, limit: NO_HOOKS.limit, base };
}

/** What people call it: its paths. */
function dataSetName(roots: readonly NamedPath[]): string {
  return roots
    .map(({ path }) => textOfBytes(path))
    .sort()
    .join(', ');
}

function configuredJobs(settings: Settings, options: BackupOptions): readonly DataSetJob[] {
  const { configFile, config } = settings;
  const all = Object.entries(config.datasets ?? {});
  if (configFile === undefined || all.length === 0) {
    throw usage('nothing was named to back up: give a PATH, or write data sets into holdfast.yaml');
  }
  const wanted = all.filter(([name]) => options.name === undefined || name === options.name);
  if (wanted.length === 0) {
    const names = all.map(([name]) => name).join(', ');
    throw usage(`${configFile} has no data set ${options.name ?? ''}; it has ${names}`);
  }
  const elsewhere = new Set(dataSetsElsewhere(config).map(({ dataSet }) => dataSet));
  const here = wanted.filter(([name]) => !elsewhere.has(name));
  const [first] = wanted;
  if (here.length === 0 && first !== undefined) demandHere(config, first[0]);
  return jobsNamed(
    settings,
    here.map(([name]) => name),
    options,
  );
}

/** Data sets of the configuration, by name and in this order. @throws Fault as `backupJobs` */
export function jobsNamed(
  settings: Settings,
  names: readonly string[],
  options: BackupOptions,
): readonly DataSetJob[] {
  const { configFile, config } = settings;
  const base = parentPath(bytesOfText(configFile ?? '/'));
  return names.map((name) => {
    const dataSet = config.datasets?.[name];
    if (dataSet === undefined) throw usage(`there is no data set ${name} in the configuration`);
    demandHere(config, name);
    return configuredJob(base, { name, dataSet, options });
  });
}

function configuredJob(
  base: ByteString,
  of: {
    readonly name: string;
    readonly dataSet: DataSetConfig;
    readonly options: BackupOptions;
  },
): DataSetJob {
  const { name, dataSet, options } = of;
  const full = (given: string): ByteString => absolutePath(base, bytesOfText(given));
  const mounts = nodeMounts({ answerMax: MOUNT_ANSWER_MAX });
  const rules = [
    ...(dataSet.exclude ?? []),
    ...(dataSet['exclude-from'] ?? []).flatMap((file) => rulesIn(textOfBytes(full(file)))),
    ...(options.exclude ?? []),
  ];
  return {
    dataSet: name,
    from: { kind: 'paths', roots: namedPaths(mounts, (dataSet.paths ?? []).map(full)) },
    plan: planOf(dataSet, base),
    ...captureOptions(
      {
        oneFileSystem: dataSet['one-file-system'] ?? options.oneFileSystem,
        excludeCaches: dataSet['exclude-caches'] ?? options.excludeCaches,
        excludeNobackup: dataSet['exclude-nobackup'] ?? options.excludeNobackup,
      },
      rules,
    ),
  };
}

function captureOptions(
  flags: {
    readonly oneFileSystem?: boolean | undefined;
    readonly excludeCaches?: boolean | undefined;
    readonly excludeNobackup?: boolean | undefined;
  },
  excludeRules: readonly string[],
): Pick<DataSetJob, 'excludeRules' | 'oneFileSystem' | 'skipCacheDirs' | 'skipNoBackup'> {
  return {
    excludeRules,
    oneFileSystem: flags.oneFileSystem ?? false,
    skipCacheDirs: flags.excludeCaches ?? false,
    skipNoBackup: flags.excludeNobackup ?? false,
  };
}

/** @throws Fault HF_ROOT_NAMES_COLLIDE */
function namedPaths(mounts: Mounts, paths: readonly ByteString[]): readonly NamedPath[] {
  const names = rootNames(paths);
  return paths.map((path, at) => ({ name: names[at] ?? path, path: sourcePath(mounts, path) }));
}

/**
 * Who names a link to a directory means the directory; it keeps the name that was given. What is not
 * there, or on a dead mount, costs its own data set the backup, which says so, and no other.
 */
function sourcePath(mounts: Mounts, path: ByteString): ByteString {
  return mayTouch(mounts, path) && isLink(path) ? mounts.realPath(path) : path;
}

function isLink(path: ByteString): boolean {
  try {
    return fs.lstatSync(fsPath(path)).isSymbolicLink();
  } catch {
    return false; // The backup says why.
  }
}

/** What a person has just typed is refused before anything is asked. @throws Fault HF_SOURCE_ABSENT */
function demandThere(mounts: Mounts, path: ByteString): void {
  if (!mayTouch(mounts, path) || fs.existsSync(fsPath(path))) return;
  const shown = textOfBytes(path);
  throw new Fault('HF_SOURCE_ABSENT', `there is no ${shown}`, { path: shown });
}

function rulesIn(file: string): readonly string[] {
  try {
    return fs
      .readFileSync(file, 'utf8')
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  } catch (cause) {
    throw new Fault(
      'HF_USAGE',
      `the rules in ${file} cannot be read`,
      { command: 'backup' },
      { cause },
    );
  }
}

const TAG = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u;
const TAGS_MAX = 16;

/** The same, with the names that the snapshots are given. @throws Fault HF_USAGE */
export function tagged(
  jobs: readonly DataSetJob[],
  tags: readonly string[] = [],
): readonly DataSetJob[] {
  const wrong = tags.find((tag) => !TAG.test(tag));
  if (wrong !== undefined) {
    const why = `--tag takes letters, digits, dots, dashes and underscores, at most 64, not ${JSON.stringify(wrong)}`;
    throw usage(why);
  }
  if (tags.length > TAGS_MAX) throw usage(`at most ${TAGS_MAX} tags for one snapshot`);
  return tags.length === 0 ? jobs : jobs.map((job) => ({ ...job, tags: [...new Set(tags)] }));
}

function usage(message: string): Fault {
  return new Fault('HF_USAGE', message, { command: 'backup' });
}
