// Manifests from docs/format/manifest.md alone, for the vaults that the rescue reader is tested on.
import { createHash } from 'node:crypto';

/** Paths, targets and names are strings of one character a byte. */
export interface TreeEntry {
  readonly path: string;
  readonly type: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: bigint;
  readonly content?: Buffer;
  readonly cut?: 'gear-1' | 'fixed-131072';
  readonly holes?: readonly (readonly [number, number])[];
  readonly target?: string;
  readonly link?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly xattrs?: readonly (readonly [string, Buffer])[];
  readonly unreadable?: string;
  /** Put over what the entry would say: for manifests that lie. */
  readonly lies?: Record<string, unknown>;
}

interface Ref {
  readonly kind: 1 | 2;
  readonly digest: Buffer;
}

/** An object to be packed, with what it refers to. */
export interface Piece {
  readonly bytes: Buffer;
  readonly refs: readonly Ref[];
}

interface ManifestLimits {
  readonly pageBytes: number;
  readonly listRecords: number;
  readonly holeRecords: number;
}

interface Line {
  readonly path: string;
  readonly text: Buffer;
  readonly entries: number;
  readonly bytes: bigint;
  readonly refs: readonly Ref[];
}

interface Made {
  readonly chunks: Piece[];
  readonly named: Piece[];
}

export interface Manifest extends Made {
  readonly about: { readonly sha256: string; readonly entries: number; readonly bytes: string };
}

const BLOCK = 131072;
const CHUNKS_INLINE_MAX = 32;
const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const hex = (bytes: Buffer): string => bytes.toString('hex');
const isUtf8 = (bytes: string): boolean =>
  Buffer.from(Buffer.from(bytes, 'latin1').toString('utf8')).toString('latin1') === bytes;

/** A byte sequence under its key, or under the key with `B64`. */
function named(key: string, bytes: string | undefined): Record<string, string> {
  if (bytes === undefined) return {};
  const raw = Buffer.from(bytes, 'latin1');
  return isUtf8(bytes)
    ? { [key]: raw.toString('utf8') }
    : { [`${key}B64`]: raw.toString('base64') };
}

const GEAR = Array.from({ length: 256 }, (_, byte) =>
  sha256('holdfast gear 1\n', Buffer.from([byte])).readUInt32LE(0),
);

export function cutByGear(content: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let start = 0; start < content.length; start += pieces.at(-1)?.length ?? 0) {
    const rest = content.subarray(start, start + 4194304);
    let [h, length] = [0, rest.length];
    for (let at = 524288 - 32; at < rest.length; at++) {
      h = ((h << 1) + (GEAR[rest[at] ?? 0] ?? 0)) >>> 0;
      const read = at + 1;
      if (read < 524288) continue;
      if (h >>> (read < 1048576 ? 11 : 13) === 0) {
        length = read;
        break;
      }
    }
    pieces.push(rest.subarray(0, length));
  }
  return pieces;
}

const cutFixed = (content: Buffer): Buffer[] =>
  Array.from({ length: Math.ceil(content.length / BLOCK) }, (_, at) =>
    content.subarray(at * BLOCK, (at + 1) * BLOCK),
  );

export function blocksDigest(content: Buffer): string {
  let level = cutFixed(content).map((block) => sha256(block));
  for (let number = 1; level.length > 1; number++) {
    const above: Buffer[] = [];
    for (let at = 0; at < level.length; at += 8) {
      above.push(sha256(Buffer.from([1, number]), ...level.slice(at, at + 8)));
    }
    level = above;
  }
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(content.length));
  head.writeUInt32LE(BLOCK, 8);
  return hex(sha256('holdfast blocks 0\n', head, level[0] ?? ''));
}

interface Span {
  readonly length: number;
  readonly digest: Buffer;
  readonly isList?: boolean;
}

