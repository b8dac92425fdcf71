/**
 * SQLite by its own backup call: a copy of one moment, with whatever lay in its WAL, made in
 * scratch and checked there. It is captured under the name of the database, without a WAL.
 */
import fs from 'node:fs';
import path from 'node:path';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { FrozenSource, FrozenView, ViewRoot } from '../../host/frozen-source.ts';
import type { EnginePorts } from '../engines/engine-ports.ts';
import { freezeFailed } from '../engines/freeze-fault.ts';
import { runProgram, whyOf } from '../engines/program.ts';
import { makeScratch, noRoom, type Scratch, textPath } from '../engines/scratch.ts';
import { fsPath } from '../node/syscalls-path.ts';
import { type CopyResult, parseCopyResult } from './copy-result.ts';

export interface SqliteOptions {
  /** Databases, absolute; one or several. */
  readonly path?: ByteString | undefined;
  readonly paths?: readonly ByteString[] | undefined;
  /** For the copy of one database. */
  readonly limitMs?: number | undefined;
}

const METHOD = 'sqlite';
const LIMIT_MS = 60 * 60_000;
const CHILD = path.join(
  import.meta.dirname,
  `sqlite-backup-child${path.extname(import.meta.filename)}`,
);

export function sqliteBackup(ports: EnginePorts, options: SqliteOptions): FrozenSource {
  return {
    method: METHOD,
    open: async () => {
      const scratch = makeScratch(ports.scratch, 'sqlite');
      try {
        return await viewOf(ports, options, scratch);
      } catch (error) {
        scratch.remove();
        throw error;
      }
    },
  };
}

async function viewOf(
  ports: EnginePorts,
  options: SqliteOptions,
  scratch: Scratch,
): Promise<FrozenView> {
  const { path: one, paths = one === undefined ? [] : [one], limitMs = LIMIT_MS } = options;
  if (paths.length === 0) {
    const instead = 'Name the database file.';
    throw new Fault('HF_CONFIG_INVALID', 'no SQLite database was named', { instead });
  }
  const coveredUpTo = ports.clock.now();
  const names = new Set<string>();
  const roots: ViewRoot[] = [];
  const facts: Record<string, string | number> = {};
  for (const source of paths) {
    const name = nameFor(source, names);
    const readPath = byteString(`${scratch.path}/${roots.length}`);
    const result = await copy({ ports, source, target: readPath, limitMs });
    facts.sqlite = result.sqlite;
    if (result.restarts > 0) facts[`begun-again ${sayText(name)}`] = result.restarts;
    roots.push({ name, readPath, path: source });
  }
  if (roots.length > 1) facts.moment = 'each database at a moment of its own';
  return {
    roots,
    coveredUpTo,
    guarantee: 'consistent',
    facts,
    close: async () => {
      const left = scratch.remove();
      if (left !== undefined)
        throw new Fault('HF_THAW_FAILED', left, { left: `Remove it: ${left}.` });
    },
  };
}

function nameFor(source: ByteString, taken: Set<string>): ByteString {
  const last = source.slice(source.lastIndexOf('/') + 1);
  const name = taken.has(last) ? source.slice(1).replaceAll('/', '%2F') : last;
  taken.add(name);
  return byteString(name);
}

async function copy(of: {
  readonly ports: EnginePorts;
  readonly source: ByteString;
  readonly target: ByteString;
  readonly limitMs: number;
}): Promise<CopyResult> {
  const { ports, source, target, limitMs } = of;
  const stat = statOf(source);
  const wal = fs.statSync(fsPath(byteString(`${source}-wal`)), { throwIfNoEntry: false });
  const bytes = stat.size + (wal?.size ?? 0);
  const against = noRoom({ parent: ports.scratch, minFree: ports.minFree, bytes });
  if (against !== undefined) throw freezeFailed(METHOD, against);
  const ended = await runProgram({
    program: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      CHILD,
      textPath(source),
      textPath(target),
      String(limitMs),
    ],
    // It gives up by itself; this is for the case that it cannot.
    limitMs: limitMs + 60_000,
  });
  if (!ended.isOk) throw freezeFailed(METHOD, whyOfChild(ended));
  const result = parseCopyResult(ended.stdout);
  if (result.problems.length > 0) {
    const text = sayText(result.problems.join('; '));
    throw freezeFailed(METHOD, `${sayText(textPath(source))} is damaged: ${text}`);
  }
  fs.chmodSync(fsPath(target), stat.mode & 0o7777);
  if (process.getuid?.() === 0) fs.chownSync(fsPath(target), stat.uid, stat.gid);
  fs.utimesSync(fsPath(target), stat.mtimeMs / 1000, stat.mtimeMs / 1000);
  return result;
}

function statOf(source: ByteString): fs.Stats {
  try {
    const stat = fs.statSync(fsPath(source));
    if (stat.isFile()) return stat;
  } catch (error) {
    const message = `${sayText(textPath(source))} cannot be looked at`;
    throw new Fault('HF_SOURCE_ABSENT', message, { path: textPath(source) }, { cause: error });
  }
  const message = `${sayText(textPath(source))} is no file`;
  throw new Fault('HF_SOURCE_ABSENT', message, { path: textPath(source) });
}

/** Of an exception Node prints much; the line with its message says it. */
export function whyOfChild(ended: Parameters<typeof whyOf>[0]): string {
  const line = ended.stderr.split('\n').find((each) => /^\w*Error: /.test(each));
  return line === undefined ? whyOf(ended) : sayText(line.replace(/^\w*Error: /, ''));
}
