import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { byteString } from '../../base/bytes.ts';
import { Fault, type FaultCode } from '../../base/fault.ts';
import { type DurationMs, durationMs, seconds } from '../../base/units.ts';
import type { ConnectedPoint } from '../../watch/core/connected.ts';
import { borgArchive } from '../../watch/core/tool-words.ts';
import type { ListedEntry } from '../../watch/core/sample.ts';
import type {
  FileRepository,
  RepositoryListing,
  RestoreEnd,
} from '../../watch/shell/team-repository.ts';
import { parseLine, parseOutput } from '../backup-tool/parse-output.ts';
import { checkVersion, toolFault, wordsOf } from '../backup-tool/tool-fault.ts';
import { environmentOf, type ToolPlace } from '../backup-tool/tool-place.ts';
import type { ToolEnd } from '../backup-tool/tool-runner.ts';
import { type BorgItem, itemSchema, listSchema, pointsOf } from './borg-json.ts';

const TOOL = 'borg';
const LEAST = [1, 2] as const;
/** borg 2 has another command line and other repositories. */
const BELOW = 2;
/** How a far borg is reached is the user's to say; where this one keeps things is not. */
const OWN = /^BORG_(?!RSH$|REMOTE_PATH$|HOST_ID$|KEY_FILE$|LIBC$|OPENSSL_PREFIX$)|^RESTIC_|^XDG_/;

const KNOWN: readonly (readonly [FaultCode, RegExp])[] = [
  [
    'HF_CONNECT_SECRET_REFUSED',
    /passphrase supplied in .* is incorrect|can not acquire a passphrase/i,
  ],
  ['HF_CONNECT_DAMAGED', /integrity error|IntegrityError|inconsistent|corrupt/i],
  ['HF_CONNECT_LOCKED', /Failed to create\/acquire the lock|LockTimeout/i],
  [
    'HF_CONNECT_ABSENT',
    /does not exist|is not a valid repository|Connection closed by remote|Connection refused|Could not resolve|Permission denied|No key file/i,
  ],
];

/** A repository of borg 1, by borg itself: `--bypass-lock`, and a home that is thrown away. */
export class BorgRepository implements FileRepository {
  readonly #place: ToolPlace;
  readonly #home: string;

