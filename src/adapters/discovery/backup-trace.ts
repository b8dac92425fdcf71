import { byteString } from '../../base/bytes.ts';
import type { FoundBy } from '../../watch/core/discovery.ts';
import type { BackupCommand } from './backup-claims.ts';
import type { World } from './world.ts';

/** One sign of a backup, and where it was seen. */
export interface BackupTrace extends BackupCommand {
  readonly by: FoundBy;
  /** A unit, a crontab, a file, a process. */
  readonly trace: string;
  readonly lastRunMs: number | undefined;
  readonly lastWrittenMs: number | undefined;
}

const SCRIPT_BYTES = 64 * 1024;
const SCRIPT_LINES_MAX = 2000;
const SCRIPTS_PER_LINE_MAX = 5;
/** More than anybody sets; each line is read with all of them. */
export const VARIABLES_MAX = 100;

/** A line of shell that something runs, and what is set for it. */
export interface JobLine {
  readonly line: string;
  readonly variables?: ReadonlyMap<string, string> | undefined;
}

export type ReadLine<T> = (line: string, variables: ReadonlyMap<string, string>) => readonly T[];

/**
 * What `read` finds in a line; where it finds nothing, in the scripts that the line names: cron lines
 * mostly read `/usr/local/bin/backup.sh`.
 */
export function readLine<T>(
  world: World,
  { line, variables = new Map() }: JobLine,
  read: ReadLine<T>,
): readonly T[] {
  const own = read(line, variables);
  if (own.length > 0) return own;
  const scripts = [...line.matchAll(/(?:^|\s)(\/[^\s;|&<>"']+)/g)]
    .map((match) => match[1] ?? '')
    .slice(0, SCRIPTS_PER_LINE_MAX);
  return scripts.flatMap((path) => readScript(world, { path, known: variables }, read));
}

/** What `read` finds in the lines of a script; programs are not read. */
export function readScript<T>(
  world: World,
  { path, known }: { readonly path: string; readonly known: ReadonlyMap<string, string> },
  read: ReadLine<T>,
): readonly T[] {
  const text = world.read(byteString(path), SCRIPT_BYTES);
  if (text?.startsWith('#!') !== true) return [];
  const variables = new Map(known);
  const lines = text.replaceAll('\\\n', ' ').split('\n').slice(0, SCRIPT_LINES_MAX);
  return lines.flatMap((line) => {
    for (const [name, value] of assignments(line)) {
      if (variables.size < VARIABLES_MAX) variables.set(name, value);
    }
    return read(line.trim(), variables);
  });
}

/** `NAME=value` lines of a script or an environment file; values of secrets are not kept. */
export function assignments(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(["']?)([^"'\n]*)\2\s*(?:;.*)?$/.exec(line);
    const name = match?.[1];
    if (name === undefined || /PASS|SECRET|KEY|TOKEN/i.test(name)) continue;
    found.set(name, match?.[3] ?? '');
  }
  return found;
}
