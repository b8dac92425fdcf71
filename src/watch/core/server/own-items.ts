/** What the server itself sees of a host, beside what its agent says. */
import type { UnixMs } from '../../../base/units.ts';
import { type Standing, unknownFor } from '../standing/standing.ts';
import type { ClockSkew, HeldAgent, ServerNow } from './held.ts';
import { wallOf } from './take-records.ts';
import { hasTwoSpeakers } from './talk.ts';

export interface OwnItem {
  readonly item: string;
  readonly kind: string;
  readonly standing: Standing;
  readonly since: UnixMs;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

const SKEW_DEGRADED_MS = 5000;
const SKEW_FAILED_MS = 300_000;
const REFUSED_SHOWN_MS = 86_400_000;

/** @param spoken of its agent: a clock of which nothing is heard is not known */
export function ownItems(held: HeldAgent, spoken: Standing, now: ServerNow): readonly OwnItem[] {
  const { talk, itemsRefused } = held;
  const { twoSpeakers, clock } = talk;
  const own: OwnItem[] = [];
  if (twoSpeakers !== undefined && hasTwoSpeakers(talk, now.atMs)) {
    const why =
      'Two speak with the key of its agent, a clone or a state put back from a copy: enrol it anew.';
    own.push({
      ...{ item: 'identity:key', kind: 'identity', since: wallOf(twoSpeakers.fromMs, now) },
      ...{ standing: { mark: 'failed', reason: 'two-speakers', why }, detail: {} },
    });
  }
  if (clock !== undefined && talk.saidAtMs !== undefined) {
    own.push({
      ...{ item: 'clock-skew:server', kind: 'clock-skew', since: wallOf(talk.saidAtMs, now) },
      standing: spoken.mark === 'ok' ? skewStanding(clock) : spoken,
      detail: { skewMs: clock.skewMs, lateMs: clock.lateMs, ...stepOf(clock) },
    });
  }
  if (itemsRefused !== undefined && now.atMs - itemsRefused.atMs < REFUSED_SHOWN_MS) {
    const why = `${itemsRefused.count} items had no room and are not watched.`;
    own.push({
      ...{ item: 'items:room', kind: 'items', since: wallOf(itemsRefused.atMs, now) },
      ...{ standing: unknownFor('never-seen', why), detail: { count: itemsRefused.count } },
    });
  }
  return own;
}

function skewStanding(clock: ClockSkew): Standing {
  const { skewMs, stepped } = clock;
  const offMs = Math.abs(skewMs);
  const where = `${Math.round(offMs / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} the server's`;
  const who = stepped?.who === 'server' ? "; the server's was set" : '; it was set';
  const why = `Its wall clock is ${where}${stepped === undefined ? '' : who}.`;
  if (offMs >= SKEW_FAILED_MS) return { mark: 'failed', reason: 'broken', why };
  if (offMs >= SKEW_DEGRADED_MS) return { mark: 'degraded', reason: 'impaired', why };
  return { mark: 'ok', reason: 'healthy', why: "Its wall clock agrees with the server's." };
}

function stepOf({ stepped }: ClockSkew): OwnItem['detail'] {
  return stepped === undefined ? {} : { steppedBy: stepped.who, stepMs: stepped.byMs };
}
