/** A backup of nothing at all: so looks the directory of a disk that is not mounted. */
import { countOf } from './say-quantity.ts';

export interface TakenRoot {
  readonly entries: number;
  readonly bytes: number | bigint;
}

/** Whether no root holds anything. The root itself is an entry. */
export function isNothing(roots: readonly TakenRoot[]): boolean {
  return (
    roots.length > 0 &&
    roots.every(({ entries, bytes }) => (entries === 0 || entries === 1) && Number(bytes) === 0)
  );
}

/**
 * The same on the terminal and from a server.
 * @param before its entries, where it had some
 */
export function nothingWords(before: number | undefined): string {
  const had = before === undefined ? '' : `, and had ${countOf(before, 'entry', 'entries')} before`;
  return `it is empty${had}: is what it is read from there, and mounted?`;
}
