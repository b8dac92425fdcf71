/**
 * A probe that fails on purpose, once a day: asked of an agent, said by it, and decided of as of any
 * other, but nobody is woken. If it is not seen, nobody knows whether a real one would be.
 */
import type { UnixMs } from '../../../base/units.ts';
import { CANARY_ITEM, CANARY_KIND } from '../agent/canary.ts';
import type { AgentId } from '../agent/messages.ts';
import {
  itemStanding,
  leaseStanding,
  type Standing,
  type StandingMark,
  unknownFor,
} from '../standing/standing.ts';
import type { StoredItem } from './changes.ts';
import type { HeldAgent, ServerNow } from './held.ts';
import { CANARY_LIMIT_MS, canarySeenAt } from './runs.ts';
import type { ServerCore } from './server-core.ts';
import { wallOf } from './take-records.ts';
import { hasTwoSpeakers } from './talk.ts';

const DAY_MS = 86_400_000;
/** One that was asked for and not seen is followed by another. */
const AGAIN_MS = 10 * 60_000;

export function isCanary({ kind }: Pick<StoredItem, 'kind'>): boolean {
  return kind === CANARY_KIND;
}

/** On a list it is as it should be, in either of its states. */
export function canaryStanding(plain: Standing): Standing {
  if (plain.reason !== 'broken') return plain;
  return { mark: 'ok', reason: 'healthy', why: 'It fails on purpose, and that is seen.' };
}

/** For the standing of the watching itself. */
export function watchingCanary(core: ServerCore, now: ServerNow): Standing {
  const seenAt = canarySeenAt(core.agents(), now);
  if (seenAt !== undefined && now.wallMs - seenAt < CANARY_LIMIT_MS) {
    return { mark: 'ok', reason: 'healthy', why: 'A canary was seen within its time.' };
  }
  const why =
    seenAt === undefined
      ? 'No canary was seen yet: nobody knows whether a fault would be told of.'
      : 'No canary was seen for a day and a half: nobody knows whether a fault would be told of.';
  return unknownFor(seenAt === undefined ? 'never-seen' : 'expired', why);
}

export class CanaryTurns {
  #askedAtMs: number | undefined;
  #turn = 0;

  /** The host whose turn it is; undefined: none now. */
  next(core: ServerCore, now: ServerNow): string | undefined {
    const seenAt = canarySeenAt(core.agents(), now);
    if (seenAt !== undefined && now.wallMs - seenAt < DAY_MS) return undefined;
    if (this.#askedAtMs !== undefined && now.atMs - this.#askedAtMs < AGAIN_MS) return undefined;
    const hosts = core.agents().flatMap((held) => (isReady(held, now) ? [held.stored.host] : []));
    return hosts.sort()[this.#turn % Math.max(1, hosts.length)];
  }

  asked(now: ServerNow): void {
    this.#askedAtMs = now.atMs;
    this.#turn += 1;
  }
}

/** It speaks, and has a canary. */
function isReady(held: HeldAgent, now: ServerNow): boolean {
  return standingOf(held, now)?.mark === 'ok';
}

function standingOf(held: HeldAgent, now: ServerNow): Standing | undefined {
  const item = held.items.get(CANARY_ITEM);
  if (item === undefined || !isCanary(item.stored)) return undefined;
  const lease = {
    saidAtMs: held.talk.saidAtMs,
    hasTwoSpeakers: hasTwoSpeakers(held.talk, now.atMs),
  };
  if (leaseStanding(lease, now.atMs).mark !== 'ok') return undefined;
  const { kind, saw, why, limitMs } = item.stored;
  return itemStanding({ kind, saw, why, limitMs, seenAtMs: item.seenAtMs }, lease, now.atMs);
}

export interface FailedCanary {
  readonly agent: AgentId;
  /** As people would be told of it. */
  readonly subject: {
    readonly subject: string;
    readonly mark: StandingMark;
    readonly why: string;
    readonly since: UnixMs;
    readonly restsOn: readonly string[];
  };
}

/** Canaries that fail now and were not counted yet. */
export function failedCanaries(core: ServerCore, now: ServerNow): readonly FailedCanary[] {
  const countedAt = canarySeenAt(core.agents(), now) ?? Number.NEGATIVE_INFINITY;
  return core.agents().flatMap((held): readonly FailedCanary[] => {
    const { agent, host } = held.stored;
    const item = held.items.get(CANARY_ITEM);
    const standing = standingOf(held, now);
    if (item?.seenAtMs === undefined || standing?.reason !== 'broken') return [];
    if (wallOf(item.seenAtMs, now) <= countedAt) return [];
    const { mark, why } = standing;
    const subject = `host:${host}/${CANARY_ITEM}`;
    return [
      { agent, subject: { subject, mark, why, since: item.since, restsOn: [`host:${host}`] } },
    ];
  });
}