function chunkFields(
  entry: TreeEntry,
  limits: ManifestLimits,
  made: Made,
): { fields: Record<string, unknown>; refs: Ref[] } {
  const { content = Buffer.alloc(0), cut } = entry;
  if (cut === undefined) {
    if (content.length === 0) return { fields: {}, refs: [] };
    made.chunks.push({ bytes: content, refs: [] });
    return { fields: {}, refs: [{ kind: 1, digest: sha256(content) }] };
  }
  const isZero = (piece: Buffer): boolean => cut === 'fixed-131072' && piece.every((b) => b === 0);
  let spans: Span[] = (cut === 'gear-1' ? cutByGear : cutFixed)(content).map((piece) => {
    if (isZero(piece)) return { length: piece.length, digest: Buffer.alloc(32) };
    made.chunks.push({ bytes: piece, refs: [] });
    return { length: piece.length, digest: sha256(piece) };
  });
  const refsOf = (list: readonly Span[]): Ref[] =>
    list
      .filter(({ digest }) => digest.some((byte) => byte !== 0))
      .map(({ digest, isList }) => ({ kind: isList === true ? 2 : 1, digest }));
  if (spans.length <= CHUNKS_INLINE_MAX) {
    const chunks = spans.map(({ length, digest }) => [length, hex(digest)]);
    return { fields: { cut, chunks }, refs: refsOf(spans) };
  }
  let depth = 0;
  do {
    const above: Span[] = [];
    for (let at = 0; at < spans.length; at += limits.listRecords) {
      const below = spans.slice(at, at + limits.listRecords);
      const bytes = Buffer.concat(below.flatMap((span) => [u64(span.length), span.digest]));
      made.named.push({ bytes, refs: refsOf(below) });
      const length = below.reduce((sum, span) => sum + span.length, 0);
      above.push({ length, digest: sha256(bytes), isList: true });
    }
    spans = above;
    depth++;
  } while (spans.length > 1);
  const list = { depth, sha256: hex(spans[0]?.digest ?? Buffer.alloc(0)) };
  return { fields: { cut, list }, refs: refsOf(spans) };
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function holeFields(
  entry: TreeEntry,
  limits: ManifestLimits,
  made: Made,
): { fields: Record<string, unknown>; refs: Ref[] } {
  const { holes = [] } = entry;
  if (holes.length === 0) return { fields: {}, refs: [] };
  if (holes.length <= 32) {
    return { fields: { holes: holes.map((hole) => hole.map(String)) }, refs: [] };
  }
  const digests: Buffer[] = [];
  for (let at = 0; at < holes.length; at += limits.holeRecords) {
    const records = holes.slice(at, at + limits.holeRecords);
    const bytes = Buffer.concat(records.flatMap(([from, length]) => [u64(from), u64(length)]));
    made.named.push({ bytes, refs: [] });
    digests.push(sha256(bytes));
  }
  const refs = digests.map((digest): Ref => ({ kind: 2, digest }));
  return { fields: { holeLists: digests.map(hex) }, refs };
}

function lineOf(entry: TreeEntry, limits: ManifestLimits, made: Made): Line {
  const content = entry.content ?? Buffer.alloc(0);
  const isFile = entry.type === 'file';
  const cutting = chunkFields(entry, limits, made);
  const holes = holeFields(entry, limits, made);
  const isWhole = isFile && entry.unreadable === undefined;
  const xattrs = entry.xattrs ?? [];
  const fields: Record<string, unknown> = {
    ...named('path', entry.path),
    type: entry.type,
    mode: entry.mode ?? (entry.type === 'dir' ? 0o755 : 0o644),
    uid: entry.uid ?? process.getuid?.() ?? 0,
    gid: entry.gid ?? process.getgid?.() ?? 0,
    mtime: String(entry.mtime ?? 1_700_000_000_123_456_000n),
    ...(isFile ? { size: String(content.length) } : {}),
    ...(isWhole ? { sha256: hex(sha256(content)) } : {}),
    ...(entry.cut === 'fixed-131072' ? { blocks: blocksDigest(content) } : {}),
    ...cutting.fields,
    ...holes.fields,
    ...named('target', entry.target),
    ...(entry.major === undefined ? {} : { major: entry.major, minor: entry.minor }),
    ...xattrFields(xattrs),
    ...named('link', entry.link),
    ...(entry.unreadable === undefined ? {} : { unreadable: entry.unreadable }),
    ...entry.lies,
  };
  const text = Buffer.from(`${JSON.stringify(fields)}\n`);
  const bytes = isFile ? BigInt(content.length) : 0n;
  return { path: entry.path, text, entries: 1, bytes, refs: [...cutting.refs, ...holes.refs] };
}

function xattrFields(xattrs: readonly (readonly [string, Buffer])[]): Record<string, unknown> {
  const plain = xattrs.filter(([name]) => isUtf8(name));
  const coded = xattrs.filter(([name]) => !isUtf8(name));
  const raw = (name: string): Buffer => Buffer.from(name, 'latin1');
  return {
    ...(plain.length === 0
      ? {}
      : { xattrs: plain.map(([name, v]) => [raw(name).toString('utf8'), v.toString('base64')]) }),
    ...(coded.length === 0
      ? {}
      : {
          xattrsB64: coded.map(([name, v]) => [raw(name).toString('base64'), v.toString('base64')]),
        }),
  };
}

/** Whether a line begins a page by the hash of its path. */
export function isCutAt(path: string, level: number): boolean {
  let f = 2166136261;
  for (const byte of Buffer.from(path, 'latin1')) f = Math.imul(f ^ byte, 16777619) >>> 0;
  let x = (f ^ Math.imul(level, 0x9e3779b9)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0;
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
  return ((x ^ (x >>> 16)) >>> 0) % 128 === 0;
}

/** Entries are taken in the order given: sorting is left to the caller, who may want it wrong. */
export function makeManifest(entries: readonly TreeEntry[], limits: ManifestLimits): Manifest {
  const made: Made = { chunks: [], named: [] };
  let lines = entries.map((entry) => lineOf(entry, limits, made));
  for (let level = 0; ; level++) {
    const head = Buffer.from(`{"holdfast":"page","version":0,"level":${level}}\n`);
    const pages: Line[][] = [];
    let size = 0;
    for (const line of lines) {
      const isFull = size + line.text.length > limits.pageBytes;
      const mayBeFull = level === 0 || (pages.at(-1)?.length ?? 0) >= 2;
      const isNew = (isFull && mayBeFull) || isCutAt(line.path, level);
      if (pages.length === 0 || isNew) {
        pages.push([]);
        size = head.length;
      }
      pages.at(-1)?.push(line);
      size += line.text.length;
    }
    lines = pages.map((page) => {
      const bytes = Buffer.concat([head, ...page.map((line) => line.text)]);
      made.named.push({ bytes, refs: page.flatMap((line) => line.refs) });
      const count = page.reduce((sum, line) => sum + line.entries, 0);
      const total = page.reduce((sum, line) => sum + line.bytes, 0n);
      const first = page[0]?.path ?? '';
      const about = { sha256: hex(sha256(bytes)), entries: count, bytes: String(total) };
      const text = Buffer.from(`${JSON.stringify({ ...named('first', first), ...about })}\n`);
      const refs: Ref[] = [{ kind: 2, digest: sha256(bytes) }];
      return { path: first, text, entries: count, bytes: total, refs };
    });
    const [top] = lines;
    if (lines.length === 1 && top !== undefined) {
      const { sha256: digest } = JSON.parse(top.text.toString('utf8')) as { sha256: string };
      const about = { sha256: digest, entries: top.entries, bytes: String(top.bytes) };
      return { ...made, about };
    }
  }
}
