/**
 * What every item is now, what of it the server has, and which changes it has not heard of: those
 * are kept as history when the line is lost. docs/format/agent.md, `seen` and `was`.
 */
import { isTrouble } from './fit-record.ts';
import type { Detail, ItemSaw, SeenRecord, WasRecord } from './messages.ts';

/** What was seen of an item at one moment. */
export interface Sight {
  readonly item: string;
  readonly kind: string;
  readonly saw: ItemSaw;
  readonly upMs: number;
  readonly wallMs: number;
  readonly everyMs: number;
  readonly limitMs: number;
  readonly why: string;
  readonly detail: Detail;
}

type Was = Omit<WasRecord, 'n' | 'boot'>;

interface Held {
  sight: Sight;
  /** The server has `sight`. */
  isSaid: boolean;
  /** In a message that is on its way. */
  isFlying: boolean;
  /** What the server has heard last, or will: it is kept as history. */
  known: ItemSaw | undefined;
}

export class ItemBoard {
  readonly #items = new Map<string, Held>();
  /** Changes in a message on its way, which something else has followed since. */
  #overtaken: Was[] = [];

  /** @returns whether it is a change, and a change before it that must be kept now */
  put(sight: Sight): { readonly isChange: boolean; readonly keep?: Was } {
    const held = this.#items.get(sight.item);
    if (held === undefined) {
      const fresh = { isSaid: false, isFlying: false, known: undefined };
      this.#items.set(sight.item, { sight, ...fresh });
      return { isChange: true };
    }
    const isChange = held.sight.saw !== sight.saw;
    const isPassed = isChange && isUnheard(held);
    const before = wasOf(held.sight);
    const isFlying = held.isFlying;
    Object.assign(held, { sight, isSaid: false, isFlying: false });
    if (!isPassed) return { isChange };
    held.known = before.saw;
    if (!isFlying) return { isChange, keep: before };
    this.#overtaken.push(before);
    return { isChange };
  }

  /** @returns false where there is none */
  remove(item: string): boolean {
    return this.#items.delete(item);
  }

  saw(item: string): ItemSaw | undefined {
    return this.#items.get(item)?.sight.saw;
  }

  /** What the server does not have yet; trouble first. */
  unsaid(): readonly Sight[] {
    const waiting = [...this.#items.values()].filter(({ isSaid }) => !isSaid);
    const rank = ({ sight, known }: Held): number =>
      sight.saw === known ? 2 : Number(!isTrouble(sight.saw));
    return waiting.sort((a, b) => rank(a) - rank(b)).map(({ sight }) => sight);
  }

  flying(sights: readonly Sight[]): void {
    for (const sight of sights) {
      const held = this.#items.get(sight.item);
      if (held?.sight === sight) held.isFlying = true;
    }
  }

  /** The server has them. */
  said(records: readonly Pick<SeenRecord, 'item' | 'saw' | 'upMs'>[]): void {
    this.#overtaken = [];
    for (const { item, saw, upMs } of records) {
      const held = this.#items.get(item);
      if (held === undefined) continue;
      held.known = saw;
      if (held.sight.upMs === upMs && held.sight.saw === saw) {
        Object.assign(held, { isSaid: true, isFlying: false });
      }
    }
  }

  /**
   * The message was lost: every change that nobody has heard of, once. What holds still and is said
   * again `soon` is none of them.
   */
  unheard(again: 'soon' | 'later'): readonly Was[] {
    const lost = [...this.#overtaken];
    this.#overtaken = [];
    for (const held of this.#items.values()) {
      held.isFlying = false;
      if (again === 'soon' || !isUnheard(held)) continue;
      held.known = held.sight.saw;
      lost.push(wasOf(held.sight));
    }
    return lost;
  }

  /** The server knows nothing of now. */
  unsayAll(): void {
    for (const held of this.#items.values()) held.isSaid = false;
  }
}

function isUnheard({ sight, known }: Held): boolean {
  return known === undefined ? isTrouble(sight.saw) : sight.saw !== known;
}

function wasOf({ item, kind, saw, upMs, wallMs, why, detail }: Sight): Was {
  return { t: 'was', item, kind, saw, upMs, wallMs, why, detail };
}
