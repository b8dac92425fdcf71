/** Many hosts at once: the answer comes when all are done, or time is up, with what is there. */
import type { AskedHost } from '../../adapters/look/asked-host.ts';
import { Fault } from '../../base/fault.ts';
import { formatDuration } from '../../base/say-time.ts';
import { durationMs, minutes } from '../../base/units.ts';
import type { HostLook } from '../../watch/core/look/host-sight.ts';
import { failedLook, lookAtHost, type LookParts } from './look-at-host.ts';

export interface LookAtHosts extends Omit<LookParts, 'signal' | 'received'> {
  readonly atOnce: number;
  /** Ends it with what is there; nobody is asked any more. */
  readonly stop: AbortSignal;
  readonly progress: (now: LookProgress) => void;
}

export interface LookProgress {
  readonly doneCount: number;
  readonly byteCount: number;
  /** Names of those that are being asked, in order. */
  readonly asked: readonly string[];
}

/** For all of them together; a longer limit for one makes it longer. */
const WHOLE_LIMIT = minutes(15);

/** In the order of `hosts`. */
export async function lookAtHosts(
  hosts: readonly AskedHost[],
  parts: LookAtHosts,
): Promise<readonly HostLook[]> {
  const ending = new AbortController();
  const stop = (): void => ending.abort(new Fault('HF_LOOK_STOPPED', 'it was stopped here'));
  parts.stop.addEventListener('abort', stop, { once: true });
  if (parts.stop.aborted) stop();
  const whole = durationMs(Math.max(WHOLE_LIMIT, parts.limit));
  const disarm = parts.later(whole, () => {
    const message = `the whole look was not done after ${formatDuration(whole)}`;
    ending.abort(new Fault('HF_LOOK_LATE', message, { host: 'HOST' }));
  });
  try {
    return await inLanes(hosts, { ...parts, signal: ending.signal });
  } finally {
    disarm();
    parts.stop.removeEventListener('abort', stop);
  }
}

async function inLanes(
  hosts: readonly AskedHost[],
  parts: LookAtHosts & { readonly signal: AbortSignal },
): Promise<readonly HostLook[]> {
  const looks = new Map<AskedHost, HostLook>();
  const asked = new Set<AskedHost>();
  let byteCount = 0;
  const tell = (): void => {
    const names = [...asked].map(({ name }) => name);
    parts.progress({ doneCount: looks.size, byteCount, asked: names });
  };
  const received = (count: number): void => {
    byteCount += count;
    tell();
  };
  const queue = [...hosts];
  const lane = async (): Promise<void> => {
    for (let host = queue.shift(); host !== undefined; host = queue.shift()) {
      asked.add(host);
      tell();
      looks.set(host, await lookOrNot(host, { ...parts, received }));
      asked.delete(host);
      tell();
    }
  };
  await Promise.all(Array.from({ length: parts.atOnce }, lane));
  return hosts.flatMap((host) => looks.get(host) ?? []);
}

async function lookOrNot(host: AskedHost, parts: LookParts): Promise<HostLook> {
  const { signal } = parts;
  if (!signal.aborted) return lookAtHost(host, parts);
  return failedLook(host, signal.reason as Fault, durationMs(0));
}
