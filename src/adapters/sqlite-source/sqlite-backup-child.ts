/**
 * Copies one database by SQLite's own backup call and checks the copy, in a process of its own:
 * here no other part of Holdfast opens the file, which would drop SQLite's locks on it, and nobody
 * waits while it is copied. Arguments: source, target, limit in ms. Prints one line of JSON.
 */
import fs from 'node:fs';
import Database from 'better-sqlite3';
import type { CopyResult } from './copy-result.ts';

/** Pages a step: 4 MiB at most sizes, a few milliseconds. */
const STEP_PAGES = 1024;
/** How often writers may make it begin again before they are made to wait. */
const RESTARTS_MAX = 5;
/** How long they are then made to wait at most: less than most programs bear. */
const HOLD_MS_MAX = 4000;
const PROBLEMS_MAX = 5;

const [source = '', target = '', limit = ''] = process.argv.slice(2);
const started = performance.now();

console.log(JSON.stringify(await copied()));

async function copied(): Promise<CopyResult> {
  const isWal = hasWalFormat(source);
  // Where no log lies beside it, whoever opens it for reading only would leave an empty one behind.
  // With one, nothing is to be written: neither a checkpoint nor what a crash left to roll back.
  const readonly = !isWal || fs.existsSync(`${source}-wal`);
  const database = new Database(source, { readonly, fileMustExist: true, timeout: 5000 });
  try {
    const restarts = isWal ? await copyHeld(database, Infinity) : await copyBetween(database);
    const sqlite = textOf(database, 'SELECT sqlite_version() AS value');
    const problems = problemsOf(target);
    return { mode: isWal ? 'wal' : 'rollback', restarts, sqlite, problems };
  } finally {
    database.close();
  }
}

/** The header says so; it is asked before the database is opened. */
function hasWalFormat(at: string): boolean {
  const header = Buffer.alloc(20);
  const fd = fs.openSync(at, 'r');
  try {
    return fs.readSync(fd, header, 0, 20, 0) === 20 && header[18] === 2;
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * One read transaction over the whole copy. With a WAL nobody waits for it; with a rollback journal
 * whoever wants to commit does, hence the limit.
 */
async function copyHeld(database: Database, holdMsMax: number): Promise<number> {
  database.prepare('BEGIN').run([]);
  database.prepare('SELECT count(*) FROM sqlite_schema').all([]);
  const began = performance.now();
  await database.backup(target, {
    progress: () => {
      inTime();
      if (performance.now() - began > holdMsMax) {
        throw new Error(
          `programs change it all the time, and they were not made to wait longer than ${
            holdMsMax / 1000
          } s: use a WAL (PRAGMA journal_mode = WAL) or a file system snapshot`,
        );
      }
      return STEP_PAGES;
    },
  });
  database.prepare('COMMIT').run([]);
  return 0;
}

/** Step by step with writers in between; each of their commits makes SQLite begin again. */
async function copyBetween(database: Database): Promise<number> {
  let left = Infinity;
  let restarts = 0;
  const tooOften = new Error('begun too often');
  try {
    await database.backup(target, {
      progress: ({ remainingPages }) => {
        inTime();
        if (remainingPages > left) restarts += 1;
        left = remainingPages;
        if (restarts > RESTARTS_MAX) throw tooOften;
        return STEP_PAGES;
      },
    });
  } catch (error) {
    if (error !== tooOften) throw error;
    if (fs.existsSync(target)) fs.unlinkSync(target);
    await copyHeld(database, HOLD_MS_MAX);
  }
  return restarts;
}

function inTime(): void {
  if (performance.now() - started > Number(limit)) {
    throw new Error(`it took longer than ${Math.ceil(Number(limit) / 1000)} s`);
  }
}

function problemsOf(at: string): readonly string[] {
  const copy = new Database(at, { readonly: true });
  try {
    const said = copy.pragma(`integrity_check(${PROBLEMS_MAX})`);
    return (Array.isArray(said) ? said : ['nothing was said'])
      .map((row) => Object.values(Object(row)).join(' '))
      .filter((text) => text !== 'ok');
  } finally {
    copy.close();
  }
}

function textOf(database: Database, sql: string): string {
  const [row] = database.prepare(sql).all([]);
  return Object.values(Object(row)).join(' ');
}
