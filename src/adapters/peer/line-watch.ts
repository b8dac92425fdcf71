/** Ends a line on which nothing moves, or too little; time in which the other side is not waited for is none. */
import type { Socket } from 'node:net';

export interface LineLimits {
  /** Nothing at all moved for so long. */
  readonly idleMs: number;
  /** Within each `windowMs` at least `windowBytes` move. */
  readonly windowMs: number;
  readonly windowBytes: number;
}

export class LineWatch {
  readonly #socket: Socket;
  readonly #limits: LineLimits;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  readonly #everyMs: number;
  #lookedAt: number;
  #movedAt: number;
  #windowAt: number;
  #windowBytes = 0;
  #isPaused = false;

  constructor(of: {
    readonly socket: Socket;
    readonly limits: LineLimits;
    /** Never steps. */
    readonly now: () => number;
  }) {
    this.#socket = of.socket;
    this.#limits = of.limits;
    this.#now = of.now;
    this.#movedAt = of.now();
    this.#windowAt = this.#movedAt;
    const { idleMs, windowMs } = of.limits;
    this.#lookedAt = this.#movedAt;
    this.#everyMs = Math.max(20, Math.min(idleMs, windowMs) / 4);
    this.#timer = setInterval(() => this.#look(), this.#everyMs);
    this.#timer.unref();
  }

  moved(bytes: number): void {
    this.#movedAt = this.#now();
    this.#windowBytes += bytes;
  }

  /** While this side works, or holds the other one back. */
  async whileHeld<T>(act: () => T | Promise<T>): Promise<T> {
    const since = this.#now();
    this.#isPaused = true;
    try {
      return await act();
    } finally {
      this.#isPaused = false;
      this.#leaveOut(this.#now() - since);
    }
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #leaveOut(spanMs: number): void {
    this.#movedAt += spanMs;
    this.#windowAt += spanMs;
  }

  #look(): void {
    const now = this.#now();
    // This process did something else meanwhile: what came in that time was not looked at.
    const lateMs = now - this.#lookedAt - 2 * this.#everyMs;
    this.#lookedAt = now;
    if (this.#isPaused) return;
    if (lateMs > 0) this.#leaveOut(lateMs);
    const { idleMs, windowMs, windowBytes } = this.#limits;
    const isIdle = now - this.#movedAt > idleMs;
    const isWindowOver = now - this.#windowAt > windowMs;
    if (isIdle || (isWindowOver && this.#windowBytes < windowBytes)) {
      this.end();
      this.#socket.destroy();
      return;
    }
    if (!isWindowOver) return;
    this.#windowAt = now;
    this.#windowBytes = 0;
  }
}
