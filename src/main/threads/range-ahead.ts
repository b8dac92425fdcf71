/** Fetches ranges of packs before they are asked for, for one asker that reads one at a time. */
import { Fault } from '../../base/fault.ts';
import { KIB, MIB } from '../../base/units.ts';
import type { ExpectedRange } from '../../vault/shell/vault-reader.ts';

export type FetchRange = (range: ExpectedRange) => Promise<Uint8Array>;

/** Bytes that are on their way or wait to be read. */
const AHEAD_MAX = 8 * MIB;
/** Neighbours this near are fetched in one piece. */
const GAP_MAX = 64 * KIB;
const PIECE_MAX = 2 * MIB;
const WINDOW_MIN = 512 * KIB;
const WINDOW_MAX = 4 * MIB;
/** Packs of which is known how they were read; the oldest are forgotten. */
const RUNS_MAX = 32;

/** A part of a pack that is wanted, on its way, or here. */
interface Piece {
  readonly pack: string;
  readonly offset: number;
  readonly end: number;
  /** Undefined: not asked for yet, or not wanted any more. */
  bytes: Promise<Uint8Array> | undefined;
}

/** How a pack was read so far, where nothing was announced. */
interface Run {
  /** Where the last read ended. */
  end: number;
  windowBytes: number;
  /** Each begins where the one before it ends. */
  readonly pieces: Piece[];
}

/**
 * What was announced comes in its order, joined to larger pieces, as much as fits. What was not is
 * fetched as it is asked; once reads of a pack follow each other, more and more is fetched ahead.
 */
export class RangeAhead {
  readonly #fetch: FetchRange;
  /** In the order in which they will be read. */
  readonly #announced: Piece[] = [];
  readonly #runs = new Map<string, Run>();
  /** Bytes of pieces that were asked for and are not dropped. */
  #heldBytes = 0;

  constructor(fetch: FetchRange) {
    this.#fetch = fetch;
  }

  expect(ranges: readonly ExpectedRange[]): void {
    this.#announced.push(...joined(ranges));
    this.#pump();
  }

  async read(range: ExpectedRange): Promise<Uint8Array> {
    const at = this.#announced.findIndex((piece) => isIn(range, piece));
    const pieces = at === -1 ? this.#guessed(range) : this.#announcedAt(at);
    if (pieces === undefined) return this.#fetch(range);
    try {
      return await assembled(pieces, range);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return this.#fetch(range); // A neighbour that cannot be read is no reason against this one.
    }
  }

  /** They are read in order: what stands before it is not wanted any more. */
  #announcedAt(at: number): readonly Piece[] {
    for (const passed of this.#announced.splice(0, at)) this.#drop(passed);
    const wanted = this.#announced.slice(0, 1);
    for (const piece of wanted) this.#start(piece);
    this.#pump();
    return wanted;
  }

  #guessed(range: ExpectedRange): readonly Piece[] | undefined {
    const { pack, offset, length } = range;
    const end = offset + length;
    const run = this.#runOf(range);
    if (run.windowBytes === 0) return undefined;
    while ((run.pieces[0]?.end ?? Infinity) <= offset) this.#dropFirst(run);
    const [first] = run.pieces;
    if (first !== undefined && first.offset > offset) {
      while (run.pieces.length > 0) this.#dropFirst(run);
    }
    const reach = run.pieces.at(-1)?.end ?? offset;
    const isFull = this.#heldBytes + run.windowBytes > AHEAD_MAX;
    const isLow = reach < end || (reach - end < run.windowBytes / 2 && !isFull);
    if (isLow) {
      const upTo = Math.max(end, isFull ? 0 : reach + run.windowBytes);
      const piece: Piece = { pack, offset: reach, end: upTo, bytes: undefined };
      this.#start(piece);
      run.pieces.push(piece);
    }
    return run.pieces.filter((piece) => piece.offset < end);
  }

  /** No window for a first look; twice as much each time that a read goes on where the last ended. */
  #runOf({ pack, offset, length }: ExpectedRange): Run {
    const run = this.#runs.get(pack) ?? { end: -Infinity, windowBytes: 0, pieces: [] };
    const isNext = offset >= run.end && offset - run.end <= GAP_MAX;
    if (isNext) run.windowBytes = Math.min(WINDOW_MAX, Math.max(WINDOW_MIN, 2 * run.windowBytes));
    else {
      run.windowBytes = 0;
      while (run.pieces.length > 0) this.#dropFirst(run);
    }
    run.end = offset + length;
    this.#runs.delete(pack);
    this.#runs.set(pack, run);
    const [oldest] = this.#runs;
    if (this.#runs.size > RUNS_MAX && oldest !== undefined) {
      while (oldest[1].pieces.length > 0) this.#dropFirst(oldest[1]);
      this.#runs.delete(oldest[0]);
    }
    return run;
  }

  #pump(): void {
    for (const piece of this.#announced) {
      if (piece.bytes !== undefined) continue;
      const size = piece.end - piece.offset;
      if (this.#heldBytes > 0 && this.#heldBytes + size > AHEAD_MAX) return;
      this.#start(piece);
    }
  }

  #start(piece: Piece): void {
    if (piece.bytes !== undefined) return;
    const { pack, offset, end } = piece;
    const bytes = this.#fetch({ pack, offset, length: end - offset });
    bytes.catch(() => undefined); // Whoever reads it is told; it may be that nobody does.
    piece.bytes = bytes;
    this.#heldBytes += end - offset;
  }

  /** What is on its way cannot be called back: it counts until it is here. */
  #drop(piece: Piece): void {
    const { bytes, offset, end } = piece;
    if (bytes === undefined) return;
    piece.bytes = undefined;
    const free = (): void => {
      this.#heldBytes -= end - offset;
      this.#pump();
    };
    bytes.then(free, free);
  }

  #dropFirst(run: Run): void {
    const piece = run.pieces.shift();
    if (piece !== undefined) this.#drop(piece);
  }
}

function isIn({ pack, offset, length }: ExpectedRange, piece: Piece): boolean {
  return piece.pack === pack && piece.offset <= offset && offset + length <= piece.end;
}

/** A copy, since it goes to another thread and the rest stays; shorter where the pack ends. */
async function assembled(pieces: readonly Piece[], range: ExpectedRange): Promise<Uint8Array> {
  const into = new Uint8Array(range.length);
  const parts = await Promise.all(
    pieces.map(async ({ offset, bytes }) => ({
      offset,
      bytes: (await bytes) ?? into.subarray(0, 0),
    })),
  );
  let done = 0;
  for (const { offset, bytes } of parts) {
    const start = range.offset + done - offset;
    const part = bytes.subarray(start, start + range.length - done);
    into.set(part, done);
    done += part.length;
  }
  return into.subarray(0, done);
}

function joined(ranges: readonly ExpectedRange[]): Piece[] {
  const pieces: Piece[] = [];
  for (const { pack, offset, length } of ranges) {
    const end = offset + length;
    const last = pieces.at(-1);
    const isNear =
      last?.pack === pack &&
      offset >= last.offset &&
      offset - last.end <= GAP_MAX &&
      end - last.offset <= PIECE_MAX;
    if (last === undefined || !isNear) pieces.push({ pack, offset, end, bytes: undefined });
    else pieces[pieces.length - 1] = { ...last, end: Math.max(last.end, end) };
  }
  return pieces;
}
