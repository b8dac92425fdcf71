/**
 * Pings of jobs, as Healthchecks has them: `/ping/KEY`, then `/start`, `/fail`, `/log` or an exit code.
 * Whoever receives them (an HTTP route) keeps a `PingState` for each key and judges it when asked.
 * Source: healthchecks.io, "Pinging API".
 */
import { formatAge, formatDuration } from '../../../base/say-time.ts';
import { type Found, found } from './found.ts';

export interface Ping {
  /** As its configuration names it; compare it in constant time where it is a secret. */
  readonly key: string;
  readonly says: 'success' | 'start' | 'fail' | 'log';
  /** Of `/ping/KEY/7`. */
  readonly exit: number | undefined;
}

const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The path of a request, without its query; undefined for what is no ping. */
export function pingIn(path: string): Ping | undefined {
  const [empty, word, key = '', last, ...more] = path.split('/');
  if (empty !== '' || word !== 'ping' || !KEY.test(key) || more.length > 0) return undefined;
  switch (last) {
    case undefined:
      return { key, says: 'success', exit: undefined };
    case 'start':
    case 'fail':
    case 'log':
      return { key, says: last, exit: undefined };
    default: {
      const exit = /^\d{1,3}$/.test(last) ? Number(last) : undefined;
      if (exit === undefined || exit > 255) return undefined;
      return { key, says: exit === 0 ? 'success' : 'fail', exit };
    }
  }
}

/** By one clock that never steps, of whoever receives. */
export interface PingState {
  /** When it last said that it ended, well or not. */
  readonly endedMs: number | undefined;
  readonly isFailed: boolean;
  readonly exit: number | undefined;
  /** When it last said that it begins, while it has not said that it ended. */
  readonly startedMs: number | undefined;
  /** How long the last run took, where it said when it began. */
  readonly tookMs: number | undefined;
}

const NOTHING: PingState = {
  endedMs: undefined,
  isFailed: false,
  exit: undefined,
  startedMs: undefined,
  tookMs: undefined,
};

export function afterPing(state: PingState | undefined, ping: Ping, atMs: number): PingState {
  const before = state ?? NOTHING;
  if (ping.says === 'log') return before;
  if (ping.says === 'start') return { ...before, startedMs: atMs };
  return {
    endedMs: atMs,
    isFailed: ping.says === 'fail',
    exit: ping.exit,
    startedMs: undefined,
    tookMs: before.startedMs === undefined ? undefined : atMs - before.startedMs,
  };
}

/**
 * What is known of a job that should ping. Silence is no failure that was seen: it is `unreadable`, and
 * so unknown.
 */
export function judgePing(
  state: PingState | undefined,
  wanted: { readonly periodMs: number; readonly graceMs: number },
  nowMs: number,
): Found {
  const { endedMs, isFailed, exit, startedMs, tookMs } = state ?? NOTHING;
  const runsMs = startedMs === undefined ? undefined : nowMs - startedMs;
  const detail = {
    ...(exit === undefined ? {} : { exit }),
    ...(tookMs === undefined ? {} : { tookMs }),
    ...(runsMs === undefined ? {} : { runsMs }),
  };
  if (endedMs === undefined) {
    const runs =
      runsMs === undefined ? 'it has not reported so far' : 'it began, and has not ended so far';
    return found('unreadable', runs, detail);
  }
  const ageMs = nowMs - endedMs;
  if (isFailed) {
    const code = exit === undefined ? '' : ` with ${exit}`;
    return found('broken', `it reported ${formatAge(ageMs)} that it failed${code}`, detail);
  }
  if (ageMs > wanted.periodMs + wanted.graceMs) {
    const each = formatDuration(wanted.periodMs, { detail: 'rough' });
    return found(
      'unreadable',
      `it last reported ${formatAge(ageMs)}, and should every ${each}`,
      detail,
    );
  }
  if (runsMs !== undefined && runsMs > wanted.graceMs) {
    const runs = formatDuration(runsMs, { detail: 'rough' });
    return found('impaired', `it has been running for ${runs}, longer than it may`, detail);
  }
  return found('healthy', `it reported ${formatAge(ageMs)} that it ended well`, detail);
}
