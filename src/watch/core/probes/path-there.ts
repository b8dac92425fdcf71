import { formatBytes } from '../../../base/say-quantity.ts';
import { formatAge } from '../../../base/say-time.ts';
import { type Found, found, quoted } from './found.ts';

export interface PathWanted {
  readonly type: 'file' | 'directory' | 'any';
  readonly bytesMin: number | undefined;
  /** Older than this is broken. */
  readonly ageMaxMs: number | undefined;
}

export interface PathSeen {
  readonly type: string;
  readonly bytes: number;
  readonly changedMs: number;
}

/** Clocks of two machines differ a little: files on a share carry those of its server. */
const AHEAD_MAX_MS = 60_000;

/** What `stat --dereference --format='%s %Y %F'` printed; undefined for anything else. */
export function pathIn(text: string): PathSeen | undefined {
  const [, bytes, changed, type] = /^(\d{1,20}) (-?\d{1,15}) ([a-z ]{1,60})\n?$/.exec(text) ?? [];
  if (type === undefined) return undefined;
  return { type, bytes: Number(bytes), changedMs: Number(changed) * 1000 };
}

/** Whether what must be there is there, and is what it should be. */
export function judgePath(seen: PathSeen, wanted: PathWanted, nowMs: number): Found {
  const { type, bytes, changedMs } = seen;
  const ageMs = nowMs - changedMs;
  const detail = { type: quoted(type), bytes, ageMs };
  const isFile = type === 'regular file' || type === 'regular empty file';
  const isWanted =
    wanted.type === 'any' || (wanted.type === 'file' ? isFile : type === 'directory');
  if (!isWanted) return found('broken', `it is a ${quoted(type)}, not a ${wanted.type}`, detail);
  if (wanted.bytesMin !== undefined && bytes < wanted.bytesMin) {
    const why = `it has ${formatBytes(bytes)}, fewer than ${formatBytes(wanted.bytesMin)}`;
    return found('broken', why, detail);
  }
  if (wanted.ageMaxMs !== undefined && ageMs < -AHEAD_MAX_MS) {
    const why = 'it was changed at a time that has not come yet: nobody can say how old it is';
    return found('unreadable', why, detail);
  }
  const age = formatAge(Math.max(0, ageMs));
  if (wanted.ageMaxMs !== undefined && ageMs > wanted.ageMaxMs) {
    return found('broken', `it was changed ${age}, which is too long`, detail);
  }
  const says = isFile ? `a file of ${formatBytes(bytes)}` : `a ${quoted(type)}`;
  return found('healthy', `${says}, changed ${age}`, detail);
}
