/** How a schedule stands now, by what its runs have proven. Fails closed, and by its own age alone. */
import { isoTimeOf } from '../../../base/iso-time.ts';
import { unixMs } from '../../../base/units.ts';
import { type Standing, unknownFor } from '../standing/standing.ts';
import type { StoredItem } from '../server/changes.ts';
import type { HostState } from './plan-runs.ts';
import type { Schedule } from './schedule.ts';

/** What a wall clock may have been ahead when a run was asked. */
const AHEAD_MAX_MS = 5 * 60_000;

export interface RunEvidence {
  readonly schedule: Schedule;
  readonly stored: Pick<StoredItem, 'detail' | 'why'> | undefined;
  readonly host: HostState;
  readonly hasTwoSpeakers: boolean;
}

/** @param wallMs of the server: what was proven outlives its starts, and so must its age */
export function runStanding(evidence: RunEvidence, wallMs: number): Standing {
  const { schedule, stored, host, hasTwoSpeakers } = evidence;
  const { goodMs, state } = stored?.detail ?? {};
  if (hasTwoSpeakers) {
    return unknownFor('two-speakers', 'Two speak with the key of its agent: enrol the host anew.');
  }
  const away = AWAY[host] ?? '';
  if (stored === undefined) {
    const why = away === '' ? 'It has not run yet.' : `It has not run: ${away}.`;
    return unknownFor('never-seen', why);
  }
  const last = `The last run ${wordOf(state)}${stored.why === '' ? '' : `: ${stored.why}`}`;
  if (typeof goodMs !== 'number') {
    return state === 'failed' ? failed(last) : unknownFor('never-seen', `${last}. None was good.`);
  }
  if (goodMs > wallMs + AHEAD_MAX_MS) {
    return unknownFor('from-future', 'Its last good run is of a time that has not come yet.');
  }
  const since = isoTimeOf(unixMs(goodMs));
  if (wallMs - goodMs >= schedule.limitMs) {
    const why = `The last good run is of ${since}, and counts no more`;
    if (state === 'failed') return failed(`${why}. ${last}`);
    return unknownFor('expired', away === '' ? `${why}.` : `${why}: ${away}.`);
  }
  if (state !== 'done' && state !== 'gaps') {
    return { mark: 'degraded', reason: 'impaired', why: `${last}. A good one is of ${since}.` };
  }
  if (state === 'gaps') return { mark: 'degraded', reason: 'impaired', why: last };
  return unread(evidence, wallMs) ?? { mark: 'ok', reason: 'healthy', why: `Done, of ${since}.` };
}

const AWAY: Readonly<Partial<Record<HostState, string>>> = {
  'not-enrolled': 'no agent of this host is enrolled',
  silent: 'its agent is not heard',
  'look-only': 'this host is at the level look, and runs nothing (agent.yaml)',
};

function failed(why: string): Standing {
  return { mark: 'failed', reason: 'broken', why };
}

/** A part of the vault that was not read for longer than all of it may take. */
function unread({ schedule, stored }: RunEvidence, wallMs: number): Standing | undefined {
  const since = stored?.detail.unreadSinceMs;
  const { wholeMs } = schedule;
  if (wholeMs === undefined) return undefined;
  if (typeof since !== 'number') {
    const why = 'The last run did not say since when a part of the vault is unread: not known.';
    return { mark: 'degraded', reason: 'impaired', why };
  }
  if (wallMs - since < wholeMs) return undefined;
  const why = `A part of the vault was not read since ${isoTimeOf(unixMs(since))}: ask for it more often, or for larger shares.`;
  return { mark: 'degraded', reason: 'impaired', why };
}

function wordOf(state: string | number | boolean | undefined): string {
  if (state === 'done') return 'was good';
  if (state === 'gaps') return 'left something out';
  if (state === 'failed') return 'failed';
  if (state === 'refused') return 'was refused by its host';
  return state === 'cancelled' ? 'was cancelled' : 'was lost';
}
