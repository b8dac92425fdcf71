import type { CollectorStore, Store } from '../src/vault/shell/store.ts';
import { Seeded } from './seeded.ts';

/** Rounds of the event loop after which whoever could go on has done so. */
const ROUNDS = 8;
/** Turns after which one that is killed is killed, at most. */
const KILL_AFTER_MAX = 120;

/**
 * Lets several processes act on one store in an order that follows from a seed: before each request
 * a process waits for its turn. Some get many in a row, so others stand still for long, as those do
 * that are stopped.
 */
export class Turns {
  readonly #seeded: Seeded;
  readonly #killed = new Set<string>();
  /** What was asked for: `who verb folder`, with how often. */
  readonly asked = new Map<string, number>();
  readonly #waiting: { readonly who: string; readonly go: () => void }[] = [];
  #favourite = '';

  constructor(seed: number) {
    this.#seeded = new Seeded(seed);
  }

  /** The same store, for this process. */
  of<T extends Store>(who: string, store: T): T {
    return {
      ...store,
      putIfAbsent: async (name: string, bytes: Uint8Array, sha256: never) => {
        await this.#turn(who, `put ${folderOf(name)}`);
        return store.putIfAbsent(name, bytes, sha256);
      },
      get: async (name: string, range?: never) => {
        await this.#turn(who, `get ${folderOf(name)}`);
        return store.get(name, range);
      },
      list: async (prefix: string) => {
        await this.#turn(who, `list ${folderOf(prefix)}`);
        return store.list(prefix);
      },
    };
  }

  /** One that deletes, name by name: others act in between. */
  ofCollector(who: string, store: CollectorStore): CollectorStore {
    return {
      ...this.of(who, store),
      delete: async (names) => {
        for (const name of names) {
          await this.#turn(who, `delete ${folderOf(name)}`);
          await store.delete([name]);
        }
      },
    };
  }

  /**
   * Runs all of them to their ends, but for those that are killed on the way: who of them, and
   * whether, follows from the seed. None may throw.
   *
   * @returns who was killed
   */
  async run(processes: Readonly<Record<string, () => Promise<void>>>): Promise<readonly string[]> {
    const running = new Set(Object.keys(processes));
    for (const [who, process] of Object.entries(processes))
      void process().then(() => running.delete(who));
    const victim = this.#seeded.isTrue(0.4) ? this.#oneOf([...running]) : undefined;
    let left = this.#seeded.below(KILL_AFTER_MAX);
    while ([...running].some((who) => !this.#killed.has(who))) {
      for (let round = 0; round < ROUNDS; round++) await new Promise((next) => setImmediate(next));
      if (victim !== undefined && left-- === 0) this.#killed.add(victim);
      this.#grant();
    }
    return [...this.#killed].filter((who) => running.has(who));
  }

  #oneOf(names: readonly string[]): string | undefined {
    return names[this.#seeded.below(names.length)];
  }

  #turn(who: string, what: string): Promise<void> {
    const asked = `${who} ${what}`;
    return new Promise((resolve) => {
      const go = (): void => {
        this.asked.set(asked, (this.asked.get(asked) ?? 0) + 1);
        resolve();
      };
      this.#waiting.push({ who, go });
    });
  }

  #grant(): void {
    for (let at = this.#waiting.length - 1; at >= 0; at--) {
      if (this.#killed.has(this.#waiting[at]?.who ?? '')) this.#waiting.splice(at, 1);
    }
    if (this.#waiting.length === 0) return;
    if (this.#seeded.isTrue(0.06)) this.#favourite = '';
    let at = this.#waiting.findIndex(({ who }) => who === this.#favourite);
    if (at === -1) at = this.#seeded.below(this.#waiting.length);
    const [next] = this.#waiting.splice(at, 1);
    this.#favourite = next?.who ?? '';
    next?.go();
  }
}

function folderOf(name: string): string {
  return name.slice(0, name.indexOf('/') + 1);
}
