/** Computes what is shown of the estate when it is asked for, and keeps it while nothing is another. */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../host/clock.ts';
import { type ExposureIndex, exposureIndex } from '../../watch/core/exposure/exposure-index.ts';
import { exposureView } from '../../watch/core/exposure/exposure-view.ts';
import type { ServerNow } from '../../watch/core/server/held.ts';
import type { ServerCore } from '../../watch/core/server/server-core.ts';
import type { EstateAtServer, SeenAtServer } from './estate-at-server.ts';
import { exposedCoverage } from './exposed-coverage.ts';
import { exposedFindings, worstFirst } from './exposed-findings.ts';
import { exposedHosts } from './exposed-hosts.ts';
import type { Exposed, ExposedFinding } from './exposed-view.ts';

export interface MadeExposure {
  readonly seen: SeenAtServer;
  readonly index: ExposureIndex;
  readonly exposed: Exposed;
  readonly atMs: number;
  readonly tookMs: number;
}

/** What is quick is made for each who asks. */
const QUICK_MS = 100;
/** Between two of them it rests so many times as long as one took, and agents are answered. */
const REST_SHARE = 19;
/** Spans grow with the clock meanwhile; what expires counts so much longer at most. */
const REST_MAX_MS = 10_000;

export interface ExposingParts {
  readonly core: ServerCore;
  readonly now: () => ServerNow;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export class Exposing {
  readonly #estate: EstateAtServer;
  #made: MadeExposure | undefined;
  #making: Promise<MadeExposure> | undefined;

  readonly #own: () => readonly ExposedFinding[];
  #found: readonly ExposedFinding[] = [];

  /** @param own what this server finds of itself, now */
  constructor(estate: EstateAtServer, own: () => readonly ExposedFinding[] = () => []) {
    this.#estate = estate;
    this.#own = own;
  }

  async at(served: ExposingParts): Promise<MadeExposure> {
    const { atMs } = served.now();
    const made = this.#made;
    if (made !== undefined) {
      const isQuick = made.tookMs <= QUICK_MS;
      const restMs = isQuick ? 0 : Math.min(REST_MAX_MS, REST_SHARE * made.tookMs);
      if (atMs - made.atMs < restMs) return made;
    }
    this.#making ??= this.#make(served).finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  async #make({ core, now, clock }: ExposingParts): Promise<MadeExposure> {
    const { atMs, wallMs: at } = now();
    const begunMs = clock.monotonic();
    const seen = await this.#estate.at(at);
    await setImmediate();
    const index = exposureIndex(seen.estate, at, this.#made?.index);
    await setImmediate();
    const view = exposureView(index);
    await setImmediate();
    const enrolled = core.agents().map(({ stored }) => stored.host);
    const before = this.#made?.seen === seen ? this.#made.exposed : undefined;
    if (before === undefined) this.#found = exposedFindings(seen, at);
    const exposed: Exposed = {
      ...{ at, view, hosts: exposedHosts(seen, enrolled) },
      coverage: before?.coverage ?? exposedCoverage(seen, at),
      findings: worstFirst([...this.#own(), ...this.#found]),
    };
    this.#made = { seen, index, exposed, atMs, tookMs: clock.monotonic() - begunMs };
    return this.#made;
  }
}
