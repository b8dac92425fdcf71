interface Waiter {
  readonly size: number;
  readonly resolve: () => void;
}

/** How many bytes may be under way at once, for all transfers of one connection, first come first. */
export class ByteWindow {
  #free: number;
  readonly #waiters: Waiter[] = [];

  constructor(size: number) {
    this.#free = size;
  }

  /** Resolves when there is room for `size` bytes; they are taken until `give`. */
  async take(size: number): Promise<void> {
    if (this.#waiters.length === 0 && size <= this.#free) {
      this.#free -= size;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push({ size, resolve });
    await promise;
  }

  give(size: number): void {
    this.#free += size;
    for (;;) {
      const [next] = this.#waiters;
      if (next === undefined || next.size > this.#free) return;
      this.#waiters.shift();
      this.#free -= next.size;
      next.resolve();
    }
  }
}
