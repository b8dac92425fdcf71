/** What the child that copies a database prints at its end. */
export interface CopyResult {
  readonly mode: 'wal' | 'rollback';
  /** How often writers made it begin again. */
  readonly restarts: number;
  readonly sqlite: string;
  /** What is wrong with the copy; it is wrong with the database too. */
  readonly problems: readonly string[];
}

/** @throws SyntaxError where it printed something else */
export function parseCopyResult(text: string): CopyResult {
  const raw: unknown = JSON.parse(text);
  if (typeof raw !== 'object' || raw === null) throw new SyntaxError('no object');
  const { mode, restarts, sqlite, problems } = raw as Partial<Record<keyof CopyResult, unknown>>;
  if (mode !== 'wal' && mode !== 'rollback') throw new SyntaxError('no mode');
  if (typeof restarts !== 'number' || typeof sqlite !== 'string' || !Array.isArray(problems)) {
    throw new SyntaxError('not what was asked for');
  }
  return { mode, restarts, sqlite, problems: problems.map(String) };
}
