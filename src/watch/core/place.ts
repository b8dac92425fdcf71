import type { ByteString } from '../../base/bytes.ts';

/** What lies beneath a place, as far as it was seen. */
export interface Beneath {
  /** Names of disks on that host, for example `sda`. */
  readonly disks: readonly string[];
  /** How many of them may fail before the place is lost: 1 for a whole mirror of two, else 0. */
  readonly failuresSurvived: number;
}

/** Where bytes lie. */
export interface Place {
  readonly host: string;
  /** Undefined: which disks lie beneath was not seen, so a shared fate cannot be excluded. */
  readonly beneath: Beneath | undefined;
  /** Absolute; undefined where the place has no path (an object store, a printed sheet). */
  readonly path: ByteString | undefined;
  /**
   * Of a vault: hosts of which nothing tells its machine apart; it may be one of these by another name.
   * What takes one of them leaves the place unknown. Absent: it is none of the others.
   */
  readonly mayBeOn?: readonly string[];
}

/** Whether `path` is `ancestor` or lies below it. Both absolute, without `.`, `..` or `//`. */
export function isWithin(path: string, ancestor: string): boolean {
  if (path === ancestor || ancestor === '/') return true;
  return path.startsWith(ancestor.endsWith('/') ? ancestor : `${ancestor}/`);
}
