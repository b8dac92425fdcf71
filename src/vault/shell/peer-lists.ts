/**
 * Lists of one vault at a peer: one walk at work at a time, which lets others have a turn, and is walked once for
 * all pages of it. A host with much in its vault makes nobody else wait by listing it.
 */
import type { Clock } from '../../host/clock.ts';
import { type DurationMs, durationMs, minutes } from '../../base/units.ts';
import { encodePage, isLastPage } from '../core/peer-message.ts';
import type { StoredObject } from './store.ts';
import type { DirectoryStore } from './store-directory.ts';

export interface PeerListsParts {
  readonly store: Pick<DirectoryStore, 'listSteps'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Lets others have a turn. */
  readonly breathe: () => Promise<void>;
  /** Comes back after that time, and keeps no process alive; never fails. */
  readonly rest: (span: DurationMs) => Promise<unknown>;
}

/** For whoever does not ask for the rest at once; then it is freed, and walked again. */
const KEPT_MAX_MS = minutes(1);

interface KeptList {
  readonly prefix: string;
  readonly objects: readonly StoredObject[];
  readonly atMs: number;
}

export class PeerLists {
  readonly #parts: PeerListsParts;
  /** The last walk that was asked for; settled when it is over, and never fails. */
  #last: Promise<unknown> = Promise.resolve();
  /** By prefix, walks that have not begun: who comes before they do shares them. */
  readonly #waiting = new Map<string, Promise<readonly StoredObject[]>>();
  /** Of which a page was asked for, and there are more. */
  #kept: KeptList | undefined;
  #isFreeing = false;

  constructor(parts: PeerListsParts) {
    this.#parts = parts;
  }

  /** What there is after this was called, sorted. @throws Fault HF_DISK_*, HF_STORE_NAME */
  list(prefix: string): Promise<readonly StoredObject[]> {
    const waiting = this.#waiting.get(prefix);
    if (waiting !== undefined) return waiting;
    const mine = this.#last.then(() => {
      this.#waiting.delete(prefix);
      return this.#walk(prefix);
    });
    this.#waiting.set(prefix, mine);
    // Awaited in its turn, and by who asked; its list is not held until the next.
    const over = (): void => undefined;
    this.#last = mine.then(over, over);
    return mine;
  }

  /** As docs/format/peer.md writes it. @throws as `list` */
  async page(prefix: string, after: string): Promise<string> {
    const now = this.#parts.clock.monotonic();
    const kept = this.#kept;
    const isRest = after !== '' && kept?.prefix === prefix && now - kept.atMs <= KEPT_MAX_MS;
    const list = isRest ? kept : { prefix, objects: await this.list(prefix), atMs: now };
    const page = encodePage(list.objects, after);
    this.#kept = isLastPage(page) ? undefined : list;
    if (!this.#isFreeing) void this.#freeInTime();
    return page;
  }

  /** What is kept for the rest of a list is given up. */
  forget(): void {
    this.#kept = undefined;
  }

  /** One at a time, which holds no list itself while it waits. */
  async #freeInTime(): Promise<void> {
    this.#isFreeing = true;
    for (let leftMs = this.#leftMs(); leftMs > 0; leftMs = this.#leftMs()) {
      await this.#parts.rest(durationMs(leftMs));
    }
    this.#kept = undefined;
    this.#isFreeing = false;
  }

  /** 0 where nothing is kept. */
  #leftMs(): number {
    const ageMs = this.#parts.clock.monotonic() - (this.#kept?.atMs ?? Number.NEGATIVE_INFINITY);
    return Math.max(0, Math.ceil(KEPT_MAX_MS - ageMs));
  }

  async #walk(prefix: string): Promise<readonly StoredObject[]> {
    const steps = this.#parts.store.listSteps(prefix);
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value;
      await this.#parts.breathe();
    }
  }
}
