/** Where the programs of PostgreSQL lie: Debian keeps each major version apart. */
import fs from 'node:fs';
import path from 'node:path';

const DEBIAN = '/usr/lib/postgresql';
/** As other distributions have it, and as PGDG does on them. */
const OTHERS = ['/usr/pgsql-', '/usr/local/pgsql'];

export interface PgPrograms {
  readonly major: number;
  readonly bin: string;
}

/** Major versions whose `program` is installed, newest first. */
export function installedPg(program: string): readonly PgPrograms[] {
  const found: PgPrograms[] = [];
  const take = (major: number, bin: string): void => {
    if (fs.existsSync(path.join(bin, program))) found.push({ major, bin });
  };
  for (const name of namesIn(DEBIAN)) take(Number(name), path.join(DEBIAN, name, 'bin'));
  for (const prefix of OTHERS) {
    for (const name of namesIn(path.dirname(prefix))) {
      const base = path.basename(prefix);
      const major = Number(name.slice(base.length));
      if (name.startsWith(base) && major > 0) take(major, path.join('/usr', name, 'bin'));
    }
  }
  return found
    .filter(({ major }) => Number.isInteger(major) && major > 0)
    .sort((a, b) => b.major - a.major);
}

/** The newest client talks to every older server; else whatever is in PATH. */
export function clientProgram(program: string, bin: string | undefined): string {
  if (bin !== undefined) return path.join(bin, program);
  const newest = installedPg(program)[0];
  return newest === undefined ? program : path.join(newest.bin, program);
}

function namesIn(dir: string): readonly string[] {
  try {
    return fs.readdirSync(dir);
  } catch {
    return []; // Not of this distribution.
  }
}
