/** How much of a long list comes at once: a page stays small, however many hosts there are. */
import type { Html } from '../watch/core/look/html.ts';

/** What is around the lists of a page takes the rest of 100 kB. */
const PAGE_LENGTH_MAX = 72_000;

/** Of one page; what is taken first is worst. */
export class Room {
  #left = PAGE_LENGTH_MAX;

  /** As many of `items` as there is room for, from the first on. */
  take<T>(items: readonly T[], of: { readonly countMax: number }, row: (item: T) => Html): Html[] {
    const taken: Html[] = [];
    for (const item of items.slice(0, of.countMax)) {
      const made = row(item);
      if (made.markup.length > this.#left) break;
      this.#left -= made.markup.length;
      taken.push(made);
    }
    return taken;
  }
}
