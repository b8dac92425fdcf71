/** A look as the command line runs it: with progress, and with what is there when it is stopped. */
import type { HostList } from '../../adapters/look/asked-host.ts';
import { readSight } from '../../adapters/look/read-sight.ts';
import { lookScript } from '../../adapters/look/script.ts';
import { type DurationMs, durationMs } from '../../base/units.ts';
import type { HostLook } from '../../watch/core/look/host-sight.ts';
import type { Cli } from '../cli/cli.ts';
import { LiveProgress } from '../cli/live-progress.ts';
import type { Later } from './look-at-host.ts';
import { type LookProgress, lookAtHosts } from './look-at-hosts.ts';

export interface Looked extends HostList {
  readonly looks: readonly HostLook[];
  readonly tookMs: DurationMs;
  /** Somebody did not want to wait; what was there by then is what is told. */
  readonly isStopped: boolean;
}

export interface LookLimits {
  readonly limit: DurationMs;
  readonly atOnce: number;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const NAMES_SHOWN = 4;
const BEAT_MS = 1000;

export async function runLook(cli: Cli, asked: HostList, limits: LookLimits): Promise<Looked> {
  const { clock, env: environment } = cli;
  const startedAt = clock.monotonic();
  const mayAsk = cli.terminal.canAsk && asked.hosts.length === 1;
  const stop = stoppable(cli);
  const live = new LiveProgress(cli, { label: 'look', word: 'received' });
  let latest: LookProgress = { doneCount: 0, byteCount: 0, asked: [] };
  const show = (): void => {
    // Where ssh may ask, the screen is its own until somebody has answered.
    if (!mayAsk || latest.byteCount > 0) live.update(sampleOf(latest, asked.hosts.length));
  };
  const progress = (now: LookProgress): void => {
    latest = now;
    show();
  };
  // Hosts that are silent tell of nothing, and that is to be seen.
  const beat = setInterval(show, BEAT_MS);
  try {
    const looks = await lookAtHosts(asked.hosts, {
      ...{ clock, environment, script: lookScript(), readSight, ...limits, mayAsk },
      ...{ stop: stop.signal, progress, later },
    });
    const tookMs = durationMs(Math.round(clock.monotonic() - startedAt));
    return { ...asked, looks, tookMs, isStopped: stop.signal.aborted };
  } finally {
    clearInterval(beat);
    live.end();
    stop.takeBack();
  }
}

const later: Later = (span, act) => {
  const timer = setTimeout(act, span);
  return () => clearTimeout(timer);
};

function sampleOf(
  { doneCount, byteCount, asked }: LookProgress,
  total: number,
): Parameters<LiveProgress['update']>[0] {
  const names = asked.slice(0, NAMES_SHOWN).join(', ');
  const more = asked.length > NAMES_SHOWN ? ` and ${asked.length - NAMES_SHOWN} more` : '';
  const note = asked.length === 0 ? '' : `waiting for ${names}${more}`;
  const counts = { entries: doneCount, entriesTotal: total };
  return { ...counts, bytes: byteCount, bytesTotal: undefined, note };
}

/** The first signal ends the look, with its answer; the next one ends the command. */
function stoppable(cli: Cli): { readonly signal: AbortSignal; readonly takeBack: () => void } {
  const stop = new AbortController();
  const end = (): void => {
    takeBack();
    cli.terminal.err('Stopping; what was seen by now follows.\n');
    stop.abort();
  };
  const takeBack = (): void => {
    for (const signal of SIGNALS) process.off(signal, end);
    cli.stop.takeBack();
  };
  cli.stop.leaveToCommand();
  for (const signal of SIGNALS) process.on(signal, end);
  return { signal: stop.signal, takeBack };
}
