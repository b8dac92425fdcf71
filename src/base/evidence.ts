import type { DurationMs, UnixMs } from './units.ts';

/** What an observer saw of a subject. `unreadable`: it looked and could not see. */
export type Saw = 'healthy' | 'broken' | 'unreadable';

/** One observation. It is true of `observedAt` only, and says until when it may be relied on. */
export interface Evidence {
  /** What was looked at, for example `dataset:/srv/data/restore`. */
  readonly subject: string;
  readonly saw: Saw;
  readonly observedAt: UnixMs;
  readonly receivedAt: UnixMs;
  readonly expiresAt: UnixMs;
  /** Who looked: a host and a part, for example `web1/drill`. */
  readonly source: string;
  /** Identity of the boot in which it was seen; sequence numbers count within it. */
  readonly bootId: string;
  readonly seq: number;
  /** Measurements that the observation carries, raw: bytes, milliseconds, counts. */
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

export type Standing = 'ok' | 'failed' | 'unknown';

/**
 * What one may conclude from `evidence` at `now`. Fails closed: absent, stale, unreadable and
 * future-dated evidence is `unknown`, which no rule counts as `ok`.
 *
 * @param clockSkewMax how far `observedAt` may lie ahead of `now` before its age is a guess
 * Source: TDF 2015 post-mortem, three weeks of "OK" over a corrupt file system.
 */
export function standingOf(
  evidence: Evidence | undefined,
  now: UnixMs,
  clockSkewMax: DurationMs,
): Standing {
  if (evidence === undefined) return 'unknown';
  if (evidence.observedAt > now + clockSkewMax) return 'unknown';
  if (now >= evidence.expiresAt || evidence.saw === 'unreadable') return 'unknown';
  return evidence.saw === 'healthy' ? 'ok' : 'failed';
}
