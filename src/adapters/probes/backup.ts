import path from 'node:path';
import { linesSaid } from '../../base/lines-said.ts';
import { z } from 'zod';
import {
  type BackupsSeen,
  type BackupWanted,
  judgeBackups,
} from '../../watch/core/probes/backup.ts';
import { judgeNoStat } from '../../watch/core/probes/file-system-space.ts';
import { found, quoted } from '../../watch/core/probes/found.ts';
import type { Probe, ProbeFinding } from '../../watch/shell/agent/probe.ts';
import { boundedProbe } from './bounded-probe.ts';
import { type ChildAnswer, ProbeChild } from './probe-child.ts';
import { type ProbeTime, probeTime } from './probe-time.ts';
import type { ToolOptions } from './tool-probe.ts';

export interface BackupOptions extends ToolOptions {
  readonly name: string;
  readonly path: string;
  readonly match: string;
  readonly end: string | undefined;
  readonly wanted: BackupWanted;
  readonly everyMs: number;
}

/** One that was touched less than this ago may still be written: the one before it counts. */
const SETTLE_MS = 60_000;
const CHILD = path.join(import.meta.dirname, `backup-child${path.extname(import.meta.filename)}`);

const file = z.strictObject({
  name: z.string(),
  bytes: z.int().min(0),
  changedMs: z.int(),
});
const answered = z.strictObject({
  count: z.int().min(0),
  files: z.array(file).max(2),
  wholeness: z
    .strictObject({
      form: z.string(),
      is: z.enum(['whole', 'torn', 'unknown']),
      why: z.string(),
    })
    .optional(),
});

/** Age, size and content of the newest backup in a directory. What was read once is not read again. */
export function backupProbe(options: BackupOptions, time: ProbeTime = probeTime): Probe {
  const { name, match, end, wanted, everyMs } = options;
  const { program = process.execPath, timeoutMs = 600_000 } = options;
  const child = new ProbeChild();
  let known: { readonly id: string; readonly wholeness: BackupsSeen['wholeness'] } | undefined;
  return boundedProbe({
    kind: 'backup',
    name,
    everyMs,
    timeoutMs,
    look: async (signal) => {
      const settledMs = time.nowMs() - SETTLE_MS;
      const request = { path: options.path, match, end, settledMs, known: known?.id };
      const answer = await child.run({
        program,
        args: [CHILD, JSON.stringify(request)],
        limitMs: timeoutMs - 500,
        signal,
      });
      const seen = seenIn(answer, program);
      if ('finding' in seen) return seen.finding;
      const [newest] = seen.backups.files;
      const id = newest && `${newest.name} ${newest.bytes} ${newest.changedMs}`;
      if (id !== undefined && id !== known?.id) known = { id, wholeness: seen.backups.wholeness };
      const wholeness = id === undefined ? undefined : known?.wholeness;
      return judgeBackups({ ...seen.backups, wholeness }, wanted, time.nowMs());
    },
  });
}

function seenIn(
  answer: ChildAnswer,
  program: string,
): { readonly backups: BackupsSeen } | { readonly finding: ProbeFinding } {
  if (answer.how !== 'ended') return { finding: found('unreadable', answer.why) };
  if (answer.status !== 0) {
    const lines = linesSaid(answer.stderr);
    const why = lines.find((line) => /Error\b.*: /.test(line)) ?? lines.at(-1) ?? '';
    const isAbsent = /ENOENT|ENOTDIR|EIO/.test(why);
    const said = why
      .replace(/^.*?(?:ENOENT|ENOTDIR): /, 'No such file or directory: ')
      .replace(/^.*?EIO: /, 'Input/output error: ');
    const how = `${path.basename(program)} ended with ${answer.status}`;
    return {
      finding: isAbsent ? judgeNoStat(said) : found('unreadable', `${how}: ${quoted(why)}`),
    };
  }
  const parsed = answered.safeParse(jsonIn(answer.stdout));
  if (parsed.success) return { backups: { ...parsed.data, wholeness: parsed.data.wholeness } };
  const why = `the child printed what is no answer: ${quoted(answer.stdout)}`;
  return { finding: found('unreadable', why) };
}

function jsonIn(text: string): unknown {
  try {
    const told: unknown = JSON.parse(text);
    return told;
  } catch {
    return undefined; // It is no JSON.
  }
}
