/**
 * Files of several chunks: written in parts by the whole crew under another name, and renamed when
 * every part is in.
 */
import type { ByteString } from '../../base/bytes.ts';
import type { FileHandle, Source } from '../../host/source.ts';
import type { Place, TreeWriter } from '../../host/tree-writer.ts';
import type { FileEntry } from '../../manifest/core/entry.ts';
import { holesOf } from '../../manifest/core/hole-list.ts';
import { type PlacedChunk, ZERO_DIGEST } from '../../manifest/core/list.ts';
import { NAMES } from '../../vault/core/object-id.ts';
import { SpanCutter } from '../core/file-spans.ts';
import type { Tally } from '../core/restore-tally.ts';
import { createMode } from '../core/wanted-attributes.ts';
import { errnoOf, failureOf } from './failures.ts';
import { chunksOf } from './file-chunks.ts';
import { InFlight } from './in-flight.ts';
import type { ObjectReader } from './object-reader.ts';
import type { PlaceEntry } from './place-entry.ts';
import type { RestoreCrew } from './restore-crew.ts';
import type { PartBatch, PartResult, Piece, RestoreSetup } from './restore-setup.ts';

export interface LargeFilesPorts {
  readonly tree: TreeWriter;
  readonly source: Source;
  readonly reader: ObjectReader;
  readonly crew: RestoreCrew;
  readonly place: PlaceEntry;
  /** Batches under way, of all sorts. */
  readonly flight: InFlight;
}

export interface LargeFilesOptions {
  readonly setup: RestoreSetup;
  readonly tally: Tally;
  readonly onStep: () => void;
}

export interface LargeFileTo {
  readonly place: Place;
  readonly path: ByteString;
  /** Called when it is in, or given up. */
  readonly done: () => void;
}

const FILES_MAX = 4;
/** Where content has to be waited for, more of it has to be under way. */
const FILES_FAR_MAX = 16;
/** Bytes and pieces of one batch. */
const BATCH_SIZE = 8 << 20;
const BATCH_PIECES = 256;

type PartsFailure = NonNullable<PartResult['failure']>;

export class LargeFiles {
  readonly #ports: LargeFilesPorts;
  readonly #options: LargeFilesOptions;
  readonly #files: InFlight;

  constructor(ports: LargeFilesPorts, options: LargeFilesOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#files = new InFlight(ports.reader.expect === undefined ? FILES_MAX : FILES_FAR_MAX);
  }

