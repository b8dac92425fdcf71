import type { Source } from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import { WHOLE_SIZE_MAX, type Cut, type FileContent } from '../../manifest/core/entry-fields.ts';
import { GearCutter, PIECE_SIZE_MAX } from '../../manifest/core/gear.ts';
import { ChunkTable } from '../../manifest/core/list.ts';
import { captureRange } from './capture-range.ts';
import { FixedContent } from './fixed-content.ts';
import type { ObjectWriter } from './object-writer.ts';
import type { MadeList } from './made-list.ts';
import { collectLists } from './made-list.ts';

const WINDOW_SIZE = 2 * PIECE_SIZE_MAX;

export interface CutPorts {
  readonly source: Source;
  readonly tools: Tools;
  readonly content: ObjectWriter;
}

export interface CutFile {
  readonly file: number;
  readonly size: number;
  readonly cut: 'whole' | Cut;
  /** Offset and length in turn of what is data. */
  readonly segments: readonly number[];
}

export interface CutResult {
  readonly content: FileContent;
  /** Chunk lists to be stored. */
  readonly lists: readonly MadeList[];
  readonly readBytes: number;
}

/** The content of one file over 1 MiB, by one worker. */
export function cutContent(ports: CutPorts, of: CutFile): CutResult {
  const lists: MadeList[] = [];
  const emit = collectLists(ports.tools.hash, lists);
  if (of.cut === 'fixed-131072') {
    const fixed = new FixedContent(ports.tools, { size: of.size, emit });
    const range = { file: of.file, offset: 0, length: of.size, segments: of.segments };
    const { digests, readBytes } = captureRange(ports, range);
    fixed.add(digests);
    return { content: fixed.finish(), lists, readBytes };
  }
  const table = new ChunkTable({ emit });
  const whole = ports.tools.hash.stream();
  let size = 0;
  for (const piece of gearPieces(ports, of)) {
    const digest = ports.tools.hash.sha256(piece);
    whole.update(piece);
    ports.content.room(piece.length).set(piece);
    ports.content.keep(digest, piece.length);
    table.push(piece.length, digest);
    size += piece.length;
  }
  const sha256 = whole.digest();
  // It shrank while it was read, to what is one chunk.
  if (size <= WHOLE_SIZE_MAX) {
    return { content: wholeOf(ports, { file: of.file, size }), lists: [], readBytes: size };
  }
  const content = { size: BigInt(size), sha256, cut: 'gear-1', ...table.finish() } as const;
  return { content, lists, readBytes: size };
}

const cutters = new WeakMap<Tools, { cutter: GearCutter; window: Uint8Array }>();

/** The table and the window are made once for each worker. */
function cutterOf(tools: Tools): { cutter: GearCutter; window: Uint8Array } {
  let made = cutters.get(tools);
  if (made === undefined) {
    made = { cutter: new GearCutter(tools.hash), window: new Uint8Array(WINDOW_SIZE) };
    cutters.set(tools, made);
  }
  return made;
}

/** What is one chunk after all. */
function wholeOf(ports: CutPorts, of: { file: number; size: number }): FileContent {
  const { source, tools, content } = ports;
  const room = content.room(of.size);
  const length = of.size === 0 ? 0 : source.read(of.file, room, 0);
  const sha256 = tools.hash.sha256(room.subarray(0, length));
  if (length > 0) content.keep(sha256, length);
  return { size: BigInt(length), sha256 };
}

/** Pieces as `gear-1` cuts them; each is a view that holds until the next one is asked for. */
export function* gearPieces(
  ports: Pick<CutPorts, 'source' | 'tools'>,
  of: Pick<CutFile, 'file' | 'size'>,
): Generator<Uint8Array> {
  const { cutter, window } = cutterOf(ports.tools);
  let start = 0;
  let end = 0;
  let position = 0;
  let isLast = false;
  for (;;) {
    if (!isLast && end - start < PIECE_SIZE_MAX) {
      window.copyWithin(0, start, end);
      end -= start;
      start = 0;
      // Not beyond the size it was opened with: who appends as fast as this reads never ends it.
      const wanted = Math.min(window.length - end, of.size - position);
      const read =
        wanted === 0 ? 0 : ports.source.read(of.file, window.subarray(end, end + wanted), position);
      isLast = read < wanted || position + read === of.size;
      end += read;
      position += read;
    }
    if (start === end) return;
    const length = cutter.nextCut(window.subarray(start, end), isLast);
    yield window.subarray(start, start + length);
    start += length;
  }
}
