/** Each second: what has ended since, what is to be told, and what listeners are to know. */
import { Fault } from '../../base/fault.ts';
import { durationMs } from '../../base/units.ts';
import { subjectsNow } from '../../watch/core/server/estate-now.ts';
import { MeshWords } from './mesh-words.ts';
import { wait } from '../tell/telling.ts';
import { estateOf, type Served } from './served.ts';

const BEAT = durationMs(1000);
/** A disk that fails fails each second: it is said once in a while. */
const SAY_EVERY_MS = 60_000;

export class Pulse {
  readonly #served: Served;
  readonly #onBug: (error: unknown) => void;
  readonly #log: (line: string) => void;
  readonly #mesh: MeshWords;
  readonly #stop = new AbortController();
  /** What listeners were told of each thing last. */
  #told = new Map<string, string>();
  #saidAtMs = Number.NEGATIVE_INFINITY;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(
    served: Served,
    of: { readonly onBug: (error: unknown) => void; readonly log: (line: string) => void },
  ) {
    this.#served = served;
    this.#mesh = new MeshWords(served);
    this.#onBug = of.onBug;
    this.#log = of.log;
  }

  start(): void {
    const { signal } = this.#stop;
    const guard = (run: Promise<void>): Promise<void> => run.catch(this.#onBug);
    this.#ended = Promise.all([guard(this.#run()), guard(this.#served.telling.sender.run(signal))]);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.beat();
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.#say(error);
      }
      await wait(BEAT, signal);
    }
  }

  /**
   * What is told goes by how things stand, not by what changed: a server that is killed before it has
   * written an alert opens it when it is back, as soon as agents have said all again.
   */
  async beat(): Promise<void> {
    const { core, writer, now, telling, state } = this.#served;
    await Promise.all(
      core.due(now()).map((agent) => writer.take(agent, () => core.sweep(agent, now()))),
    );
    await this.#mesh.beat();
    const estate = estateOf(this.#served);
    await writer.alone(async () => {
      const changes = await telling.changes(subjectsNow(estate));
      if (changes.length > 0) await state.commit(changes);
    });
    this.#publish(estate);
  }

  #publish(estate: ReturnType<typeof estateOf>): void {
    const { hub } = this.#served;
    const next = new Map<string, string>();
    const tell = (event: string, of: { readonly id: string; readonly data: object }): void => {
      const text = JSON.stringify(of.data);
      next.set(of.id, text);
      if (this.#told.get(of.id) !== text) hub.publish(event, JSON.parse(text));
    };
    const { mark, why } = estate.standing;
    const watching = estate.watching.standing;
    tell('status', {
      id: '',
      data: { mark, why, watching: { mark: watching.mark, why: watching.why } },
    });
    for (const { host, standing, items } of estate.hosts) {
      tell('host', { id: host, data: { host, mark: standing.mark, why: standing.why } });
      for (const { item, subject, standing: own } of items) {
        tell('item', { id: subject, data: { host, item, mark: own.mark, why: own.why } });
      }
    }
    for (const id of this.#told.keys()) if (!next.has(id)) hub.publish('gone', { id });
    this.#told = next;
  }

  #say({ code, message }: Fault): void {
    const { atMs } = this.#served.now();
    if (atMs - this.#saidAtMs < SAY_EVERY_MS) return;
    this.#saidAtMs = atMs;
    this.#log(`${code}: ${message}`);
  }
}
