/**
 * Two places of one tree, counted by size and time: what a promotion shows before one of them is
 * what everybody is synced from. One pass over two sorted streams; memory does not grow.
 */
import type { ByteString } from '../../base/bytes.ts';

export interface ListedEntry {
  readonly path: ByteString;
  /** As `find -printf %y`: f, d, l, ... */
  readonly kind: string;
  readonly bytes: number;
  /** Milliseconds since 1970, rounded down. */
  readonly mtime: number;
}

/** Seen from the place that is to be promoted. `older`: its copy is the older one. */
export type DifferenceKind = 'only-there' | 'older' | 'differs' | 'newer' | 'only-here';

export interface ListedDifference {
  readonly kind: DifferenceKind;
  readonly path: ByteString;
  readonly type: string;
  readonly bytes: number;
  readonly mtime: number;
}

export interface ComparedPlaces {
  /** Of both, alike. */
  readonly same: number;
  readonly entriesHere: number;
  readonly entriesThere: number;
  readonly counts: Readonly<
    Record<DifferenceKind, { readonly entries: number; readonly bytes: number }>
  >;
  /** The first of the worst, worst first: what would be lost, the newest of it first. */
  readonly worst: readonly ListedDifference[];
}

/** From what hurts most to what hurts least. */
export const DIFFERENCE_KINDS: readonly DifferenceKind[] = [
  'only-there',
  'older',
  'differs',
  'newer',
  'only-here',
];

const WORST_MAX = 10;

/** Which comes first in two listings: by the bytes of path and two slashes. */
export function listingOrder(one: ListedEntry, other: ListedEntry): number {
  const [a, b] = [`${one.path}//`, `${other.path}//`];
  return a < b ? -1 : Number(a > b);
}

export class ListingComparison {
  #same = 0;
  #here = 0;
  #there = 0;
  readonly #counts = new Map<DifferenceKind, { entries: number; bytes: number }>();
  readonly #worst = new Map<DifferenceKind, ListedDifference[]>();

  /** One path; undefined where that place has none of it. */
  add(here: ListedEntry | undefined, there: ListedEntry | undefined): void {
    this.#here += Number(here !== undefined);
    this.#there += Number(there !== undefined);
    const kind = kindOf(here, there);
    const shown = kind === 'only-here' || kind === 'newer' ? here : there;
    if (kind === 'same' || shown === undefined) {
      this.#same += 1;
      return;
    }
    const count = this.#counts.get(kind) ?? { entries: 0, bytes: 0 };
    const bytes = shown.kind === 'f' ? shown.bytes : 0;
    this.#counts.set(kind, { entries: count.entries + 1, bytes: count.bytes + bytes });
    this.#keep({ kind, path: shown.path, type: shown.kind, bytes, mtime: shown.mtime });
  }

  /** The newest of each kind; a file before a directory of the same age. */
  #keep(found: ListedDifference): void {
    const kept = this.#worst.get(found.kind) ?? [];
    this.#worst.set(found.kind, kept);
    const last = kept.at(-1);
    if (kept.length >= WORST_MAX && last !== undefined && !isWorse(found, last)) return;
    const at = kept.findIndex((each) => isWorse(found, each));
    kept.splice(at === -1 ? kept.length : at, 0, found);
    if (kept.length > WORST_MAX) kept.pop();
  }

  end(): ComparedPlaces {
    const none = { entries: 0, bytes: 0 };
    const count = (kind: DifferenceKind): { entries: number; bytes: number } =>
      this.#counts.get(kind) ?? none;
    return {
      same: this.#same,
      entriesHere: this.#here,
      entriesThere: this.#there,
      counts: {
        'only-there': count('only-there'),
        older: count('older'),
        differs: count('differs'),
        newer: count('newer'),
        'only-here': count('only-here'),
      },
      worst: DIFFERENCE_KINDS.flatMap((kind) => this.#worst.get(kind) ?? []).slice(0, WORST_MAX),
    };
  }
}

function isWorse(one: ListedDifference, other: ListedDifference): boolean {
  if ((one.type === 'd') !== (other.type === 'd')) return other.type === 'd';
  return one.mtime > other.mtime;
}

function kindOf(
  here: ListedEntry | undefined,
  there: ListedEntry | undefined,
): DifferenceKind | 'same' {
  if (here === undefined) return 'only-there';
  if (there === undefined) return 'only-here';
  if (here.kind !== there.kind) return 'differs';
  // Size and time of a directory say what was done in it, and that is counted by itself.
  if (here.kind === 'd') return 'same';
  if (here.bytes === there.bytes && here.mtime === there.mtime) return 'same';
  if (here.mtime === there.mtime) return 'differs';
  return here.mtime < there.mtime ? 'older' : 'newer';
}
