/**
 * What there is on this host to look at, found again now and then: what is new is watched, what is no
 * more is said to be gone. Nothing that should be there vanishes by itself from what is watched.
 */
import { minutes } from '../../../base/units.ts';
import { jittered } from '../../core/agent/backoff.ts';
import type { ItemBoard } from '../../core/agent/item-board.ts';
import type { AgentParts, SeenItem } from './agent-ports.ts';
import type { Probe } from './probe.ts';
import type { Watcher } from './watcher.ts';

const EVERY_MS = minutes(10);
/** What comes and goes by the thousand, as mounts of containers, is not all watched. */
const ITEMS_MAX = 1000;
/** That one of these is not there is just what is to be seen: its own probe says so from then on. */
const STAYS: ReadonlySet<string> = new Set([
  ...['mount', 'md', 'zpool', 'btrfs', 'lvm', 'gluster', 'smart'],
]);
const ITEM = 'agent:discovery';

interface Desks {
  readonly watcher: Watcher;
  readonly board: ItemBoard;
  readonly onSeen: (seen: SeenItem) => void;
}

export class Discovery {
  readonly #parts: AgentParts;
  readonly #desks: Desks;
  /** Watched, by item; with how often it was not found since it was. */
  readonly #missed = new Map<string, number>();
  #isTroubled = false;

  constructor(parts: AgentParts, desks: Desks) {
    this.#parts = parts;
    this.#desks = desks;
  }

  /** Until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#parts;
    while (!signal.aborted) {
      this.#lookAround(signal);
      await clock.wait(jittered(EVERY_MS, random.bytes(1)[0] ?? 0), signal);
    }
  }

  #lookAround(signal: AbortSignal): void {
    const { discover } = this.#parts;
    if (discover === undefined) return;
    try {
      this.#take(discover(), signal);
      if (this.#isTroubled) this.#say('healthy', 'what there is to watch is known again');
      this.#isTroubled = false;
    } catch (error) {
      this.#isTroubled = true;
      const why = error instanceof Error ? error.message : String(error);
      this.#say('unreadable', `what there is to watch could not be found anew: ${why}`);
    }
  }

  #take(found: readonly Probe[], signal: AbortSignal): void {
    const { watcher } = this.#desks;
    const here = new Set(found.map(({ item }) => item));
    for (const [item, missed] of this.#missed) {
      if (here.has(item)) this.#missed.set(item, 0);
      else this.#missed.set(item, missed + 1);
    }
    // Once is no proof: a table may have been read while it was changed.
    const gone = [...this.#missed].filter(
      ([item, missed]) => missed > 1 && !STAYS.has(kindOf(item)),
    );
    this.#letGo(gone.map(([item]) => item));
    for (const probe of found) {
      if (this.#missed.has(probe.item)) continue;
      if (this.#missed.size >= ITEMS_MAX && !this.#makeRoom()) return;
      watcher.watch(probe, signal);
      this.#missed.set(probe.item, 0);
    }
  }

  /** By what is not there for longest. @returns whether there was such a thing */
  #makeRoom(): boolean {
    const [oldest] = [...this.#missed].sort(([, a], [, b]) => b - a);
    if (oldest === undefined || oldest[1] === 0) return false;
    this.#letGo([oldest[0]]);
    return true;
  }

  #letGo(items: readonly string[]): void {
    for (const item of items) {
      this.#desks.watcher.drop(item);
      this.#desks.board.remove(item);
      this.#missed.delete(item);
    }
    const why = 'it is not on this host any more';
    this.#parts.spool.keep(items.map((item) => ({ t: 'gone', item, why })));
  }

  #say(saw: SeenItem['saw'], why: string): void {
    this.#desks.onSeen({ item: ITEM, kind: 'agent', saw, why, detail: {} });
  }
}

function kindOf(item: string): string {
  return item.slice(0, item.indexOf(':'));
}
