import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { byteString } from '../../base/bytes.ts';
import type { FaultCode } from '../../base/fault.ts';
import { type DurationMs, seconds } from '../../base/units.ts';
import type { ConnectedPoint } from '../../watch/core/connected.ts';
import { resticLiteral } from '../../watch/core/tool-words.ts';
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
import {
  configSchema,
  nodeSchema,
  pointsOf,
  type ResticNode,
  snapshotsSchema,
  statsSchema,
} from './restic-json.ts';

const TOOL = 'restic';
/** Older ones know no `--no-lock` on every command, or list no ctime. */
const LEAST = [0, 12] as const;
/** Variables that would lead it to another repository, or to another secret. */
const OWN = /^RESTIC_(?:PASSWORD|REPOSITORY|CACHE|FROM_|PACK_|PROGRESS)/;

const KNOWN: readonly (readonly [FaultCode, RegExp])[] = [
  ['HF_CONNECT_SECRET_REFUSED', /wrong password|no key found|an empty password/i],
  [
    'HF_CONNECT_DAMAGED',
    /ciphertext verification failed|invalid data returned|does not match|failed to load index|unexpected EOF/i,
  ],
  ['HF_CONNECT_LOCKED', /repository is already locked|unable to create lock/i],
  [
    'HF_CONNECT_ABSENT',
    /unable to open config file|repository does not exist|no such file|Is there a repository|connection refused|no such host|network is unreachable|Connection (?:closed|timed out)|Permission denied/i,
  ],
];

/** A repository of restic, by restic itself: `--no-lock`, and a cache that is thrown away. */
export class ResticRepository implements FileRepository {
  readonly #place: ToolPlace;

  constructor(place: ToolPlace) {
    this.#place = place;
    mkdirSync(join(place.scratch, 'restic-home'), { recursive: true, mode: 0o700 });
  }

  async list(): Promise<RepositoryListing> {
    const version = await this.#run(['version'], { limit: seconds(30) });
    checkVersion({ tool: TOOL, said: version.output, least: LEAST, below: 1 });
    const config = await this.#json(['cat', 'config'], configSchema);
    const snapshots = await this.#json(['snapshots', '--json'], snapshotsSchema);
    return {
      id: config.id,
      isEncrypted: true,
      keyFile: undefined,
      points: pointsOf(snapshots),
    };
  }

  async entries(point: ConnectedPoint, see: (entry: ListedEntry) => void): Promise<boolean> {
    const bases: (string | undefined)[] = [];
    const onLine = (line: string): void => {
      const node = parseLine(line, nodeSchema);
      if (node === undefined) return; // The snapshot itself comes first.
      if (bases.length === 0) bases.push(baseOf(point, node.path));
      see(entryOf(node, bases[0] ?? ''));
    };
    const end = await this.#run(['ls', '--json', point.id], { limit: this.#place.limit, onLine });
    if (end.code !== 0 || end.isTimedOut) throw this.#fault(end);
    return bases.every((base) => base !== undefined);
  }

  async restore(
    point: ConnectedPoint,
    of: {
      readonly files: readonly ListedEntry[] | undefined;
      readonly target: string;
      readonly limit: DurationMs;
    },
  ): Promise<RestoreEnd> {
    const chosen = (of.files ?? []).flatMap(({ stored }) => ['--include', resticLiteral(stored)]);
    const end = await this.#run(['restore', point.id, '--target', of.target, ...chosen], of);
    const failed = new Map<string, string>();
    const complaint = /^(?:ignoring error for|error for|Load\(.*?\)|failed) (\/.*?): (.*)$/gm;
    for (const [, path = '', why = ''] of end.said.matchAll(complaint)) failed.set(path, why);
    if (end.isTimedOut) {
      // Which files it had finished it does not say: none is judged.
      return { failed, notTried: new Set((of.files ?? []).map(({ stored }) => stored)) };
    }
    if (end.code !== 0 && failed.size === 0) {
      const why = `restic ended with ${end.code ?? 'a signal'}: ${wordsOf(end.said)}`;
      for (const { stored } of of.files ?? []) failed.set(stored, why);
      if (of.files === undefined) throw this.#fault(end);
    }
    return { failed, notTried: new Set() };
  }

  /** What its snapshots refer to, as it is stored; what a prune would take is not in it. */
  async storedBytes(limit: DurationMs): Promise<number | string> {
    const end = await this.#run(['stats', '--mode', 'raw-data', '--json'], { limit });
    if (end.isTimedOut) return 'restic took too long to count it';
    if (end.code !== 0) throw this.#fault(end);
    const of = { tool: TOOL, repository: this.#place.shown, what: 'stats' };
    return parseOutput(end.output, statsSchema, of).total_size;
  }

  restoredPath(target: string, { stored }: ListedEntry): string {
    return join(target, stored);
  }

  async #json<T>(
    args: readonly string[],
    schema: Parameters<typeof parseOutput<T>>[1],
  ): Promise<T> {
    const end = await this.#run(args, { limit: this.#place.limit });
    if (end.code !== 0 || end.isTimedOut) throw this.#fault(end);
    const what = args.join(' ');
    return parseOutput(end.output, schema, { tool: TOOL, repository: this.#place.shown, what });
  }

  #run(
    args: readonly string[],
    how: { readonly limit: DurationMs; readonly onLine?: (line: string) => void },
  ): Promise<ToolEnd> {
    const { runner, repository, secret, scratch } = this.#place;
    const env = environmentOf(this.#place, OWN);
    // Else it says on its standard output where it reads the password from.
    const own = ['--quiet', '--no-lock', '--cache-dir', join(scratch, 'restic-home')];
    return runner.run({
      program: TOOL,
      args: [...own, ...args],
      env: { ...env, RESTIC_REPOSITORY: repository, TMPDIR: scratch },
      cwd: scratch,
      // Without a terminal it reads the password from its standard input.
      secret,
      limit: how.limit,
      ...(how.onLine === undefined ? {} : { onLine: how.onLine }),
    });
  }

  #fault(end: ToolEnd): Error {
    return toolFault(end, { tool: TOOL, repository: this.#place.shown, known: KNOWN });
  }
}

/**
 * What stands before the paths of a listing. restic keeps a relative path as it was typed
 * (`/data`), and says of the snapshot where that lay (`/srv/data`). Undefined: that cannot be told.
 */
function baseOf({ paths }: ConnectedPoint, first: string): string | undefined {
  const roots = paths.map((path) => Buffer.from(path, 'latin1').toString('utf8'));
  if (roots.some((root) => root === first || root.startsWith(`${first}/`) || root === '/')) {
    return '';
  }
  const [only] = roots;
  const isBelow = roots.length === 1 && only?.endsWith(first) === true;
  return isBelow ? only.slice(0, -first.length) : undefined;
}

function entryOf(node: ResticNode, base: string): ListedEntry {
  const kind = node.type === 'file' ? 'file' : node.type === 'dir' ? 'directory' : 'other';
  return {
    path: byteString(Buffer.from(base + node.path).toString('latin1')),
    stored: node.path,
    kind,
    bytes: node.size ?? 0,
    mtimeUs: node.mtime,
    ctimeUs: node.ctime ?? node.mtime,
    // Names that are no UTF-8 are listed with a sign instead of what cannot be shown.
    isNameable: !node.path.includes('\ufffd') && !node.path.includes('\n'),
  };
}
