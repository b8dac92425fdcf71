/** What the records of one `say` change: docs/format/agent.md "say". */
import { addAll } from '../../../base/long-list.ts';
import { type UnixMs, unixMs } from '../../../base/units.ts';
import type {
  AgentRecord,
  GoneRecord,
  JobRecord,
  LineRecord,
  LostRecord,
  Said,
  Say,
  SeenRecord,
  WasRecord,
} from '../agent/messages.ts';
import {
  ITEMS_PER_AGENT_MAX,
  type ServerChange,
  type StoredJob,
  type StoredTransition,
} from './changes.ts';
import type { HeldAgent, HeldItem, ServerNow } from './held.ts';
import { isOfRuns } from '../schedule/run-item.ts';
import { heldRun, type Runs } from './runs.ts';
import { notSaid } from './held-agent.ts';
import { isOver } from './job-over.ts';
import { expiryOf } from '../standing/standing.ts';

/** More changes of an item than these in a day are counted and not kept one by one. */
export const TRANSITIONS_PER_DAY_MAX = 50;
const DAY_MS = 86_400_000;

export interface Taking {
  readonly held: HeldAgent;
  readonly say: Say;
  readonly now: ServerNow;
  readonly momentOf: (upMs: number) => number;
  /** What is asked again and again. */
  readonly runs: Runs;
}

/** What will be true once it is committed. */
export class TakenRecords {
  readonly changes: ServerChange[] = [];
  readonly items = new Map<string, HeldItem>();
  /** Before what is in `items` is. */
  readonly forgotten = new Set<string>();
  readonly jobs = new Map<string, StoredJob>();
  readonly refused: NonNullable<Said['refused']>[number][] = [];
  acked: number;
  itemsRefused = 0;
  readonly #of: Taking;
  #added = 0;

  constructor(of: Taking) {
    this.#of = of;
    this.acked = of.held.stored.acked;
    const inOrder = [...of.say.records].sort((a, b) => a.n - b.n);
    for (const record of inOrder) {
      // It was taken before: the answer to it was lost.
      if (record.n <= this.acked) continue;
      this.#take(record);
      this.acked = record.n;
    }
  }

