/**
 * Fails on purpose, once for each time it is told to: what is said of it goes the way of a real fault,
 * from here to whoever would be told, each day. docs/design/033-schedules.md.
 */
import { CANARY_ITEM, CANARY_KIND } from '../../core/agent/canary.ts';
import type { Probe, ProbeFinding } from './probe.ts';

/** It stays as it was said until the next look. */
const EVERY_MS = 20 * 60_000;

export class Canary implements Probe {
  readonly item = CANARY_ITEM;
  readonly kind = CANARY_KIND;
  readonly everyMs = EVERY_MS;
  readonly timeoutMs = 1000;
  #isToFail = false;

  failOnce(): void {
    this.#isToFail = true;
  }

  look(): Promise<ProbeFinding> {
    const isToFail = this.#isToFail;
    this.#isToFail = false;
    return Promise.resolve(
      isToFail
        ? { saw: 'broken', why: 'it fails on purpose, once', detail: {} }
        : { saw: 'healthy', why: 'it waits to be told to fail', detail: {} },
    );
  }
}
