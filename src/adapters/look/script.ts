/** What is run on every host. It stands beside this file, as it is sent. */
import fs from 'node:fs';
import path from 'node:path';

export function lookScript(): string {
  return fs.readFileSync(path.join(import.meta.dirname, 'look.sh'), 'utf8');
}
