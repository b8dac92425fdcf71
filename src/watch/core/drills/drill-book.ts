/** The drills that a server gave, as it holds them: what is kept beyond its room goes, oldest first. */
import type { ServerChange } from '../server/changes.ts';
import type { EstateDrill } from './estate-drill.ts';

export const DRILLS_PER_DATA_SET_MAX = 10;
export const DRILLS_MAX = 20_000;
const DAY_MS = 86_400_000;

export class DrillBook {
  readonly #byJob: Map<string, EstateDrill>;
  /** Another number: something in it is another. */
  version = 0;

  /** @param kept oldest first */
  constructor(kept: readonly EstateDrill[]) {
    this.#byJob = new Map(kept.map((drill) => [drill.job, drill]));
  }

  /** In the order in which they were given. */
  get all(): readonly EstateDrill[] {
    return [...this.#byJob.values()];
  }

  get open(): readonly EstateDrill[] {
    return this.all.filter(({ end }) => end === undefined);
  }

  /** Newest first. */
  of(dataSet: string): readonly EstateDrill[] {
    return this.all.filter((drill) => drill.dataSet === dataSet).reverse();
  }

  /** What is to be committed with it. */
  changesFor(drill: EstateDrill): readonly ServerChange[] {
    const isNew = !this.#byJob.has(drill.job);
    const gone = isNew ? this.#beyondRoom(drill) : [];
    return [
      { do: 'drill', drill },
      ...gone.map(({ job }) => ({ do: 'forget-drill' as const, job })),
    ];
  }

  /** It is durable. */
  settle(changes: readonly ServerChange[]): void {
    for (const change of changes) {
      if (change.do === 'drill') this.#byJob.set(change.drill.job, change.drill);
      else if (change.do === 'forget-drill') this.#byJob.delete(change.job);
    }
    this.version += 1;
  }

  /** With one more. What runs stays, and what the budget of a day is counted from. */
  #beyondRoom({ dataSet, askedAt }: EstateDrill): readonly EstateDrill[] {
    const ended = this.all.filter(
      (each) => each.end !== undefined && each.askedAt < askedAt - DAY_MS,
    );
    const own = ended.filter((drill) => drill.dataSet === dataSet);
    const ofSet = own.slice(0, Math.max(0, own.length + 1 - DRILLS_PER_DATA_SET_MAX));
    const others = ended.filter((drill) => !ofSet.includes(drill));
    const left = this.#byJob.size - ofSet.length;
    return [...ofSet, ...others.slice(0, Math.max(0, left + 1 - DRILLS_MAX))];
  }
}
