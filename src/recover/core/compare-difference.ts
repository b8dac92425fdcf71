import type { ByteString } from '../../base/bytes.ts';
import { type ComparedField, isContentChange } from './compare-fields.ts';
import type { ListedEntry } from './list-entry.ts';

/** One way in which a snapshot differs from another, or from a live tree. */
export type PointDifference =
  | { readonly kind: 'added'; readonly path: ByteString; readonly after: ListedEntry }
  | { readonly kind: 'removed'; readonly path: ByteString; readonly before: ListedEntry }
  | ChangedPoint
  | UnknownPoint;

export interface ChangedPoint {
  readonly kind: 'changed';
  readonly path: ByteString;
  readonly before: ListedEntry;
  readonly after: ListedEntry;
  /** What differs, never empty. */
  readonly fields: readonly ComparedField[];
  /** Why more may differ than `fields` says; undefined where all was compared. */
  readonly unknown: string | undefined;
}

/** It, or what lies below it, could not be compared, and nothing is known to differ. */
export interface UnknownPoint {
  readonly kind: 'unknown';
  readonly path: ByteString;
  readonly why: string;
  readonly before: ListedEntry | undefined;
  readonly after: ListedEntry | undefined;
  /** Entries below it, of one side, that were compared with nothing. */
  readonly entriesBelow: number;
}

/** Entries of any type, and the bytes of the files among them. */
export interface Amount {
  readonly entries: number;
  readonly files: number;
  readonly bytes: bigint;
}

export interface CompareTotals {
  readonly added: Amount;
  readonly removed: Amount;
  /** Entries that hold something else; bytes as they are afterwards. */
  readonly changed: Amount;
  /** Entries of which only what lies around their content differs. */
  readonly changedAround: number;
  /** How often each field differs. */
  readonly fields: Readonly<Partial<Record<ComparedField, number>>>;
  /** Entries, those below included, that were not compared in full. */
  readonly unknown: number;
}

const NOTHING: Amount = { entries: 0, files: 0, bytes: 0n };

/** Adds up. */
export class CompareTally {
  #added = NOTHING;
  #removed = NOTHING;
  #changed = NOTHING;
  #changedAround = 0;
  #unknown = 0;
  readonly #fields = new Map<ComparedField, number>();

  note(difference: PointDifference): void {
    switch (difference.kind) {
      case 'added':
        this.#added = plus(this.#added, difference.after);
        return;
      case 'removed':
        this.#removed = plus(this.#removed, difference.before);
        return;
      case 'changed':
        this.#noteChanged(difference);
        return;
      case 'unknown':
        this.#unknown += 1 + difference.entriesBelow;
        return;
    }
  }

  result(): CompareTotals {
    return {
      added: this.#added,
      removed: this.#removed,
      changed: this.#changed,
      changedAround: this.#changedAround,
      fields: Object.fromEntries(this.#fields),
      unknown: this.#unknown,
    };
  }

  #noteChanged({ fields, after, unknown }: ChangedPoint): void {
    if (isContentChange(fields)) this.#changed = plus(this.#changed, after);
    else this.#changedAround += 1;
    if (unknown !== undefined) this.#unknown += 1;
    for (const field of fields) this.#fields.set(field, (this.#fields.get(field) ?? 0) + 1);
  }
}

function plus({ entries, files, bytes }: Amount, { type, size = 0n }: ListedEntry): Amount {
  return {
    entries: entries + 1,
    files: files + (type === 'file' ? 1 : 0),
    bytes: bytes + size,
  };
}
