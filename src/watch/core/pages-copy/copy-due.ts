/** When a copy of the page is written, and what is said of it where none is young enough. */
import { formatAge, formatDuration } from '../../../base/say-time.ts';
import { days, hours, minutes } from '../../../base/units.ts';
import { domainId } from '../domain.ts';
import type { ExposureView } from '../exposure/view.ts';
import { kindOfLook, spanOf } from '../history/history-span.ts';

/** By the clock that never steps. */
export interface CopyState {
  readonly startedAtMs: number;
  readonly wroteAtMs: number | undefined;
  readonly failedAtMs: number | undefined;
  /** The first of those that failed since the last that was written. */
  readonly failingSinceMs: number | undefined;
  readonly why: string;
  /** What was worst in the last copy. */
  readonly worst: string;
}

const EVERY_MS = days(1);
/** Agents show again what they showed before a restart; then there is something to copy. */
const FIRST_AFTER_MS = 90_000;
/** However often the worst changes. */
const APART_MS = hours(1);
const AGAIN_MS = minutes(15);
export const COPY_LIMIT_MS: number = hours(26);

export function isCopyDue(state: CopyState, worst: string, nowMs: number): boolean {
  const { startedAtMs, wroteAtMs, failedAtMs } = state;
  if (nowMs - startedAtMs < FIRST_AFTER_MS) return false;
  if (failedAtMs !== undefined && nowMs - failedAtMs < AGAIN_MS) return false;
  if (wroteAtMs === undefined) return true;
  const agoMs = nowMs - wroteAtMs;
  return agoMs >= EVERY_MS || (worst !== state.worst && agoMs >= APART_MS);
}

/** What would hurt most, without the figures that grow by themselves. */
export function worstOf({ falls }: ExposureView): string {
  const [worst] = falls;
  if (worst === undefined) return '';
  const { domain, hits, survives } = worst;
  const losses = hits.map(({ loss }) => loss);
  const outages = hits.map(({ outage }) => outage);
  return `${domainId(domain)} ${kindOfLook(spanOf({ losses, outages, survives, rate: undefined }))}`;
}

export interface CopyFinding {
  readonly code: 'pages-not-copied' | 'pages-copy-old' | 'pages-copy-here';
  readonly rank: 2 | 3;
  readonly sentence: string;
  readonly fix: string;
}

/** @param of.isHere it lies on the disk that this server's own state lies on */
export function copyFindings(of: {
  readonly place: string | undefined;
  readonly isHere: boolean;
  readonly state: CopyState;
  readonly nowMs: number;
}): readonly CopyFinding[] {
  const { place, isHere, state, nowMs } = of;
  if (place === undefined) {
    return [
      {
        ...{ code: 'pages-not-copied', rank: 3 },
        sentence:
          'keeps no copy of this page off the estate: when the server dies, so does the plan',
        fix: "Write `pages: {copy: 'ssh://user@host/path'}` into holdfast.yaml: a place that does not depend on the estate.",
      },
    ];
  }
  const here: CopyFinding = {
    ...{ code: 'pages-copy-here', rank: 3 },
    sentence: `keeps the copy of this page in ${place}, on its own disk: it is lost with the server`,
    fix: 'Name another place below `pages: {copy: ...}` in holdfast.yaml.',
  };
  return [...oldFinding(place, state, nowMs), ...(isHere ? [here] : [])];
}

/** How the copy stands, for whoever is told; `sinceMs` by the clock that never steps. */
export interface CopyStanding {
  readonly mark: 'ok' | 'unknown' | 'degraded' | 'failed';
  readonly why: string;
  readonly sinceMs: number;
}

/** What fails once is tried again before anybody is told. */
export function copyStanding(place: string, state: CopyState, nowMs: number): CopyStanding {
  const { startedAtMs, wroteAtMs, failingSinceMs, why } = state;
  const aliveAtMs = wroteAtMs ?? startedAtMs;
  const reason = why === '' ? '' : `: ${why}`;
  if (nowMs - aliveAtMs >= COPY_LIMIT_MS) {
    const age = formatDuration(COPY_LIMIT_MS, { detail: 'rough' });
    const old = `no copy of the page was written to ${place} for more than ${age}${reason}`;
    return { mark: 'failed', why: old, sinceMs: aliveAtMs + COPY_LIMIT_MS };
  }
  if (failingSinceMs !== undefined && nowMs - failingSinceMs >= AGAIN_MS) {
    const failing = `the page cannot be copied to ${place}${reason}`;
    return { mark: 'degraded', why: failing, sinceMs: failingSinceMs };
  }
  if (wroteAtMs === undefined) {
    const none = `whether the page can be copied to ${place} was not tried since this server began`;
    return { mark: 'unknown', why: none, sinceMs: startedAtMs };
  }
  return { mark: 'ok', why: `the page is copied to ${place}`, sinceMs: wroteAtMs };
}

function oldFinding(place: string, state: CopyState, nowMs: number): readonly CopyFinding[] {
  const { wroteAtMs, failedAtMs, startedAtMs, why } = state;
  const ageMs = nowMs - (wroteAtMs ?? startedAtMs);
  const isFailing = failedAtMs !== undefined && failedAtMs > (wroteAtMs ?? -1);
  if (ageMs < COPY_LIMIT_MS && !isFailing) return [];
  const old =
    wroteAtMs === undefined
      ? `was not written since this server began ${formatAge(ageMs)}`
      : `is ${formatDuration(ageMs, { detail: 'rough' })} old`;
  return [
    {
      ...{ code: 'pages-copy-old', rank: ageMs < COPY_LIMIT_MS ? 3 : 2 },
      sentence: `the copy off the estate (${place}) ${old}${isFailing ? `: ${why}` : ''}`,
      fix: 'See that this server reaches the place and may write there; it tries each 15 min.',
    },
  ];
}
