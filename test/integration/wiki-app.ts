/**
 * A small wiki with uploads, as teams write them: the file first, then a row that names it. Started
 * as a program; prints its port. `node wiki-app.ts DIRECTORY`
 */
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const [, , dir = ''] = process.argv;
const uploads = path.join(dir, 'uploads');
fs.mkdirSync(uploads, { recursive: true });
const database = new DatabaseSync(path.join(dir, 'wiki.db'));
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
database.exec('CREATE TABLE IF NOT EXISTS upload (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL)');
const insert = database.prepare('INSERT INTO upload VALUES (?, ?)');
const count = database.prepare('SELECT count(*) AS rows FROM upload');

function keep(content: Buffer): string {
  const name = randomBytes(8).toString('hex');
  // Durable before the row names it: a view of one moment has of what was not, what a power cut leaves.
  fs.writeFileSync(path.join(uploads, `.${name}`), content, { flush: true });
  fs.renameSync(path.join(uploads, `.${name}`), path.join(uploads, name));
  insert.run(name, createHash('sha256').update(content).digest('hex'));
  return name;
}

const server = http.createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const isUpload = request.method === 'POST';
    response.end(isUpload ? keep(Buffer.concat(chunks)) : JSON.stringify(count.get()));
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});
