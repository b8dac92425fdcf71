import { countOf, formatBytes, formatShare } from '../../../base/say-quantity.ts';
import { formatAge, formatDuration } from '../../../base/say-time.ts';
import { type Found, found, quoted } from './found.ts';

export interface BackupWanted {
  readonly ageMaxMs: number;
  readonly bytesMin: number;
  /** The newest may be smaller than the one before by this share. */
  readonly shrinkMax: number;
}

export interface BackupFile {
  readonly name: string;
  readonly bytes: number;
  readonly changedMs: number;
}

/** Whether a file is whole, by its own form. `unknown`: it has none that tells, or is too large to read. */
export interface Wholeness {
  readonly form: string;
  readonly is: 'whole' | 'torn' | 'unknown';
  readonly why: string;
}

export interface BackupsSeen {
  readonly count: number;
  /** Newest first: those whose writing has ended. */
  readonly files: readonly BackupFile[];
  /** Of the newest. */
  readonly wholeness: Wholeness | undefined;
}

/** `*` stands for anything, `?` for one character; all else for itself. @returns a test of file names */
export function nameMatcher(pattern: string): (name: string) => boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  // Runs of stars are one: else a name could make the test take for ever.
  const form = new RegExp(`^${escaped.replaceAll(/\*+/g, '.*').replaceAll('?', '.')}$`, 's');
  return (name) => form.test(name);
}

/** Age, size and content of the newest of the backups that a tool leaves in a directory. */
export function judgeBackups(seen: BackupsSeen, wanted: BackupWanted, nowMs: number): Found {
  const { files, count, wholeness } = seen;
  const [newest, before] = files;
  if (newest === undefined) {
    const why =
      count === 0 ? 'there is no backup' : `${countOf(count, 'backup')}, still being written`;
    return found('broken', why, { count });
  }
  const ageMs = nowMs - newest.changedMs;
  const name = quoted(newest.name, 80);
  const detail = { name, ageMs, bytes: newest.bytes, count, form: wholeness?.form ?? '' };
  const what = `the newest, ${name}, is ${formatBytes(newest.bytes)}, ${formatAge(ageMs)}`;
  if (ageMs > wanted.ageMaxMs) {
    return found('broken', `${what}: older than ${formatDuration(wanted.ageMaxMs)}`, detail);
  }
  // Dated in the future it would never grow old.
  if (ageMs < -60_000) return found('unreadable', `${what}: its date cannot be right`, detail);
  if (newest.bytes < wanted.bytesMin || newest.bytes === 0) {
    return found('broken', `${what}: smaller than ${formatBytes(wanted.bytesMin)}`, detail);
  }
  if (wholeness?.is === 'torn') return found('broken', `${what}: ${wholeness.why}`, detail);
  if (before !== undefined && newest.bytes < before.bytes * (1 - wanted.shrinkMax)) {
    const share = formatShare(before.bytes - newest.bytes, before.bytes);
    return found('impaired', `${what}: ${share} smaller than the one before`, detail);
  }
  if (wholeness === undefined || wholeness.is === 'unknown') {
    const why = wholeness === undefined ? 'its content was not read' : wholeness.why;
    return found('healthy', `${what}; ${why}`, detail);
  }
  return found('healthy', `${what}, and whole (${wholeness.form})`, detail);
}
