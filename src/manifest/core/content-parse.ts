import { corrupt } from './corrupt.ts';
import {
  CHUNK_SIZE_MAX,
  type Chunk,
  CUTS,
  type FileContent,
  type Hole,
  INLINE_MAX,
  WHOLE_SIZE_MAX,
} from './entry-fields.ts';
import * as strict from './strict.ts';

/** 4096^5 blocks of 128 KiB are more than any file has. */
const DEPTH_MAX = 5;

/**
 * What a file's line says about its content, checked as a whole: the parts add up.
 *
 * @throws Fault HF_MANIFEST_CORRUPT
 */
export function parseContent(raw: strict.Raw, isUnreadable: boolean): FileContent {
  const size = strict.sizeOf(raw.size, 'size');
  const digestAt = (key: string) =>
    raw[key] === undefined ? undefined : strict.digestOf(raw[key], key);
  const cut = strict.oneOf(raw.cut, CUTS);
  if (cut === undefined && raw.cut !== undefined) throw corrupt('cut is unknown');
  const content: FileContent = {
    size,
    sha256: digestAt('sha256'),
    blocks: digestAt('blocks'),
    cut,
    chunks: strict.listAt(raw, 'chunks')?.map(parseChunk),
    list: raw.list === undefined ? undefined : parseListRef(raw.list),
    holes: parseHoles(strict.listAt(raw, 'holes'), size),
    holeLists: strict.listAt(raw, 'holeLists')?.map((list) => strict.digestOf(list, 'holeLists')),
  };
  const why = isUnreadable ? reasonAgainstUnread(content) : reasonAgainst(content);
  if (why !== undefined) throw corrupt(why);
  return content;
}

function parseChunk(raw: unknown): Chunk {
  const [length, digest] = strict.pairOf(raw, 'chunks');
  const lengthOf = strict.numberAt({ length }, 'length', CHUNK_SIZE_MAX);
  if (lengthOf === 0) throw corrupt('a chunk is empty');
  return { length: lengthOf, digest: strict.digestOf(digest, 'chunks') };
}

function parseListRef(raw: unknown): FileContent['list'] {
  if (!strict.isRaw(raw)) throw corrupt('list is no object');
  const depth = strict.numberAt(raw, 'depth', DEPTH_MAX);
  if (depth === 0) throw corrupt('a list has no depth');
  return { depth, digest: strict.digestOf(raw.sha256, 'list') };
}

function parseHoles(raw: readonly unknown[] | undefined, size: bigint): FileContent['holes'] {
  if (raw === undefined) return undefined;
  if (raw.length === 0 || raw.length > INLINE_MAX) throw corrupt('holes are too few or too many');
  let end = -1n;
  return raw.map((pair): Hole => {
    const [first, second] = strict.pairOf(pair, 'holes');
    const hole = { offset: strict.sizeOf(first, 'holes'), length: strict.sizeOf(second, 'holes') };
    if (hole.offset <= end || hole.length === 0n) throw corrupt('holes touch or are not sorted');
    end = hole.offset + hole.length;
    if (end > size) throw corrupt('a hole lies behind the end');
    return hole;
  });
}

function reasonAgainstUnread(content: FileContent): string | undefined {
  const { sha256, blocks, cut, chunks, list } = content;
  const parts = [sha256, blocks, cut, chunks, list];
  return parts.every((part) => part === undefined) ? undefined : 'an unreadable file has content';
}

function reasonAgainst(content: FileContent): string | undefined {
  const { size, sha256, blocks, cut, chunks, list } = content;
  if (cut === undefined) {
    if (sha256 === undefined) return 'a file has no content';
    if (size > WHOLE_SIZE_MAX) return 'a large file is not cut';
    const parts = [blocks, chunks, list];
    return parts.every((part) => part === undefined) ? undefined : 'one chunk, yet it has a list';
  }
  if (size <= WHOLE_SIZE_MAX) return 'a small file is cut';
  if ((cut === 'fixed-131072') !== (blocks !== undefined)) return 'blocks is not where it belongs';
  if (cut === 'gear-1' && sha256 === undefined) return 'a file has no digest';
  if (chunks === undefined) return list === undefined ? 'a file has no chunks' : undefined;
  if (chunks.length > INLINE_MAX) return 'too many chunks in an entry';
  const sum = chunks.reduce((total, chunk) => total + chunk.length, 0);
  return BigInt(sum) === size ? undefined : 'the chunks are not as long as the file';
}
