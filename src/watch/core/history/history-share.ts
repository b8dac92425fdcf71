/** Hosts give the names of what is kept, and none may push out what is kept of the others. */
import { HISTORY_OF_HOST_MAX } from './history-line.ts';
import type { HistorySubject } from './history-span.ts';

/** Whose share it counts to: the host that a data set lies on, which its name begins with. */
export function sharerOf({ kind, name }: HistorySubject): string {
  return kind === 'data-set' ? `host ${name.slice(0, Math.max(0, name.indexOf(':')))}` : kind;
}

/**
 * Those of a look that are kept: of each sharer no more than its share, and what was kept before first,
 * so that each look keeps the same.
 */
export function withinShares<T extends { readonly of: HistorySubject }>(
  looks: readonly T[],
  wasKept: (of: HistorySubject) => boolean,
  shareMax = HISTORY_OF_HOST_MAX,
): readonly T[] {
  return [...Map.groupBy(looks, ({ of }) => sharerOf(of)).values()].flatMap((own) => {
    if (own.length <= shareMax) return own;
    const before = own.filter(({ of }) => wasKept(of));
    return [...before, ...own.filter(({ of }) => !wasKept(of))].slice(0, shareMax);
  });
}

/**
 * What goes so that `countMax` stay: always of whoever has most, what was not added to for longest.
 * @param subjects what was not added to for longest comes first
 */
export function beyondShares<T extends HistorySubject>(
  subjects: readonly T[],
  countMax: number,
): readonly T[] {
  const shares = [...Map.groupBy(subjects, sharerOf).values()];
  const left = leveledTo(
    shares.map(({ length }) => length),
    countMax,
  );
  return shares.flatMap((own) => own.slice(0, Math.max(0, own.length - left)));
}

/** The most that each may have so that all together have no more than `countMax`. */
function leveledTo(counts: readonly number[], countMax: number): number {
  let room = countMax;
  const fewestFirst = counts.toSorted((one, other) => one - other);
  for (const [at, count] of fewestFirst.entries()) {
    const each = Math.floor(room / (fewestFirst.length - at));
    if (count > each) return each;
    room -= count;
  }
  return Number.MAX_SAFE_INTEGER;
}
