/** Time of a simulated estate: true time, and machines whose clocks differ from it. */
import { type DurationMs, type UnixMs, unixMs } from '../src/base/units.ts';

interface Due {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

/** Owns true time, in milliseconds since the beginning. One thing happens at a time. */
export class SimTime {
  now = 0;
  #order = 0;
  /** A heap by time, then by order. */
  readonly #due: Due[] = [];

  at(at: number, act: () => void): void {
    const due = { at: Math.max(at, this.now), order: this.#order++, act };
    this.#due.push(due);
    let child = this.#due.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (isBefore(this.#at(parent), this.#at(child))) break;
      this.#swap(parent, child);
      child = parent;
    }
  }

  /** Until true time `until`: each act, and all that follows from it at once. */
  async run(until: number): Promise<void> {
    while (this.#due.length > 0 && this.#at(0).at <= until) {
      const { at, act } = this.#pop();
      this.now = at;
      act();
      // Every promise that can go on now goes on before the next thing happens.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.now = until;
  }

  #pop(): Due {
    const first = this.#at(0);
    const last = this.#due.pop();
    if (last !== undefined && this.#due.length > 0) this.#due[0] = last;
    let parent = 0;
    for (;;) {
      const left = 2 * parent + 1;
      if (left >= this.#due.length) return first;
      const right = left + 1;
      const child =
        right < this.#due.length && isBefore(this.#at(right), this.#at(left)) ? right : left;
      if (isBefore(this.#at(parent), this.#at(child))) return first;
      this.#swap(parent, child);
      parent = child;
    }
  }

  #swap(a: number, b: number): void {
    const at = this.#at(a);
    this.#due[a] = this.#at(b);
    this.#due[b] = at;
  }

  #at(index: number): Due {
    const due = this.#due[index];
    if (due === undefined) throw new Error('nothing is due');
    return due;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** A machine: it is booted, sleeps, stands still, loses its power; processes on it are killed. */
export class SimMachine {
  readonly time: SimTime;
  readonly name: string;
  /** What the wall clock says at true time 0. */
  wallBaseMs: number;
  boot = '';
  isOn = false;
  #bootedAt = 0;
  #boots = 0;
  /** Milliseconds of this boot that its clock has not counted. */
  #uncountedMs = 0;
  #stoppedSince: number | undefined;
  #process = 0;
  readonly #deferred: (() => void)[] = [];
  readonly #driftPerMs: number;

  constructor(time: SimTime, name: string, of: { wallBaseMs: number; driftPerMs: number }) {
    this.time = time;
    this.name = name;
    this.wallBaseMs = of.wallBaseMs;
    this.#driftPerMs = of.driftPerMs;
  }

  get isStopped(): boolean {
    return this.#stoppedSince !== undefined;
  }

  /** Which start of the program it is: what an earlier one waits for never comes. */
  get process(): number {
    return this.#process;
  }

  turnOn(): void {
    this.#boots += 1;
    this.boot = `${this.name}-boot-${this.#boots}`;
    this.#bootedAt = this.time.now;
    this.#uncountedMs = 0;
    this.isOn = true;
  }

  turnOff(): void {
    this.kill();
    this.isOn = false;
    this.#stoppedSince = undefined;
    this.#deferred.length = 0;
  }

  kill(): void {
    this.#process += 1;
  }

  stop(): void {
    this.#stoppedSince ??= this.time.now;
  }

  /** @param isCounted whether its clock counts what it slept */
  goOn(isCounted: boolean): void {
    if (this.#stoppedSince === undefined) return;
    if (!isCounted) this.#uncountedMs += this.time.now - this.#stoppedSince;
    this.#stoppedSince = undefined;
    for (const act of this.#deferred.splice(0)) this.time.at(this.time.now, act);
  }

  /** Milliseconds since the boot, by its own clock. */
  upMs(): number {
    const until = this.#stoppedSince ?? this.time.now;
    return Math.floor((until - this.#bootedAt - this.#uncountedMs) * (1 + this.#driftPerMs));
  }

  wallMs(): UnixMs {
    return unixMs(Math.floor(this.wallBaseMs + this.time.now));
  }

  /** In this start of the program, and never while it stands still. */
  after(span: number, act: () => void): void {
    const process = this.#process;
    const run = (): void => {
      if (this.#process !== process) return;
      if (this.isStopped) this.#deferred.push(run);
      else act();
    };
    this.time.at(this.time.now + span, run);
  }

  wait(span: DurationMs | number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        signal?.removeEventListener('abort', end);
        resolve();
      };
      signal?.addEventListener('abort', end);
      this.after(span, end);
    });
  }
}