  /** Resolves when it has begun; waits while too many are under way. */
  async restore(entry: FileEntry, to: LargeFileTo): Promise<void> {
    await this.#files.begin(async () => {
      const { tally } = this.#options;
      tally.entries += 1;
      tally.files += 1;
      for (const why of entry.notKept ?? []) {
        tally.gap({ path: to.path, why: `not kept: ${why}` });
      }
      try {
        await this.#restore(entry, to);
      } catch (error) {
        tally.fail(failureOf(to.path, error));
      } finally {
        to.done();
      }
    });
  }

  async drain(): Promise<void> {
    await this.#files.drain();
  }

  async settle(): Promise<void> {
    await this.#files.settle();
  }

  async #restore(entry: FileEntry, to: LargeFileTo): Promise<void> {
    const { setup, tally } = this.#options;
    if (setup.target === 'none') {
      const failed = await this.#parts(entry, { path: to.path, file: -1, action: 'write' });
      if (failed !== undefined) tally.fail({ path: to.path, ...failed });
    } else if (setup.target === 'present' && (await this.#isThere(entry, to))) {
      tally.keptFiles += 1;
      this.#ports.place.settle(entry, { ...to, tally });
    } else if (setup.target === 'present' && this.#ports.place.isThere(to.place)) {
      throw this.#ports.place.inTheWay({ tally });
    } else {
      await this.#write(entry, to);
    }
  }

  async #isThere(entry: FileEntry, { place, path }: LargeFileTo): Promise<boolean> {
    const { source, place: places } = this.#ports;
    if (places.sizeOfFileAt(place) !== entry.size) return false;
    const file = openToRead(source, place);
    if (file === undefined) return false;
    try {
      return (await this.#parts(entry, { path, file, action: 'compare' })) === undefined;
    } finally {
      source.closeFile(file);
    }
  }

  async #write(entry: FileEntry, to: LargeFileTo): Promise<void> {
    const { tree, place: places } = this.#ports;
    const { tally } = this.#options;
    const part = places.partPlace(to);
    const mode = createMode(entry);
    const { file, isFound } = this.#openPart(part, mode);
    let isWhole = false;
    try {
      tree.truncate(file, Number(entry.size));
      const action = isFound ? 'update' : 'write';
      const failed = await this.#parts(entry, { path: to.path, file, action });
      if (failed !== undefined) tally.fail({ path: to.path, ...failed });
      else {
        const attributes = places.attributesOf(entry, isFound ? undefined : mode);
        tally.noteUnset(to.path, tree.setAttributes(file, attributes));
        isWhole = true;
      }
    } finally {
      tree.closeFile(file);
      if (!isWhole) tree.unlink(part.dir, part.name);
    }
    if (!isWhole) return;
    tree.rename(part, to.place);
  }

  /** What an interrupted run of the same snapshot left is gone on with. */
  #openPart(part: Place, mode: number): { readonly file: FileHandle; readonly isFound: boolean } {
    const { tree, place: places } = this.#ports;
    try {
      return { file: tree.createFile(part.dir, part.name, mode), isFound: false };
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    if (this.#options.setup.isResumed && places.sizeOfFileAt(part) !== undefined) {
      return { file: tree.openFile(part.dir, part.name), isFound: true };
    }
    places.removePart(part);
    return { file: tree.createFile(part.dir, part.name, mode), isFound: false };
  }

  /** @returns why it is not whole; undefined where it is */
  async #parts(entry: FileEntry, to: Omit<PartBatch, 'pieces'>): Promise<PartsFailure | undefined> {
    const { flight, crew } = this.#ports;
    const { tally, onStep } = this.#options;
    const own: Promise<void>[] = [];
    let failed: PartsFailure | undefined;
    let bytes = 0;
    const send = async (pieces: readonly Piece[]): Promise<void> => {
      const result = await crew.writeParts({ ...to, pieces });
      tally.writtenBytes += result.writtenBytes;
      if (!result.isWhole) failed ??= result.failure ?? DIFFERS;
      else bytes += sizeOf(pieces);
      if (result.isWhole && to.action !== 'compare') tally.bytes += sizeOf(pieces);
      onStep();
    };
    try {
      for (const pieces of this.#batches(entry)) {
        if (failed !== undefined) break;
        await flight.begin(async () => {
          const sent = send(pieces);
          own.push(sent);
          await sent;
        });
      }
    } finally {
      // The file stays open until nobody writes to it any more.
      await Promise.allSettled(own);
    }
    await Promise.all(own);
    if (failed !== undefined) return failed;
    if (to.action === 'compare') tally.bytes += bytes;
    tally.holeBytes += Number(entry.size) - bytes;
    return undefined;
  }

  *#batches(entry: FileEntry): Generator<Piece[]> {
    const load = (digest: PlacedChunk['digest']) => this.#ports.reader.read(NAMES, digest);
    const cutter = new SpanCutter(holesOf(entry, load));
    let pieces: Piece[] = [];
    let size = 0;
    for (const chunk of chunksOf(entry, load)) {
      const piece = pieceOf(chunk, cutter);
      // Where all of it is a hole, there is nothing to write; what was truncated reads as zeros.
      if (piece === undefined) continue;
      pieces.push(piece);
      size += piece.length;
      if (size < BATCH_SIZE && pieces.length < BATCH_PIECES) continue;
      yield pieces;
      pieces = [];
      size = 0;
    }
    if (pieces.length > 0) yield pieces;
  }
}

const DIFFERS: PartsFailure = { code: 'DIFFERS', why: 'it is not what the snapshot says' };

function sizeOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

function pieceOf(chunk: PlacedChunk, cutter: SpanCutter): Piece | undefined {
  const offset = Number(chunk.offset);
  const { length, digest } = chunk;
  const spans = cutter.cut({ offset, length });
  if (spans.length === 0 && digest === ZERO_DIGEST) return undefined;
  const isAll = spans.length === 1 && spans[0]?.length === length;
  const flat = isAll ? undefined : spans.flatMap((span) => [span.offset, span.length]);
  return { offset, length, digest, spans: flat };
}

function openToRead(source: Source, place: Place): FileHandle | undefined {
  try {
    return source.openFile(place.dir, place.name);
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}