  #take(record: AgentRecord): void {
    if (
      'item' in record &&
      (isOfRuns(record.item) || ('kind' in record && isOfRuns(record.kind)))
    ) {
      // What a run has proven is said by its job alone.
      this.refused.push({ n: record.n, why: `${record.item} is written by the server alone.` });
    } else if (record.t === 'seen') this.#takeSeen(record);
    else if (record.t === 'was') this.#takeWas(record);
    else if (record.t === 'gone') this.#takeGone(record);
    else if (record.t === 'line') this.#takeLine(record);
    else if (record.t === 'job') this.#takeJob(record);
    else this.#takeLost(record);
  }

  #takeSeen(record: SeenRecord): void {
    const { held, say } = this.#of;
    const { item, kind, saw, why, detail, everyMs, limitMs } = record;
    const before = this.#item(item);
    if (before === undefined && this.#isFull(record)) return;
    const seenAtMs = this.#of.momentOf(record.upMs);
    const isSameBoot = before?.seenUp?.boot === say.boot;
    if (before?.seenUp !== undefined && isSameBoot && before.seenUp.upMs > record.upMs) return;
    const isChange = before?.lastSaw !== saw;
    const seenAt = this.#wallOf(seenAtMs);
    const stored = {
      ...{ agent: held.stored.agent, item, kind, saw, why, detail, everyMs, limitMs, seenAt },
    };
    this.changes.push({ do: 'item', item: stored });
    this.items.set(item, {
      ...{ stored, seenAtMs, seenUp: { boot: say.boot, upMs: record.upMs }, lastSaw: saw },
      since: isChange || before.stored.saw !== saw ? seenAt : before.since,
      notOkSince:
        saw === 'healthy' ? undefined : (before?.notOkSince ?? this.#endOf(before, seenAt)),
      changes: isChange
        ? this.#changed(before, { to: saw, at: seenAt, why, isByAgentClock: false, item })
        : before.changes,
    });
    if (before !== undefined && before.seenUp?.upMs === record.upMs && isSameBoot) {
      // The same look again, cited by another mark: both bounds hold.
      this.#sharpen(item, Math.max(seenAtMs, before.seenAtMs ?? seenAtMs));
    }
  }

  /** When what was healthy counted no more, where that was before it was seen to be anything else. */
  #endOf(before: HeldItem | undefined, seenAt: UnixMs): UnixMs {
    if (before?.seenAtMs === undefined) return seenAt;
    const { kind, limitMs } = before.stored;
    const ended = expiryOf({ kind, limitMs, seenAtMs: before.seenAtMs });
    return unixMs(Math.min(seenAt, this.#wallOf(ended)));
  }

  #sharpen(item: string, seenAtMs: number): void {
    const held = this.items.get(item);
    if (held !== undefined) this.items.set(item, { ...held, seenAtMs });
  }

  /** History: how it stands now is not touched. */
  #takeWas(record: WasRecord): void {
    const { say, now, held } = this.#of;
    const { item, kind, saw, why, detail } = record;
    const isThisBoot = record.boot === say.boot;
    if (isThisBoot && record.upMs > say.upMs) {
      this.refused.push({ n: record.n, why: 'It was seen after it was said.' });
      return;
    }
    const at = isThisBoot
      ? this.#wallOf(this.#of.momentOf(record.upMs))
      : unixMs(Math.min(record.wallMs, now.wallMs));
    const before = this.#item(item);
    if (before === undefined && this.#isFull(record)) return;
    if (before?.lastSaw === saw) return;
    const changes = this.#changed(before, { to: saw, at, why, isByAgentClock: !isThisBoot, item });
    const stored = before?.stored ?? {
      ...{ agent: held.stored.agent, item, kind, saw: 'unreadable', why, detail },
      ...{ everyMs: 0, limitMs: 0, seenAt: at },
    };
    if (before === undefined) this.changes.push({ do: 'item', item: stored });
    this.items.set(item, {
      ...(before ?? { seenAtMs: undefined, seenUp: undefined, since: at, notOkSince: at }),
      ...{ stored, lastSaw: saw, changes },
    });
  }

  #takeGone({ item, why }: GoneRecord): void {
    const before = this.#item(item);
    if (before === undefined || before.stored.saw === 'gone') return;
    if (before.stored.kind === 'reach') {
      // Whom an agent reaches for is this server's word: where that has changed, nobody misses it.
      this.changes.push({ do: 'forget-item', agent: before.stored.agent, item });
      this.items.delete(item);
      this.forgotten.add(item);
      return;
    }
    const at = this.#of.now.wallMs;
    const stored = { ...before.stored, saw: 'gone' as const, why };
    this.changes.push({ do: 'item', item: stored });
    const changes = this.#changed(before, { to: 'gone', at, why, isByAgentClock: false, item });
    this.items.set(item, {
      ...{ stored, seenAtMs: undefined, seenUp: before.seenUp, lastSaw: 'gone', since: at },
      notOkSince: before.notOkSince ?? at,
      changes,
    });
  }

  /** Of an earlier boot it is known by the wall clock of its host alone. */
  #takeLine(record: LineRecord): void {
    const { held, say, now, momentOf } = this.#of;
    const { n, from, priority, text, upMs, boot = say.boot, wallMs = now.wallMs } = record;
    const isThisBoot = boot === say.boot && upMs <= say.upMs;
    const at = isThisBoot ? this.#wallOf(momentOf(upMs)) : unixMs(Math.min(wallMs, now.wallMs));
    const { agent } = held.stored;
    this.changes.push({ do: 'line', line: { agent, n, from, at, priority, text } });
  }

  #takeJob({ n, job, state, why, share, answer }: JobRecord): void {
    const before = this.jobs.get(job) ?? this.#of.held.jobs.get(job);
    if (before === undefined) {
      this.refused.push({ n, why: 'No such job was asked of this host, or it is over.' });
      return;
    }
    // What the agent says of its end stands; that it was lost was only the server's guess.
    if (isOver(before.state) && before.state !== 'lost') return;
    const { share: _, answer: __, ...rest } = before;
    const startedAt = before.startedAt ?? (state === 'running' ? this.#of.now.wallMs : undefined);
    const after: StoredJob = {
      ...{ ...rest, state, why, changedAt: this.#of.now.wallMs },
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(share === undefined ? {} : { share }),
      ...(answer === undefined ? {} : { answer }),
    };
    this.jobs.set(job, after);
    this.changes.push({ do: 'job', job: after });
    this.#proveRun(after);
  }

  /** What a job of a schedule came to, in the commit of its end. */
  #proveRun(job: StoredJob): void {
    const { held, runs } = this.#of;
    const schedule = isOver(job.state) ? runs.of(held.stored.host, job) : undefined;
    if (schedule === undefined) return;
    const { item, changes } = heldRun(
      this.items.get(schedule.item) ?? held.items.get(schedule.item),
      {
        ...{ job, schedule, wallMs: this.#of.now.wallMs },
      },
    );
    this.items.set(item.stored.item, item);
    addAll(this.changes, changes);
  }

  #takeLost({ count, what }: LostRecord): void {
    this.#push({
      ...{ item: 'spool:records', from: undefined, to: 'unreadable', at: this.#of.now.wallMs },
      ...{ why: `${count} records were lost by the agent: ${what}`, isByAgentClock: false },
    });
  }

  #item(name: string): HeldItem | undefined {
    const taken = this.items.get(name);
    if (taken !== undefined || this.forgotten.has(name)) return taken;
    const { held, say } = this.#of;
    const item = held.items.get(name);
    return item !== undefined && held.stored.boot !== say.boot ? notSaid(item) : item;
  }

  #isFull({ n, item }: { readonly n: number; readonly item: string }): boolean {
    this.#added += 1;
    if (this.#of.held.items.size + this.#added <= ITEMS_PER_AGENT_MAX) return false;
    this.#added -= 1;
    const why = `${item} is not watched: no more than ${ITEMS_PER_AGENT_MAX} items of a host are.`;
    this.refused.push({ n, why });
    this.itemsRefused += 1;
    return true;
  }

  #wallOf(atMs: number): UnixMs {
    return wallOf(atMs, this.#of.now);
  }

  /** Kept one by one up to a number a day; then the item flaps, and how often is said at its end. */
  #changed(
    before: HeldItem | undefined,
    to: Omit<StoredTransition, 'agent' | 'from'>,
  ): HeldItem['changes'] {
    const { atMs } = this.#of.now;
    const running = before?.changes;
    const isSameDay = running !== undefined && atMs - running.fromMs < DAY_MS;
    const count = isSameDay ? running.count + 1 : 1;
    const unsaid = isSameDay ? 0 : Math.max(0, (running?.count ?? 0) - TRANSITIONS_PER_DAY_MAX);
    const flapped = unsaid === 0 ? '' : ` It flapped before: ${unsaid} changes were only counted.`;
    if (count <= TRANSITIONS_PER_DAY_MAX) {
      this.#push({ ...to, from: before?.lastSaw, why: to.why + flapped });
    }
    return { fromMs: isSameDay ? running.fromMs : atMs, count };
  }

  #push(transition: Omit<StoredTransition, 'agent'>): void {
    const { agent } = this.#of.held.stored;
    this.changes.push({ do: 'transition', transition: { agent, ...transition } });
  }
}

/** A moment of the server's clock as people write it. */
export function wallOf(atMs: number, now: ServerNow): UnixMs {
  return unixMs(Math.round(now.wallMs - (now.atMs - atMs)));
}
