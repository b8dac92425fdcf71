/** Of one statement: SQLite takes 32 766 values, PostgreSQL 65 535. */
const ROWS_MAX = 500;

/** A list in pieces that one statement can take. */
export function rowChunks<T>(rows: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(rows.length / ROWS_MAX) }, (_, at) =>
    rows.slice(at * ROWS_MAX, (at + 1) * ROWS_MAX),
  );
}
