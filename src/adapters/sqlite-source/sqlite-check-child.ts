/**
 * Opens a restored database, with whatever log lies beside it, and reads all of it. In a process of
 * its own, so that it can be ended. Argument: the file. Prints one line of JSON.
 */
import Database from 'better-sqlite3';

const PROBLEMS_MAX = 3;
const [file = ''] = process.argv.slice(2);

const database = new Database(file, { fileMustExist: true });
const checked = database.pragma(`integrity_check(${PROBLEMS_MAX})`);
const foreign = database.pragma('foreign_key_check');
const tables = valuesOf("SELECT 1 FROM sqlite_schema WHERE type = 'table'");
const [version = ''] = valuesOf('SELECT sqlite_version()');
database.close();

console.log(
  JSON.stringify({
    version,
    tables: tables.length,
    foreign: Array.isArray(foreign) ? foreign.length : 0,
    problems: (Array.isArray(checked) ? checked : ['nothing was said'])
      .map(textOf)
      .filter((text) => text !== 'ok'),
  }),
);

function valuesOf(sql: string): string[] {
  return database.prepare(sql).all([]).map(textOf);
}

/** A row of one column. */
function textOf(row: unknown): string {
  return Object.values(Object(row)).join(' ');
}
