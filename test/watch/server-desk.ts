/** The core of the server with two agents, messages made by hand, and a clock in a variable. */
import assert from 'node:assert/strict';
import { unixMs } from '../../src/base/units.ts';
import type {
  AgentRecord,
  CitedMark,
  Hear,
  Say,
  SeenRecord,
} from '../../src/watch/core/agent/messages.ts';
import type { ServerChange, StoredAgent } from '../../src/watch/core/server/changes.ts';
import {
  type EstateFacts,
  estateNow,
  type ItemNow,
} from '../../src/watch/core/server/estate-now.ts';
import type { Kept, Pending, ServerNow } from '../../src/watch/core/server/held.ts';
import { ServerCore } from '../../src/watch/core/server/server-core.ts';

export const A = 'a'.repeat(32);
export const B = 'b'.repeat(32);
export const WALL = 1_800_000_000_000;
export const HOUR_MS = 3_600_000;

const enrolled = (agent: string, host: string): StoredAgent => ({
  ...{ agent, host, publicKey: 'key', level: 'look', version: '1', enrolledAt: unixMs(WALL) },
  ...{ run: 0, seq: 0, acked: 0, boot: '', isRevoked: false },
});

/** A server with two agents; time stands until it is moved. */
export class Desk {
  atMs = 100_000;
  wallOffMs = 0;
  readonly committed: ServerChange[] = [];
  core: ServerCore;
  #random = 0;
  #seq = 0;
  #n = 0;

  constructor(kept: Partial<Kept> = {}) {
    this.core = this.start(kept);
  }

  start(kept: Partial<Kept> = {}): ServerCore {
    const random = {
      bytes: (count: number) => {
        this.#random += 1;
        return new Uint8Array(count).fill(this.#random);
      },
    };
    const agents = [enrolled(A, 'web'), enrolled(B, 'db')];
    const none = { items: [], words: [], openJobs: [] };
    this.core = new ServerCore({ agents, ...none, ...kept }, random, this.now);
    return this.core;
  }

  get now(): ServerNow {
    return { atMs: this.atMs, wallMs: unixMs(WALL + this.atMs + this.wallOffMs) };
  }

  done<T>(pending: Pending<T>): T {
    this.committed.push(...pending.changes);
    pending.settle();
    return pending.answer;
  }

  /** A mark of now: the up-time of agents is the server's time here, where nothing else is said. */
  mark(agent = A): CitedMark {
    const said = this.core.take(this.message([], { agent, mark: undefined }), this.now).answer;
    assert.ok('mark' in said);
    return { ...said.mark, upMs: this.atMs };
  }

  message(records: readonly AgentRecord[], over: Partial<Say> = {}): Say {
    this.#seq += 1;
    return {
      ...{ format: 'holdfast-say-0', agent: A, run: 1, seq: this.#seq, boot: 'boot-1' },
      ...{ upMs: this.atMs, wallMs: WALL + this.atMs, level: 'look', version: '1' },
      ...{ isFrozen: false, records },
      ...over,
    };
  }

  seen(over: Partial<SeenRecord> = {}): SeenRecord {
    this.#n += 1;
    return {
      ...{ t: 'seen', n: this.#n, item: 'disk:/', kind: 'disk', saw: 'healthy' },
      ...{ upMs: this.atMs, everyMs: 60_000, limitMs: HOUR_MS, why: 'as it is', detail: {} },
      ...over,
    };
  }

  say(records: readonly AgentRecord[], over: Partial<Say> = {}) {
    const mark = 'mark' in over ? over.mark : this.mark(over.agent);
    return this.done(this.core.take(this.message(records, { ...over, mark }), this.now));
  }

  hear(after: number, over: Partial<Hear> = {}) {
    const { agent, run, seq, boot, upMs } = this.message([], {});
    const head = { agent, run, seq, boot, upMs, mark: this.mark() };
    const hear: Hear = { format: 'holdfast-hear-0', ...head, after, ...over };
    return this.done(this.core.hear(hear, this.now));
  }

  item(item = 'disk:/', facts: EstateFacts = {}): ItemNow | undefined {
    const { hosts } = estateNow(this.core, this.now, facts);
    return hosts.flatMap(({ items }) => items).find((each) => each.item === item);
  }

  reason(item = 'disk:/'): string | undefined {
    return this.item(item)?.standing.reason;
  }

  /** It speaks on, so that its lease holds. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 20_000) {
      this.atMs += Math.min(20_000, left);
      this.say([]);
    }
  }
}
