/** The past of a pipeline as it grew: what `factsOf` says of it at every run, without beginning anew. */
import type { UnixMs } from '../../base/units.ts';
import {
  appliedRuns,
  HISTORY_SPAN,
  percentile99,
  type PipelinePast,
  RUNS_MIN,
  type RunRecord,
  wasReleased,
  WINDOW,
} from './history.ts';

type Sums = Pick<PipelinePast, 'deleted24h' | 'deleted24hP99' | 'appliedRuns'>;

interface Applied {
  readonly at: UnixMs;
  readonly entries: number;
  /** A person said yes to it. */
  readonly isReleased: boolean;
  /** Of the 24 hours up to it. */
  readonly sum: number;
}

export class SlidingPast {
  readonly #runs: RunRecord[] = [];
  #applied: Applied[] = [];
  /** Sums of the last 90 days, sorted; those from `#first` on. */
  #sorted: number[] = [];
  #first = 0;

  /** @param run later than all that were added */
  add(run: RunRecord): void {
    this.#runs.push(run);
    // What was taken back changes sums of long ago: this is rare, and they are made anew.
    if (run.outcome === 'undone') this.#rebuild();
    else if (appliedRuns([run]).length > 0) this.#push(run);
  }

  /** As `factsOf` of the same runs. @param now not before the last time it was asked */
  sumsAt(now: UnixMs): Sums {
    for (let old = this.#applied[this.#first]; isOld(old, now); old = this.#applied[this.#first]) {
      this.#sorted.splice(placeOf(this.#sorted, old?.sum ?? 0), 1);
      this.#first += 1;
    }
    const isEnough = this.#sorted.length >= RUNS_MIN;
    return {
      deleted24h: this.#sumSince(now - WINDOW, ({ isReleased }) => !isReleased),
      ...(isEnough ? { deleted24hP99: percentile99(this.#sorted) } : {}),
      appliedRuns: this.#sorted.length,
    };
  }

  #push(run: RunRecord): void {
    const { at, deleted } = run;
    const sum = this.#sumSince(at - WINDOW, () => true) + deleted.entries;
    this.#applied.push({ at, entries: deleted.entries, isReleased: wasReleased(run), sum });
    this.#sorted.splice(placeOf(this.#sorted, sum), 0, sum);
  }

  #sumSince(from: number, isCounted: (applied: Applied) => boolean): number {
    let sum = 0;
    for (let at = this.#applied.length - 1; at >= 0; at--) {
      const each = this.#applied[at];
      if (each === undefined || each.at <= from) break;
      if (isCounted(each)) sum += each.entries;
    }
    return sum;
  }

  #rebuild(): void {
    this.#applied = [];
    this.#sorted = [];
    this.#first = 0;
    for (const run of appliedRuns(this.#runs)) this.#push(run);
  }
}

function isOld(applied: Applied | undefined, now: UnixMs): boolean {
  return applied !== undefined && applied.at <= now - HISTORY_SPAN;
}

/** Of the first that is not smaller. */
function placeOf(sorted: readonly number[], value: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle] ?? 0) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
