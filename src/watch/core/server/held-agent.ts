/** What a server holds of an agent, made and unmade. */
import { type UnixMs, unixMs } from '../../../base/units.ts';
import { LEASE_MS } from '../standing/standing.ts';
import type { AgentId } from '../agent/messages.ts';
import type { ServerChange, StoredAgent, StoredItem } from './changes.ts';
import {
  type HeldAgent,
  type HeldItem,
  type HeldWord,
  type Kept,
  NO_TALK,
  type ServerNow,
} from './held.ts';

/** One agent of what was kept; it counts as silent until it is heard. */
export function heldOf(stored: StoredAgent, kept: Omit<Kept, 'agents'>, now: ServerNow): HeldAgent {
  const { agent } = stored;
  const items = kept.items.filter((item) => item.agent === agent);
  const jobs = kept.openJobs.filter((job) => job.agent === agent);
  const askedAt = new Map(jobs.map((job) => [job.job, job.askedAt]));
  const words = kept.words
    .filter((word) => word.agent === agent)
    .flatMap(({ word }): readonly HeldWord[] => {
      if (word.word === 'freeze') {
        const freeze = kept.freezes?.find(({ id, endedAt }) => id === word.id && !endedAt);
        if (freeze === undefined) return [];
        return [{ word, askedWallMs: unixMs(freeze.until - word.forMs) }];
      }
      if (word.word !== 'job') return [{ word, askedWallMs: now.wallMs }];
      // One that is over is not begun late, by who did not hear it in its time.
      const asked = askedAt.get(word.job);
      return asked === undefined ? [] : [{ word, askedWallMs: asked }];
    })
    .sort((a, b) => a.word.n - b.word.n);
  return {
    ...{ stored, talk: NO_TALK, heardOrder: { run: 0, seq: -1 }, words, version: 0 },
    ...{ shownOrder: { run: 0, seq: -1 }, shown: shownOf(kept, agent) },
    items: new Map(items.map((item) => [item.item, heldItem(item)])),
    jobs: new Map(jobs.map((job) => [job.job, job])),
    ...{
      isSilent: true,
      silentSince: now.wallMs,
      talkingSince: now.wallMs,
      itemsRefused: undefined,
    },
  };
}

function shownOf({ shown = [] }: Omit<Kept, 'agents'>, agent: AgentId): HeldAgent['shown'] {
  const own = shown.filter((each) => each.agent === agent);
  return new Map(own.map((stored) => [stored.kind, { stored, seenAtMs: undefined }]));
}

/** What is known of it from before: what it was, and nothing of now. */
export function heldItem(stored: StoredItem): HeldItem {
  return {
    ...{ stored, seenAtMs: undefined, seenUp: undefined, lastSaw: stored.saw },
    ...{ since: stored.seenAt, notOkSince: stored.saw === 'healthy' ? undefined : stored.seenAt },
    ...{ changes: { fromMs: 0, count: 0 } },
  };
}

export function forgetNowOf(held: HeldAgent): void {
  held.talk = NO_TALK;
  forgetItemsOf(held);
  for (const [kind, { stored }] of held.shown) {
    held.shown.set(kind, { stored, seenAtMs: undefined });
  }
}

export function forgetItemsOf({ items }: HeldAgent): void {
  for (const [name, item] of items) items.set(name, notSaid(item));
}

export function notSaid(item: HeldItem): HeldItem {
  return { ...item, seenAtMs: undefined, seenUp: undefined };
}

/** Nobody is asked by it any more, and its items are another's, or nobody's. */
export function revokeChanges({ stored, items, shown }: HeldAgent): readonly ServerChange[] {
  const { agent } = stored;
  return [
    { do: 'agent', agent: { ...stored, isRevoked: true } },
    ...(shown.size === 0 ? [] : [{ do: 'forget-shown' as const, agent }]),
    ...[...items.keys()].map((item) => ({ do: 'forget-item' as const, agent, item })),
  ];
}

export function settleRevoked(held: HeldAgent): void {
  held.stored = { ...held.stored, isRevoked: true };
  held.items.clear();
  held.shown.clear();
  held.talk = NO_TALK;
}

export function fellSilent(
  { isSilent, talk }: HeldAgent,
  sinceMs: number,
  now: ServerNow,
): boolean {
  return !isSilent && now.atMs >= (talk.saidAtMs ?? sinceMs) + LEASE_MS;
}

/** Its lease as an item of its own: one line for all that it said. */
const LEASE_ITEM = 'agent:lease';

export function silentChanges(agent: AgentId, at: UnixMs): readonly ServerChange[] {
  const why = 'It fell silent: nothing that it said counts any more.';
  return [
    { do: 'silent', agent, from: at },
    {
      do: 'transition',
      transition: {
        ...{ agent, item: LEASE_ITEM, at, from: 'healthy', to: 'unreadable', why },
        isByAgentClock: false,
      },
    },
  ];
}

export function backChanges(held: HeldAgent, now: ServerNow): readonly ServerChange[] {
  const { agent } = held.stored;
  const why = `It speaks again, after ${Math.round(Math.max(0, now.wallMs - held.silentSince) / 1000)} s.`;
  return [
    { do: 'back', agent, at: now.wallMs },
    {
      do: 'transition',
      transition: {
        ...{ agent, item: LEASE_ITEM, at: now.wallMs, from: 'unreadable', to: 'healthy', why },
        isByAgentClock: false,
      },
    },
  ];
}

/** A reboot is no lateness and no step of a clock: it has a line of its own. */
export function bootChanges(
  before: StoredAgent,
  boot: string,
  upSince: UnixMs,
): readonly ServerChange[] {
  if (before.boot === boot || before.boot === '') return [];
  const at = unixMs(upSince);
  return [
    {
      do: 'transition',
      transition: {
        ...{ agent: before.agent, item: 'boot:host', at, from: undefined, to: 'healthy' },
        ...{ why: 'The host was booted again.', isByAgentClock: false },
      },
    },
  ];
}
