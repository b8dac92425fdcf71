/** Large files cut at fixed offsets, shared out over all workers in ranges. */
import type { ByteString } from '../../base/bytes.ts';
import type { Source, StatWords, Xattrs } from '../../host/source.ts';
import {
  SourceFailure,
  STAT_CTIME,
  STAT_DEV,
  STAT_INO,
  STAT_NLINK,
  STAT_SIZE,
  STAT_WORDS,
} from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import { BLOCK_SIZE } from '../../manifest/core/blocks.ts';
import { WHOLE_SIZE_MAX } from '../../manifest/core/entry-fields.ts';
import { fileText } from '../../manifest/core/entry-line.ts';
import type { EmitBytes } from '../../manifest/core/list.ts';
import { isSameState } from './capture-work.ts';
import type { RangeResult } from './capture-range.ts';
import type { Crew } from './crew.ts';
import { EntryLines, kindOfWords } from './entry-lines.ts';
import { holesOf } from './file-holes.ts';
import { FixedContent } from './fixed-content.ts';
import type { BatchItem } from './walk-item.ts';

const RANGE_SIZE = 128 * BLOCK_SIZE;
/** Ranges under way for each worker. */
const AHEAD = 2;
const ATTEMPTS_MAX = 3;

export interface LargeFile {
  readonly line: ByteString;
  readonly words: StatWords;
  readonly isInFlux: boolean;
  /** Attributes that the line lacks, with why. */
  readonly notKept: readonly ByteString[];
  readonly readBytes: number;
}

export interface LargePorts {
  readonly source: Source;
  readonly tools: Tools;
  readonly crew: Crew;
  /** Stores a chunk list or hole list. */
  readonly keepList: EmitBytes;
  /** Contents of inodes with several links, so that each is read once. */
  readonly links: LargeLinks;
}

/** By device and inode. */
export type LargeLinks = Map<string, { readonly ctime: bigint; readonly content: string }>;

/**
 * @returns undefined where it is no large file any more
 * @throws SourceFailure where it cannot be opened or read
 */
export async function captureLarge(
  ports: LargePorts,
  item: BatchItem,
): Promise<LargeFile | undefined> {
  const { source, tools } = ports;
  const file = source.openFile(item.dir, item.name);
  try {
    const words = new BigInt64Array(STAT_WORDS);
    const after = new BigInt64Array(STAT_WORDS);
    for (let attempt = 1; ; attempt++) {
      source.statFile(file, words);
      if (kindOfWords(words) !== 'file' || Number(words[STAT_SIZE]) <= WHOLE_SIZE_MAX) {
        return undefined;
      }
      const xattrs: Xattrs = source.xattrsOfHandle(file);
      const made = await linkedContent(ports, { file, words });
      source.statFile(file, after);
      const isInFlux = !isSameState(words, after);
      if (isInFlux && attempt < ATTEMPTS_MAX) continue;
      const lines = new EntryLines(source, tools.codec);
      const line = lines.line({
        path: item.path,
        words,
        content: made.content,
        xattrs,
        marks: isInFlux ? { inFlux: true } : {},
      });
      return { line, words, isInFlux, notKept: lines.notKept, readBytes: made.readBytes };
    }
  } finally {
    source.closeFile(file);
  }
}

/** Of an inode with several links: what was read under another name, unless it changed since. */
async function linkedContent(
  ports: LargePorts,
  of: { readonly file: number; readonly words: StatWords },
): Promise<{ content: string; readBytes: number }> {
  const { words } = of;
  if ((words[STAT_NLINK] ?? 1n) <= 1n) return contentOf(ports, of);
  const inode = `${words[STAT_DEV]}:${words[STAT_INO]}`;
  const ctime = words[STAT_CTIME] ?? 0n;
  const known = ports.links.get(inode);
  if (known?.ctime === ctime) return { content: known.content, readBytes: 0 };
  const made = await contentOf(ports, of);
  ports.links.set(inode, { ctime, content: made.content });
  return made;
}

async function contentOf(
  ports: LargePorts,
  of: { readonly file: number; readonly words: StatWords },
): Promise<{ content: string; readBytes: number }> {
  const size = Number(of.words[STAT_SIZE]);
  const holes = holesOf(ports, of);
  for (const list of holes.lists) ports.keepList(list.bytes, list.depth);
  const fixed = new FixedContent(ports.tools, { size, emit: ports.keepList });
  const underWay: { offset: number; result: Promise<RangeResult> }[] = [];
  let readBytes = 0;
  const takeFirst = async (): Promise<void> => {
    const first = underWay.shift();
    if (first === undefined) return;
    const result = await first.result;
    if (result.errno !== undefined) throw new SourceFailure(result.errno);
    fixed.zerosUpTo(first.offset);
    fixed.add(result.digests);
    readBytes += result.readBytes;
  };
  try {
    for (const range of dataRanges(holes.segments, size)) {
      const result = ports.crew.captureRange({ file: of.file, ...range });
      result.catch(() => undefined); // Awaited in its turn; until then nobody else listens.
      underWay.push({ offset: range.offset, result });
      if (underWay.length >= ports.crew.size * AHEAD) await takeFirst();
    }
    while (underWay.length > 0) await takeFirst();
  } finally {
    // After a failure others still read: the file is not closed under them.
    await Promise.allSettled(underWay.map(({ result }) => result));
  }
  fixed.zerosUpTo(size);
  return { content: fileText({ ...fixed.finish(), ...holes.fields }), readBytes };
}

interface DataRange {
  readonly offset: number;
  readonly length: number;
  readonly segments: readonly number[];
}

/** Ranges on the grid that hold data; what lies between them is zeros and costs nothing. */
function* dataRanges(segments: readonly number[], size: number): Generator<DataRange> {
  let at = 0;
  let segment = 0;
  while (segment < segments.length) {
    const start = Math.max(at, floorTo(segments[segment] ?? 0));
    const end = Math.min(size, start + RANGE_SIZE);
    const inside: number[] = [];
    let last = start;
    for (let next = segment; next < segments.length; next += 2) {
      const from = segments[next] ?? 0;
      if (from >= end) break;
      inside.push(from, segments[next + 1] ?? 0);
      last = from + (segments[next + 1] ?? 0);
    }
    // The range ends with its data, so that a hole behind it is not walked block by block.
    const stop = Math.min(end, ceilTo(last));
    if (stop > start) yield { offset: start, length: stop - start, segments: inside };
    at = stop;
    while (segment < segments.length && endOf(segments, segment) <= at) segment += 2;
  }
}

function endOf(segments: readonly number[], at: number): number {
  return (segments[at] ?? 0) + (segments[at + 1] ?? 0);
}

function floorTo(offset: number): number {
  return offset - (offset % BLOCK_SIZE);
}

function ceilTo(offset: number): number {
  return floorTo(offset + BLOCK_SIZE - 1);
}
