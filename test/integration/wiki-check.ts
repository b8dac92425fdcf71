/**
 * The team's own check: of the live wiki that it answers, of a restored one that every row has its
 * file. `node wiki-check.ts URL`
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const restored = process.env.HOLDFAST_RESTORED;

async function live(url: string): Promise<string | undefined> {
  const response = await fetch(url);
  return response.ok ? undefined : `it answers ${response.status}`;
}

function rowsWithoutFile(dir: string): string | undefined {
  const database = new DatabaseSync(path.join(dir, 'database/wiki.db'), { readOnly: true });
  const rows = database.prepare('SELECT name, sha256 FROM upload').all();
  const lost = rows.filter(({ name, sha256 }) => {
    const file = path.join(dir, 'uploads', String(name));
    if (!fs.existsSync(file)) return true;
    return createHash('sha256').update(fs.readFileSync(file)).digest('hex') !== sha256;
  });
  process.stdout.write(`${rows.length} rows\n`);
  if (rows.length === 0) return 'there is no row';
  return lost.length === 0 ? undefined : `${lost.length} of ${rows.length} rows have no file`;
}

const why = restored === undefined ? await live(process.argv[2] ?? '') : rowsWithoutFile(restored);
if (why !== undefined) {
  process.stderr.write(`${why}\n`);
  process.exitCode = 1;
}
