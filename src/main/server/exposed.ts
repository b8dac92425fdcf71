/** What the pages and `/v1` show of the estate: made when it is asked for, kept while nothing is another. */
import { setImmediate } from 'node:timers/promises';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import { type ExposureIndex, exposureIndex } from '../../watch/core/exposure/exposure-index.ts';
import { exposureView } from '../../watch/core/exposure/exposure-view.ts';
import { lostTogether, type LostTogether } from '../../watch/core/look/lost-together.ts';
import { lostBy, loseNames } from '../../watch/core/look/lose.ts';
import type { EstateAtServer, SeenAtServer } from './estate-at-server.ts';
import { exposedCoverage } from './exposed-coverage.ts';
import { exposedFindings } from './exposed-findings.ts';
import { exposedHosts } from './exposed-hosts.ts';
import type { Exposed, ExposedChange } from './exposed-view.ts';
import type { Served } from './served.ts';

interface Made {
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

export class Exposing {
  readonly #estate: EstateAtServer;
  #made: Made | undefined;
  #making: Promise<Made> | undefined;

  constructor(estate: EstateAtServer) {
    this.#estate = estate;
  }

  async at(served: ExposingParts): Promise<Made> {
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

  async #make({ core, now, clock }: ExposingParts): Promise<Made> {
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
    const exposed: Exposed = {
      ...{ at, view, hosts: exposedHosts(seen, enrolled) },
      coverage: before?.coverage ?? exposedCoverage(seen, at),
      findings: before?.findings ?? exposedFindings(seen, at),
    };
    this.#made = { seen, index, exposed, atMs, tookMs: clock.monotonic() - begunMs };
    return this.#made;
  }
}

type ExposingParts = Pick<Served, 'core' | 'now' | 'clock'>;

/** @throws Fault HF_SERVER_STATE */
export async function exposedNow(served: Served): Promise<Exposed> {
  return (await served.exposing.at(served)).exposed;
}

/** Newest first. @throws Fault HF_SERVER_STATE */
export async function changesAt(
  { state }: Pick<Served, 'state'>,
  of: { readonly host?: string | undefined; readonly countMax: number },
): Promise<readonly ExposedChange[]> {
  const changes = await state.hostChanges(of);
  return changes.map(({ host, at, notBefore, change }) => ({ ...change, host, at, notBefore }));
}

/**
 * What would be lost with all that is named, as `holdfast exposure --lose` names it.
 *
 * @throws Fault HF_LOSE_UNKNOWN, HF_SERVER_STATE
 */
export async function loseAt(served: Served, names: readonly string[]): Promise<LostTogether> {
  const { seen } = await served.exposing.at(served);
  const { estate, machines, declared, many } = seen;
  const known = loseNames(machines, estate, declared);
  const lost = [...new Set(names)].map((name) => lostBy(bytesOfUtf8(name), known));
  const now: UnixMs = unixMs(served.now().wallMs);
  return lostTogether(estate, { lost, declared, machines, guests: many.guests, now });
}
