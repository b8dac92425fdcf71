import type { ByteString } from '../../base/bytes.ts';

/** An entry of a recovery point, as its tool lists it. */
export interface ListedEntry {
  /** Where it lies, or lay, on the machine that was backed up. */
  readonly path: ByteString;
  /** What the tool calls it. */
  readonly stored: string;
  readonly kind: 'file' | 'directory' | 'other';
  readonly bytes: number;
  /** Microseconds since 1970: the finest that all tools list. */
  readonly mtimeUs: number;
  readonly ctimeUs: number;
  /** False where its name cannot be given back to the tool. */
  readonly isNameable: boolean;
}

export interface SampleBudget {
  readonly bytesMax: number;
  readonly filesMax: number;
}

const NEWEST_MAX = 5;
const LARGEST_MAX = 3;
/** What is not random takes at most this part of the bytes. */
const CHOSEN_SHARE = 0.5;

/**
 * Picks files from a listing of any length: the largest that fit, the newest, and random ones, at
 * most as many as the budget has room for. The same seed and the same listing give the same sample.
 */
export class Sampler {
  readonly #budget: SampleBudget;
  readonly #roll: () => number;
  readonly #largest: ListedEntry[] = [];
  readonly #newest: ListedEntry[] = [];
  readonly #random: ListedEntry[] = [];
  #filesSeen = 0;
  #bytesSeen = 0;
  #unnameable = 0;

  constructor(budget: SampleBudget, seed: number) {
    this.#budget = budget;
    this.#roll = generator(seed);
  }

  get filesSeen(): number {
    return this.#filesSeen;
  }

  get bytesSeen(): number {
    return this.#bytesSeen;
  }

  /** Files whose names cannot be given back to the tool: never in a sample. */
  get unnameable(): number {
    return this.#unnameable;
  }

  see(entry: ListedEntry): void {
    if (entry.kind !== 'file') return;
    this.#filesSeen += 1;
    this.#bytesSeen += entry.bytes;
    if (!entry.isNameable) {
      this.#unnameable += 1;
      return;
    }
    const chosenMax = this.#budget.bytesMax * CHOSEN_SHARE;
    if (entry.bytes <= chosenMax / 2) {
      keepMost(this.#largest, entry, { by: ({ bytes }) => bytes, countMax: LARGEST_MAX });
    }
    if (entry.bytes <= chosenMax / NEWEST_MAX) {
      keepMost(this.#newest, entry, { by: ({ mtimeUs }) => mtimeUs, countMax: NEWEST_MAX });
    }
    this.#keepAtRandom(entry);
  }

  /** By path; the chosen ones first in the budget, then random ones until it is spent. */
  pick(): readonly ListedEntry[] {
    const { bytesMax, filesMax } = this.#budget;
    const picked = new Map<string, ListedEntry>();
    let bytes = 0;
    const limits = [bytesMax * CHOSEN_SHARE, bytesMax * CHOSEN_SHARE, bytesMax];
    for (const [at, group] of [this.#newest, this.#largest, this.#random].entries()) {
      for (const entry of group) {
        if (picked.size >= filesMax || picked.has(entry.stored)) continue;
        if (bytes + entry.bytes > (limits[at] ?? bytesMax)) continue;
        picked.set(entry.stored, entry);
        bytes += entry.bytes;
      }
    }
    return [...picked.values()].sort((one, other) => (one.stored < other.stored ? -1 : 1));
  }

  /** Every file has the same chance to be among them, however many come. */
  #keepAtRandom(entry: ListedEntry): void {
    const seen = this.#filesSeen - this.#unnameable;
    if (this.#random.length < this.#budget.filesMax) {
      this.#random.push(entry);
      return;
    }
    const at = Math.floor(this.#roll() * seen);
    if (at < this.#random.length) this.#random[at] = entry;
  }
}

function keepMost(
  kept: ListedEntry[],
  entry: ListedEntry,
  how: { readonly by: (entry: ListedEntry) => number; readonly countMax: number },
): void {
  const at = kept.findIndex((other) => how.by(entry) > how.by(other));
  if (at >= 0) kept.splice(at, 0, entry);
  else kept.push(entry);
  if (kept.length > how.countMax) kept.pop();
}

/** Numbers from 0 to below 1 (mulberry32): repeatable, and nothing that keys are made of. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
