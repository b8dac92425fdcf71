/** Each second: what has ended since, what is to be told, and what listeners are to know. */
import { Fault } from '../../base/fault.ts';
import { type DurationMs, durationMs } from '../../base/units.ts';
import type { EstateNow } from '../../watch/core/server/estate-now.ts';
import { subjectsNow } from '../../watch/core/server/subjects-now.ts';
import type { Standing } from '../../watch/core/standing/standing.ts';
import type { Generations } from './generations.ts';
import { FreezeWords } from './freeze-words.ts';
import { LastWords } from './last-words.ts';
import { MeshWords } from './mesh-words.ts';
import { ScheduleBeat } from './schedule-beat.ts';
import { wait } from '../tell/telling.ts';
import { estateRead, type Served } from './served.ts';
import { takeRevocations } from './take-revocations.ts';

const BEAT_MS = 1000;
/** Of many hosts a reading takes long: then it is made less often, and agents are answered. */
const REST_SHARE = 19;
/** However busy the server is, an alarm waits no longer than this for the next beat. */
const REST_MAX_MS = 5000;
/** A disk that fails fails each second: it is said once in a while. */
const SAY_EVERY_MS = 60_000;

/** What a busy server made it wait for counts for nothing: it would rest for minutes. */
export function restAfter(workMs: number): DurationMs {
  return durationMs(Math.max(BEAT_MS, Math.min(REST_MAX_MS, REST_SHARE * workMs)));
}

export class Pulse {
  readonly #served: Served;
  readonly #onBug: (error: unknown) => void;
  readonly #log: (line: string) => void;
  readonly #mesh: MeshWords;
  readonly #freezes: FreezeWords;
  readonly #lastWords: LastWords;
  readonly #schedules: ScheduleBeat;
  readonly #generations: Pick<Generations, 'beat'>;
  readonly #stop = new AbortController();
  /** What listeners were told of each thing last. */
  readonly #told = new Map<string, { mark: string; why: string; beat: number }>();
  #beats = 0;
  #saidAtMs = Number.NEGATIVE_INFINITY;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(
    served: Served,
    of: {
      readonly generations: Pick<Generations, 'beat'>;
      readonly onBug: (error: unknown) => void;
      readonly log: (line: string) => void;
    },
  ) {
    this.#served = served;
    this.#mesh = new MeshWords(served);
    this.#freezes = new FreezeWords(served);
    this.#lastWords = new LastWords(served.state);
    this.#schedules = new ScheduleBeat(served);
    this.#generations = of.generations;
    this.#onBug = of.onBug;
    this.#log = of.log;
  }

  start(): void {
    const { signal } = this.#stop;
    const guard = (run: Promise<void>): Promise<void> => run.catch(this.#onBug);
    this.#ended = Promise.all([
      ...[this.#run(), this.#served.telling.sender.run(signal)].map(guard),
      guard(this.#beside(() => this.#served.history.beat())),
      guard(this.#beside(() => this.#served.drilling.beat(this.#served))),
      ...this.#served.copies.map((pages) =>
        guard(this.#beside((signalled) => pages.beat(signalled))),
      ),
      guard(this.#beside(() => this.#keepLive())),
    ]);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
    try {
      await this.#served.history.close();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#say(error);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      let workMs = 0;
      try {
        workMs = await this.beat();
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.#say(error);
      }
      await wait(restAfter(workMs), signal);
    }
  }

  /** While somebody listens, what would be lost is computed though nobody asks: `Exposing` tells them. */
  async #keepLive(): Promise<void> {
    const { hub, exposing } = this.#served;
    if (hub.listeners > 0) await exposing.at(this.#served);
  }

  /** Beside what is told, which waits neither for a look at the exposure nor for a place elsewhere. */
  async #beside(beat: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await beat(signal);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.#say(error);
      }
      await wait(durationMs(BEAT_MS), signal);
    }
  }

  /**
   * What is told goes by how things stand, not by what changed: a server that is killed before it has
   * written an alert opens it when it is back, as soon as agents have said all again.
   *
   * @returns milliseconds of the processor that the reading of all took, waits for others left out
   */
  async beat(): Promise<number> {
    const { core, writer, now, telling, state, noted, copies, told } = this.#served;
    await Promise.all(
      core.due(now()).map((agent) => writer.take(agent, () => core.sweep(agent, now()))),
    );
    await takeRevocations(this.#served);
    await this.#generations.beat();
    await this.#mesh.beat();
    await this.#freezes.beat();
    await this.#schedules.beat();
    const { made: estate, workMs } = await estateRead(this.#served);
    await writer.alone(async () => {
      const seen = subjectsNow(estate, await this.#lastWords.of(estate));
      const own = [...copies.flatMap((each) => each.subjects()), ...told.subjects()];
      const changes = await telling.changes([...seen, ...own]);
      if (changes.length > 0) await state.commit(changes);
    });
    noted.toldAtMs = now().atMs;
    this.#publish(estate);
    return workMs;
  }

  #publish({ standing, watching, hosts }: EstateNow): void {
    const { hub } = this.#served;
    this.#beats += 1;
    const [isAll, isWatching] = [
      this.#isNews('', standing),
      this.#isNews('watching', watching.standing),
    ];
    if (isAll || isWatching) {
      hub.publish('status', { ...saidOf(standing), watching: saidOf(watching.standing) });
    }
    let count = 2;
    for (const { host, subject, standing: ofHost, items } of hosts) {
      if (this.#isNews(subject, ofHost)) hub.publish('host', { host, ...saidOf(ofHost) });
      for (const { item, subject: id, standing: own } of items) {
        if (this.#isNews(id, own)) hub.publish('item', { host, item, ...saidOf(own) });
      }
      count += 1 + items.length;
    }
    if (this.#told.size > count) this.#publishGone();
  }

  /** Most of it is as it was: nothing is made of that. */
  #isNews(id: string, { mark, why }: Standing): boolean {
    const told = this.#told.get(id);
    if (told === undefined) {
      this.#told.set(id, { mark, why, beat: this.#beats });
      return true;
    }
    told.beat = this.#beats;
    if (told.mark === mark && told.why === why) return false;
    told.mark = mark;
    told.why = why;
    return true;
  }

  #publishGone(): void {
    for (const [id, { beat }] of this.#told) {
      if (beat === this.#beats) continue;
      this.#told.delete(id);
      this.#served.hub.publish('gone', { id });
    }
  }

  #say({ code, message }: Fault): void {
    const { atMs } = this.#served.now();
    if (atMs - this.#saidAtMs < SAY_EVERY_MS) return;
    this.#saidAtMs = atMs;
    this.#log(`${code}: ${message}`);
  }
}

function saidOf({ mark, why }: Standing): { readonly mark: string; readonly why: string } {
  return { mark, why };
}
