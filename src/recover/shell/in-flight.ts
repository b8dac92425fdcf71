/** Work under way, with a bound: who begins more waits until some of it has ended. */
export class InFlight {
  readonly #countMax: number;
  #count = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void)[] = [];

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** Waits for room, then begins. @throws the first failure of anything that was begun */
  async begin(act: () => Promise<void>): Promise<void> {
    await this.#until(() => this.#count < this.#countMax);
    this.#count += 1;
    // Not awaited: its failure is kept, and thrown to whoever begins or drains next.
    act()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#count -= 1;
        const waiting = this.#wake;
        this.#wake = [];
        for (const wake of waiting) wake();
      });
  }

  /** Waits until nothing is under way. @throws as `begin` */
  async drain(): Promise<void> {
    await this.#until(() => this.#count === 0);
  }

  /** Waits until nothing is under way, however it ended. */
  async settle(): Promise<void> {
    while (this.#count > 0) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  async #until(isReached: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (isReached()) return;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}
