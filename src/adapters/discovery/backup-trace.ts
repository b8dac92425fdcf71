import { byteString } from '../../base/bytes.ts';
import type { FoundBy } from '../../watch/core/discovery.ts';
import type { BackupCommand } from './backup-claims.ts';
import { backupsInLine } from './backup-command.ts';
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

/**
 * Backups that a line of shell would make, also those in a script that it runs: cron lines mostly
 * read `/usr/local/bin/backup.sh`.
 */
export function tracesInLine(
  world: World,
  line: string,
  of: Omit<BackupTrace, keyof BackupCommand> & { readonly variables?: ReadonlyMap<string, string> },
): readonly BackupTrace[] {
  const { variables, ...where } = of;
  const own = backupsInLine(line, variables);
  const scripts = [...line.matchAll(/(?:^|\s)(\/[^\s;|&<>"']+)/g)]
    .map((match) => match[1] ?? '')
    .slice(0, SCRIPTS_PER_LINE_MAX);
  const inner = own.length > 0 ? [] : scripts.flatMap((path) => inScript(world, path, variables));
  return [...own, ...inner].map((command) => ({ ...command, ...where }));
}

/** Backups that a script would make, as far as its lines say so; programs are not read. */
export function inScript(
  world: World,
  path: string,
  known: ReadonlyMap<string, string> = new Map(),
): readonly BackupCommand[] {
  const text = world.read(byteString(path), SCRIPT_BYTES);
  if (text?.startsWith('#!') !== true) return [];
  const variables = new Map(known);
  const lines = text.replaceAll('\\\n', ' ').split('\n').slice(0, SCRIPT_LINES_MAX);
  return lines.flatMap((line) => {
    for (const [name, value] of assignments(line)) variables.set(name, value);
    return backupsInLine(line.trim(), variables);
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
