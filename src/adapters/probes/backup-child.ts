/**
 * Looks at a directory of backups and reads the newest: a process of its own, since the mount may hang,
 * and reading takes its time. Its argument and its answer are JSON.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { type BackupFile, type BackupsSeen, nameMatcher } from '../../watch/core/probes/backup.ts';
import { wholenessOf } from './backup-wholeness.ts';

const ENTRIES_MAX = 100_000;
const DEPTH_MAX = 4;
const IDLE = 19;

const asked = z.strictObject({
  path: z.string(),
  match: z.string(),
  end: z.string().optional(),
  /** Files changed later than this are still being written. */
  settledMs: z.number(),
  /** `NAME BYTES CHANGED` whose content was read already. */
  known: z.string().optional(),
});

const request = asked.parse(JSON.parse(process.argv[2] ?? ''));
yieldToOthers();
const files = filesBelow(request.path);
const settled = files
  .filter(({ changedMs }) => changedMs <= request.settledMs)
  .sort((one, other) => other.changedMs - one.changedMs)
  .slice(0, 2);
const [newest] = settled;
const isKnown =
  newest !== undefined && request.known === `${newest.name} ${newest.bytes} ${newest.changedMs}`;
const wholeness =
  newest === undefined || isKnown || newest.bytes === 0
    ? undefined
    : await wholenessOf(path.join(request.path, newest.name), request.end);
const seen: BackupsSeen = { count: files.length, files: settled, wholeness };
process.stdout.write(JSON.stringify(seen));

/** Where a sandbox forbids it, it is read as anything else is. */
function yieldToOthers(): void {
  try {
    os.setPriority(IDLE);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
  }
}

/** Names are relative to `root`. Links are not followed. */
function filesBelow(root: string): readonly BackupFile[] {
  const isWanted = nameMatcher(request.match);
  const found: BackupFile[] = [];
  const waiting: { readonly below: string; readonly depth: number }[] = [{ below: '', depth: 0 }];
  let entries = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { below, depth } = next;
    for (const entry of fs.readdirSync(path.join(root, below), { withFileTypes: true })) {
      entries += 1;
      if (entries > ENTRIES_MAX) throw new Error(`more than ${ENTRIES_MAX} entries below ${root}`);
      const name = path.join(below, entry.name);
      if (entry.isDirectory() && depth < DEPTH_MAX) waiting.push({ below: name, depth: depth + 1 });
      if (!entry.isFile() || !isWanted(entry.name)) continue;
      const { size, mtimeMs } = fs.lstatSync(path.join(root, name));
      found.push({ name, bytes: size, changedMs: Math.floor(mtimeMs) });
    }
  }
  return found;
}
