import { readFileSync } from 'node:fs';

const BYTES_MAX = 64 * 1024;
const FILES_MAX = 20;
const UNITS = ['/etc/systemd/system', '/usr/local/lib/systemd/system', '/usr/lib/systemd/system'];

/** What a job says that it keeps. A claim: what is there is told by the points themselves. */
export interface KeepOptions {
  /** `daily 7, weekly 4`. */
  readonly said: string;
  /** The file where it stands. */
  readonly where: string;
}

/**
 * The retention that the traces of a backup configure: `--keep-daily 7` in a crontab, a unit or a
 * script that one of them runs, `keep_daily: 7` in a file of borgmatic, `repo1-retention-full=2`.
 * Undefined where none says so.
 */
export function keepOptionsOf(
  traces: readonly string[],
  read: (path: string) => string | undefined = readText,
): KeepOptions | undefined {
  const seen = new Set<string>();
  const open = traces.flatMap(filesOf);
  for (let path = open.shift(); path !== undefined; path = open.shift()) {
    if (seen.has(path) || seen.size >= FILES_MAX) continue;
    seen.add(path);
    const text = read(path);
    if (text === undefined) continue;
    const said = keptIn(text);
    if (said !== '') return { said, where: path };
    // Cron lines mostly read `/usr/local/bin/backup.sh`.
    for (const [, script] of text.matchAll(/(?:^|[\s=])(\/[^\s;|&<>"']+)/g)) {
      if (script !== undefined && /\.sh$|\/s?bin\//.test(script)) open.push(script);
    }
  }
  return undefined;
}

function filesOf(trace: string): readonly string[] {
  if (trace.startsWith('/')) return [trace];
  if (!/^[\w@.-]+\.(?:timer|service)$/.test(trace)) return [];
  const service = trace.replace(/timer$/, 'service');
  return UNITS.flatMap((directory) => [`${directory}/${service}`, `${directory}/${trace}`]);
}

const OPTION =
  /(?:--keep-|^[ \t-]*keep_|^\s*repo1-retention-)(last|within|secondly|minutely|hourly|daily|weekly|monthly|yearly|full|diff)[ \t]*[=: ][ \t]*["']?(\w+)/gm;

function keptIn(text: string): string {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  const found = [...lines.join('\n').matchAll(OPTION)].map(([, kind, count]) => `${kind} ${count}`);
  return [...new Set(found)].join(', ');
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').slice(0, BYTES_MAX);
  } catch {
    return undefined; // Gone, or not to be read: then nobody knows what it says.
  }
}
