/** One data set, as it is shown. */
import { newestOf } from '../proof.ts';
import { afterLosing, copiesAt, type DataSetCase, type PointCase, usableIn } from './case.ts';
import type { Around } from './around.ts';
import { cheapestStep } from './cheapest-step.ts';
import { streamStep } from './stream-step.ts';
import {
  caseThen,
  type ExposedDataSet,
  type ExposureIndex,
  hitsNow,
  lostWith,
} from './exposure-index.ts';
import type { LiveSetView } from './live-sets.ts';
import { once } from './once.ts';
import { promiseOf } from './promises.ts';
import { pointCountOf, proofAfter } from './rows.ts';
import type { BestPoint, CopyView, DataSetView } from './view.ts';
import { worstOf } from './view-parts.ts';

/** There are as many as data sets: each holds nothing until something of it is read. */
export class DataSetShown implements DataSetView {
  readonly #index: ExposureIndex;
  readonly #entry: ExposedDataSet;
  readonly services: readonly string[];
  readonly #around: Around;
  #lazy: ReturnType<typeof lazily> | undefined;

  constructor(
    index: ExposureIndex,
    entry: ExposedDataSet,
    { services, around }: { readonly services: readonly string[]; readonly around: Around },
  ) {
    this.#index = index;
    this.#entry = entry;
    this.services = services;
    this.#around = around;
  }

  get name(): DataSetView['name'] {
    return this.#entry.dataSet.name;
  }
  get kind(): DataSetView['kind'] {
    return this.#entry.dataSet.kind;
  }
  get bytes(): number {
    return this.#entry.dataSet.bytes;
  }
  get places(): DataSetView['places'] {
    return this.#entry.dataSet.places;
  }
  get isSeen(): boolean {
    return this.#entry.dataSet.isSeen;
  }
  get survives(): number {
    return this.#entry.survives;
  }
  get pointCount(): number {
    return pointCountOf(this.#entry.madeFrom.points);
  }
  get unflushed(): DataSetView['unflushed'] {
    return this.#entry.dataSet.unflushed;
  }
  get worst(): DataSetView['worst'] {
    return this.#made.worst();
  }
  get promise(): DataSetView['promise'] {
    return this.#entry.dataSet.promise === undefined ? undefined : this.#made.promise();
  }
  get copies(): DataSetView['copies'] {
    return keptOf(this.#entry).copies();
  }
  get best(): DataSetView['best'] {
    return bestNow(this.#index, this.#entry);
  }
  get step(): DataSetView['step'] {
    return this.#made.step();
  }
  get streaming(): DataSetView['streaming'] {
    return this.#made.streaming();
  }
  get lostWith(): DataSetView['lostWith'] {
    return this.#made.lostWith();
  }
  get bottleneck(): DataSetView['bottleneck'] {
    return this.#made.bottleneck();
  }
  get live(): readonly LiveSetView[] {
    return this.#around.liveOf(this.name);
  }

  toJSON(): DataSetView {
    const { name, kind, bytes, places, isSeen, copies, pointCount, best, worst, survives } = this;
    const { lostWith: sets, promise, unflushed, step, streaming, services } = this;
    const { bottleneck, live } = this;
    return {
      ...{ name, kind, bytes, places, isSeen, copies, pointCount, best, worst, survives },
      ...{ lostWith: sets, promise, unflushed, step, streaming, services, bottleneck, live },
    };
  }

  get #made(): ReturnType<typeof lazily> {
    this.#lazy ??= lazily(this.#index, this.#entry, this.#around);
    return this.#lazy;
  }
}

function lazily(index: ExposureIndex, entry: ExposedDataSet, { limits }: Around) {
  const streaming = once(() => streamStep(index, entry));
  const worst = once(() => worstOf(hitsNow(index, entry)));
  return {
    streaming,
    worst,
    bottleneck: once(() => {
      const row = worst();
      return row && limits(entry.dataSet.name, row.outage);
    }),
    promise: once(() => promiseOf(entry.dataSet.promise, hitsNow(index, entry))),
    step: once(() => cheapestStep(index, entry) ?? streaming()),
    lostWith: once(() => lostWith(index, entry)),
  };
}

function copyViews(of: DataSetCase): readonly CopyView[] {
  const vaults = [...new Set(of.points.map(({ point }) => point.vault))];
  return vaults.flatMap((vault) => {
    const points = of.points.filter(({ point }) => point.vault === vault);
    const newest = newestOf(points, ({ point }) => point.coveredUpTo);
    return copiesAt(of, vault).flatMap((at, i) => {
      const copy = of.copies[at]?.copy;
      if (copy === undefined) return [];
      const { host, path, mayBeOn = [] } = copy.place;
      return [
        {
          ...{ vault, copy: copy.copy, host, path, newest: newest?.point.coveredUpTo },
          exists: newest?.exists[i] ?? 'unknown',
          ...readOf(newest, copy.copy),
          isElsewhere: of.dataSet.places.every((at) => ![host, ...mayBeOn].includes(at.host)),
        },
      ];
    });
  });
}

/** Found once, as of the entry: as long as that holds, only ages are others. */
interface Kept {
  readonly best: () => BestPoint | undefined;
  readonly copies: () => readonly CopyView[];
}

const keptIn = new WeakMap<ExposedDataSet, Kept>();

function keptOf(entry: ExposedDataSet): Kept {
  const known = keptIn.get(entry) ?? {
    best: once(() => bestPoint(caseThen(entry))),
    copies: once(() => copyViews(caseThen(entry))),
  };
  keptIn.set(entry, known);
  return known;
}

function bestNow({ now }: ExposureIndex, entry: ExposedDataSet): BestPoint | undefined {
  const best = keptOf(entry).best();
  if (best?.proof.ageMs === undefined || entry.at === now) return best;
  return { ...best, proof: { ...best.proof, ageMs: best.proof.ageMs + (now - entry.at) } };
}

function readOf(
  newest: PointCase | undefined,
  copy: string,
): Pick<CopyView, 'isMaybeMemory' | 'readAt'> {
  const proofs = newest?.point.exists.filter((proof) => proof.copy === copy) ?? [];
  const last = newestOf(proofs, ({ evidence }) => evidence.observedAt);
  if (last === undefined || last.evidence.saw !== 'healthy') return {};
  const { observedAt, detail } = last.evidence;
  return {
    readAt: observedAt,
    isMaybeMemory: detail.from === 'memory' || detail.isPastCache === false,
  };
}

function bestPoint(of: DataSetCase): BestPoint | undefined {
  const isProven = ({ point, isWhole, isDatedAhead, exists }: PointCase): boolean =>
    isWhole && !isDatedAhead && exists.includes('ok') && usableIn(of, point.vault) !== 'failed';
  const proven = of.points.filter(isProven);
  const best = newestOf(proven.length > 0 ? proven : of.points, ({ point }) => point.coveredUpTo);
  if (best === undefined) return undefined;
  const { id, vault, coveredUpTo } = best.point;
  const proof = proofAfter(of, afterLosing(of, []));
  return { id, vault, coveredUpTo, isProven: proven.length > 0, proof };
}
