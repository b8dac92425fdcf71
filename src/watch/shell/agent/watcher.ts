/**
 * Looks at everything again and again: each probe by itself, so that one that hangs holds up no
 * other. A look that does not end is given up, and not begun again while it still hangs.
 */
import { durationMs, seconds } from '../../../base/units.ts';
import { jittered } from '../../core/agent/backoff.ts';
import { fitDetail, fitWhy, limitMsOf } from '../../core/agent/fit-record.ts';
import type { Sight } from '../../core/agent/item-board.ts';
import type { AgentParts } from './agent-ports.ts';
import type { Probe, ProbeFinding } from './probe.ts';

/** After its time is over a look has so long to end by itself. */
const GRACE = seconds(2);
/** First looks are spread over so long: a start is no storm. */
const FIRST_MAX_MS = 5000;

type OnSight = (sight: Sight) => void;

interface Watched {
  readonly probe: Probe;
  readonly end: AbortController;
  /** Looks that were given up and have not ended. */
  hanging: number;
}

export class Watcher {
  readonly #parts: AgentParts;
  readonly #onSight: OnSight;
  readonly #watched = new Map<string, Watched>();
  readonly #running = new Set<Promise<void>>();

  constructor(parts: AgentParts, onSight: OnSight) {
    this.#parts = parts;
    this.#onSight = onSight;
  }

  /** Until `signal` is aborted, or `drop`. One that is watched under this name already goes on. */
  watch(probe: Probe, signal: AbortSignal): void {
    if (this.#watched.has(probe.item) || signal.aborted) return;
    const end = new AbortController();
    const watched = { probe, end, hanging: 0 };
    this.#watched.set(probe.item, watched);
    const run = this.#lookOnAndOn(watched, AbortSignal.any([signal, end.signal]));
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
  }

  drop(item: string): void {
    this.#watched.get(item)?.end.abort();
    this.#watched.delete(item);
  }

  get probes(): readonly Probe[] {
    return [...this.#watched.values()].map(({ probe }) => probe);
  }

  /** Looks now, beside its usual times. @returns undefined where it hangs, or is not watched */
  async lookNow(item: string, signal: AbortSignal): Promise<ProbeFinding | undefined> {
    const watched = this.#watched.get(item);
    if (watched === undefined || watched.hanging > 0) return undefined;
    return await this.#look(watched, signal);
  }

  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #lookOnAndOn(watched: Watched, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const { everyMs } = watched.probe;
    const first = Math.min(everyMs, FIRST_MAX_MS) * (this.#roll() / 255);
    await clock.wait(durationMs(Math.round(first)), signal);
    while (!signal.aborted) {
      await this.#look(watched, signal);
      await clock.wait(jittered(everyMs, this.#roll()), signal);
    }
  }

  async #look(watched: Watched, signal: AbortSignal): Promise<ProbeFinding | undefined> {
    const { probe } = watched;
    const upMs = this.#parts.clock.upMs();
    const finding = watched.hanging > 0 ? hangsStill(probe) : await this.#within(watched, signal);
    if (signal.aborted) return undefined;
    // What is told of one moment was seen when the look began: nothing is fresher than it is.
    this.#onSight(this.#sightOf(probe, finding, upMs));
    return finding;
  }

  /** The finding, or that there was none in time. */
  async #within(watched: Watched, signal: AbortSignal): Promise<ProbeFinding> {
    const { probe } = watched;
    const { clock } = this.#parts;
    const over = new AbortController();
    const settled = new AbortController();
    let finding: ProbeFinding | undefined;
    const look = lookOf(probe, AbortSignal.any([over.signal, signal]))
      .then((found) => {
        finding = found;
      })
      .finally(() => settled.abort());
    await clock.wait(durationMs(probe.timeoutMs), AbortSignal.any([settled.signal, signal]));
    if (!settled.signal.aborted) {
      over.abort();
      await clock.wait(GRACE, AbortSignal.any([settled.signal, signal]));
    }
    if (!settled.signal.aborted) {
      watched.hanging += 1;
      void look.finally(() => (watched.hanging -= 1));
    }
    return over.signal.aborted ? didNotAnswer(probe) : (finding ?? didNotAnswer(probe));
  }

  #sightOf(probe: Probe, finding: ProbeFinding, upMs: number): Sight {
    const { item, kind, everyMs } = probe;
    const { saw, why, detail } = finding;
    return {
      ...{ item, kind, saw, upMs, wallMs: this.#parts.clock.now(), everyMs },
      ...{ limitMs: limitMsOf(probe), why: fitWhy(why), detail: fitDetail(detail) },
    };
  }

  #roll(): number {
    return this.#parts.random.bytes(1)[0] ?? 0;
  }
}

async function lookOf(probe: Probe, signal: AbortSignal): Promise<ProbeFinding> {
  try {
    return await probe.look(signal);
  } catch (error) {
    const why = `the probe failed: ${error instanceof Error ? error.message : String(error)}`;
    return { saw: 'unreadable', why, detail: {} };
  }
}

function didNotAnswer({ timeoutMs }: Probe): ProbeFinding {
  const why = `did not answer within ${timeoutMs / 1000} s`;
  return { saw: 'unreadable', why, detail: { timeoutMs } };
}

function hangsStill({ timeoutMs }: Probe): ProbeFinding {
  const why = `did not answer within ${timeoutMs / 1000} s, and an earlier look hangs still`;
  return { saw: 'unreadable', why, detail: { timeoutMs, hangs: true } };
}
