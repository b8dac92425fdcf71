/** The answer of a freeze, thing by thing. */

export type FreezeState = 'stopped' | 'still-running' | 'not-reachable' | 'not-covered';

export interface FreezeRow {
  /** As the configuration names it, or the program that was found. */
  readonly name: string;
  readonly kind: string;
  readonly state: FreezeState;
  /** For people; may hold what others' programs said. */
  readonly why: string;
}

/** What came of one thing that a freeze had stopped. */
export interface StartRow {
  readonly name: string;
  readonly kind: string;
  readonly state: 'would-start' | 'started' | 'runs' | 'failed' | 'unknown';
  readonly parts: readonly string[];
  readonly why: string;
}

const ORDER: readonly FreezeState[] = ['still-running', 'not-reachable', 'not-covered', 'stopped'];

/** Worst first, then by name. */
export function sortedRows(rows: readonly FreezeRow[]): readonly FreezeRow[] {
  return rows.toSorted(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.name < b.name ? -1 : 1),
  );
}