  constructor(place: ToolPlace) {
    this.#place = place;
    this.#home = join(place.scratch, 'borg-home');
    mkdirSync(this.#home, { recursive: true, mode: 0o700 });
  }

  async list(): Promise<RepositoryListing> {
    const version = await this.#run(['--version'], { limit: seconds(30) });
    checkVersion({ tool: TOOL, said: version.output, least: LEAST, below: BELOW });
    this.#refuseWithoutIndex();
    const format = '{hostname}{comment}{start}{command_line}';
    const end = await this.#run(['list', '--json', '--format', format], this.#place);
    if (end.code !== 0 || end.isTimedOut) throw this.#fault(end);
    const of = { tool: TOOL, repository: this.#place.shown, what: 'list' };
    const said = parseOutput(end.output, listSchema, of);
    const { mode } = said.encryption;
    return {
      id: said.repository.id,
      isEncrypted: mode !== 'none' && !mode.startsWith('authenticated'),
      keyFile: mode.startsWith('keyfile') ? this.#keys() : undefined,
      points: pointsOf(said),
    };
  }

  async entries(point: ConnectedPoint, see: (entry: ListedEntry) => void): Promise<boolean> {
    const onLine = (line: string): void => {
      const item = parseLine(line, itemSchema);
      if (item !== undefined) see(entryOf(item));
    };
    const format = '{type}{size}{mtime}{ctime}{path}';
    const args = ['list', '--json-lines', '--format', format, `::${borgArchive(point.id)}`];
    const end = await this.#run(args, { limit: this.#place.limit, onLine });
    if (end.code !== 0 || end.isTimedOut) throw this.#fault(end);
    // Without a leading slash all are alike: only the job tells that they lay below `/`.
    return point.paths.length > 0;
  }

  /** Where a chunk is damaged borg ends at once: then each file is asked for by itself. */
  async restore(
    point: ConnectedPoint,
    of: {
      readonly files: readonly ListedEntry[] | undefined;
      readonly target: string;
      readonly limit: DurationMs;
    },
  ): Promise<RestoreEnd> {
    const { files, target, limit } = of;
    const startedAt = process.hrtime.bigint();
    const leftOf = (): DurationMs => {
      const gone = Number((process.hrtime.bigint() - startedAt) / 1_000_000n);
      return durationMs(Math.max(0, limit - gone));
    };
    const all = await this.#extract(point, { files, target, limit });
    // 1 is a warning: what it did not restore is not there, and that is seen.
    if (isDone(all)) return { failed: new Map(), notTried: new Set() };
    if (files === undefined) throw this.#fault(all);
    const failed = new Map<string, string>();
    const notTried = new Set<string>();
    for (const file of files) {
      const left = leftOf();
      const end =
        left < 1000 ? undefined : await this.#extract(point, { ...of, files: [file], limit: left });
      if (end === undefined || end.isTimedOut) notTried.add(file.stored);
      else if (!isDone(end)) failed.set(file.stored, wordsOf(end.said));
    }
    return { failed, notTried };
  }

  /** `borg info` fills a cache of the user's first, of gigabytes. */
  storedBytes(): Promise<string> {
    return Promise.resolve('borg tells it only after filling a cache of its own');
  }

  restoredPath(target: string, { stored }: ListedEntry): string {
    return join(target, stored);
  }

  #extract(
    point: ConnectedPoint,
    of: {
      readonly files: readonly ListedEntry[] | undefined;
      readonly target: string;
      readonly limit: DurationMs;
    },
  ): Promise<ToolEnd> {
    const chosen = (of.files ?? []).map(({ stored }) => `pf:${stored}`);
    // Flags such as immutable would keep scratch from being removed.
    const plain = ['--noflags', '--noacls', '--noxattrs', '--numeric-ids'];
    const args = ['extract', ...plain, `::${borgArchive(point.id)}`, ...chosen];
    return this.#run(args, { limit: of.limit, cwd: of.target });
  }

  /** borg writes a new index where one is missing, also when it is only asked to list. */
  #refuseWithoutIndex(): void {
    const { repository, shown } = this.#place;
    const path = repository.replace(/^file:\/\//, '');
    if (!path.startsWith('/') || !existsSync(join(path, 'data'))) return;
    const names = readdirSync(path);
    const numbers = (kind: string): string =>
      names
        .filter((name) => new RegExp(`^${kind}\\.\\d+$`).test(name))
        .map((name) => name.slice(kind.length + 1))
        .sort()
        .join();
    const isWhole =
      numbers('index') === numbers('hints') && numbers('index') === numbers('integrity');
    // A repository into which nothing was ever written has none.
    if (isWhole) return;
    const message = `${shown} has no whole index: borg would write a new one even to list it`;
    throw new Fault('HF_CONNECT_DAMAGED', message, { tool: TOOL, repository: shown });
  }

  /** Read and never written: what the user's borg uses as well. */
  #keys(): ReturnType<typeof byteString> {
    return byteString(Buffer.from(this.#keysDirectory()).toString('latin1'));
  }

  #keysDirectory(): string {
    const { env } = this.#place;
    const base = env.BORG_BASE_DIR ?? env.HOME ?? homedir();
    const config =
      env.BORG_CONFIG_DIR ?? join(env.XDG_CONFIG_HOME ?? join(base, '.config'), 'borg');
    return env.BORG_KEY_FILE ?? env.BORG_KEYS_DIR ?? join(config, 'keys');
  }

  #run(
    args: readonly string[],
    how: {
      readonly limit: DurationMs;
      readonly cwd?: string;
      readonly onLine?: (line: string) => void;
    },
  ): Promise<ToolEnd> {
    const { runner, repository, secret, scratch } = this.#place;
    const keys = this.#keysDirectory();
    return runner.run({
      program: TOOL,
      args: ['--bypass-lock', ...args],
      env: {
        ...environmentOf(this.#place, OWN),
        ...(existsSync(keys) && this.#place.env.BORG_KEY_FILE === undefined
          ? { BORG_KEYS_DIR: keys }
          : {}),
        ...(secret === undefined ? {} : { BORG_PASSPHRASE_FD: '3' }),
        BORG_REPO: repository,
        BORG_BASE_DIR: this.#home,
        // The home is empty: nothing can be called relocated, and what is not encrypted is unknown.
        BORG_RELOCATED_REPO_ACCESS_IS_OK: 'no',
        BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
        BORG_CHECK_I_KNOW_WHAT_I_AM_DOING: 'NO',
        BORG_DELETE_I_KNOW_WHAT_I_AM_DOING: 'NO',
        TMPDIR: scratch,
      },
      cwd: how.cwd ?? scratch,
      secret,
      secretOn: 3,
      limit: how.limit,
      ...(how.onLine === undefined ? {} : { onLine: how.onLine }),
    });
  }

  #fault(end: ToolEnd): Error {
    return toolFault(end, { tool: TOOL, repository: this.#place.shown, known: KNOWN });
  }
}

function isDone({ code, isTimedOut }: ToolEnd): boolean {
  return !isTimedOut && (code === 0 || code === 1);
}

function entryOf(item: BorgItem): ListedEntry {
  const kind = item.type === '-' ? 'file' : item.type === 'd' ? 'directory' : 'other';
  const path = item.path.replace(/^\.?\/*/, '');
  return {
    path: byteString(`/${Buffer.from(path).toString('latin1')}`),
    stored: item.path,
    kind,
    bytes: item.size ?? 0,
    mtimeUs: item.mtime,
    ctimeUs: item.ctime ?? item.mtime,
    // What is no UTF-8 is listed as `?`: which of them is a real one is not to be told.
    isNameable: !/[?\n]/.test(item.path),
  };
}
