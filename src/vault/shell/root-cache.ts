/** The stat cache of one root: when it may be believed, and how it is kept. */
import type { ByteString, Digest } from '../../base/bytes.ts';
import { byteString, hexOf, parseDigest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Disk } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import type { StatCache } from '../core/stat-cache.ts';
import { parseCache } from '../core/stat-cache.ts';
import { bytesOfUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import type { CacheBuilder, ExcludedIn } from './cache-builder.ts';
import type { LocalState } from './local-state.ts';

export interface CachePorts {
  readonly disk: Disk;
  readonly tools: Tools;
  readonly state: LocalState;
  /** Zeroed memory for threads to share, aligned to 8 bytes. */
  readonly allocate: (sizeBytes: number) => Uint8Array;
}

/** What a cache is of: any difference and it is not used. */
export interface CacheSubject {
  readonly root: ByteString;
  /** Excludes and other options that decide what is captured, as text in UTF-8. */
  readonly options: ByteString;
}

/** What the run that wrote the cache knew. */
export interface CacheFacts {
  /** Name of the snapshot object it belongs to. */
  readonly snapshot: string;
  readonly digest: Digest;
  readonly entries: number;
  readonly bytes: bigint;
  readonly startedMs: number;
  readonly bootId: string;
  /** Wall time of the boot: it moves when the clock is stepped. */
  readonly bootTimeMs: number;
  /** Of the root, where it was read: a frozen view has another number each time. */
  readonly device: bigint;
  /** What rules leave out is in no directory of a cache, and has to be counted each time. */
  readonly excluded: readonly ExcludedIn[];
}

export interface RootCache {
  readonly facts: CacheFacts;
  readonly cache: StatCache;
  readonly file: Uint8Array;
}

export function cacheKey(tools: Tools, subject: CacheSubject): string {
  return hexOf(tools.hash.sha256Text(byteString(`${subject.root}\0${subject.options}`))).slice(
    0,
    32,
  );
}

/** Undefined where there is none that may be believed, for whatever reason. */
export function readRootCache(ports: CachePorts, subject: CacheSubject): RootCache | undefined {
  try {
    return readCache(ports, subject);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return undefined; // Losing it costs one full read, and no snapshot.
  }
}

function readCache(ports: CachePorts, subject: CacheSubject): RootCache | undefined {
  const path = ports.state.cachePath(cacheKey(ports.tools, subject));
  const size = ports.disk.size(path);
  if (size === undefined || size === 0) return undefined;
  const file = ports.allocate(size);
  const reader = ports.disk.openRead(path);
  try {
    if (reader.read(file, 0) !== size) return undefined;
  } finally {
    reader.close();
  }
  const cache = parseCache(file, ports.tools);
  if (cache === undefined) return undefined;
  const facts = parseMeta(cache.meta, subject);
  return facts === undefined ? undefined : { facts, cache, file };
}

/** @returns why it could not be kept; the snapshot it belongs to is there all the same */
export function writeRootCache(
  ports: CachePorts,
  subject: CacheSubject,
  made: { readonly builder: CacheBuilder; readonly facts: Omit<CacheFacts, 'excluded'> },
): string | undefined {
  const { tools, state } = ports;
  const facts = { ...made.facts, excluded: made.builder.excluded() };
  const meta = byteString(metaOf(subject, facts));
  try {
    state.writeCache(cacheKey(tools, subject), (emit) => made.builder.write({ meta, tools, emit }));
    return undefined;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return `the cache could not be kept (${error.message})`;
  }
}

function metaOf(subject: CacheSubject, facts: CacheFacts): string {
  return JSON.stringify({
    ...subject,
    ...facts,
    digest: hexOf(facts.digest),
    bytes: String(facts.bytes),
    device: String(facts.device),
    excluded: packExcluded(facts.excluded),
  });
}

/** Each as four values in turn, with rules as bytes: the text of a cache is bytes throughout. */
function packExcluded(excluded: readonly ExcludedIn[]): readonly (number | string)[] {
  return excluded.flatMap(({ dir, name, rule, isDir }) => [
    dir,
    name,
    bytesOfUtf8(rule),
    isDir ? 1 : 0,
  ]);
}

function unpackExcluded(raw: unknown): ExcludedIn[] {
  const values: readonly unknown[] = Array.isArray(raw) ? raw : [];
  const excluded: ExcludedIn[] = [];
  for (let at = 0; at + 3 < values.length; at += 4) {
    excluded.push({
      dir: Number(values[at]),
      name: byteString(String(values[at + 1])),
      rule: utf8Of(byteString(String(values[at + 2]))),
      isDir: values[at + 3] === 1,
    });
  }
  return excluded;
}

function parseMeta(meta: string, subject: CacheSubject): CacheFacts | undefined {
  const raw: Readonly<Record<string, unknown>> = JSON.parse(meta);
  if (raw.root !== subject.root || raw.options !== subject.options) return undefined;
  const digest = parseDigest(String(raw.digest));
  if (digest === undefined) return undefined;
  return {
    snapshot: String(raw.snapshot),
    digest,
    entries: Number(raw.entries),
    bytes: BigInt(String(raw.bytes)),
    startedMs: Number(raw.startedMs),
    bootId: String(raw.bootId),
    bootTimeMs: Number(raw.bootTimeMs),
    device: BigInt(String(raw.device ?? 0)),
    excluded: unpackExcluded(raw.excluded),
  };
}
