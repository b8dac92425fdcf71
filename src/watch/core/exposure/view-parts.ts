/**
 * What a view is put together from, kept from one index to the next: a change costs what it touches.
 * All windows grow with the clock alike, so that an order once found holds until something expires.
 * Nothing in it is written to again: a view that was made before reads on from its own.
 */
import { finished, type Steps } from '../../../base/steps.ts';
import { domainId, type FailureDomain } from '../domain.ts';
import { severityOf } from '../loss.ts';
import type { ExposedDataSet, ExposureIndex } from './exposure-index.ts';
import { type Exposure, KIND_ORDER } from './rows.ts';

/** A row as of the moment at which its entry was computed. */
export interface HitPart {
  readonly entry: ExposedDataSet;
  readonly row: Exposure;
}

export interface FallPart {
  readonly id: string;
  readonly domain: FailureDomain;
  /** Of how many entries it is a domain. */
  readonly entryCount: number;
  readonly hits: readonly HitPart[];
  readonly counts: { readonly all: number; readonly unknown: number; readonly window: number };
  readonly survives: number | undefined;
  readonly worst: HitPart | undefined;
}

export interface ViewParts {
  readonly index: ExposureIndex;
  readonly falls: ReadonlyMap<string, FallPart>;
  /** Worst first. */
  readonly inOrder: readonly FallPart[];
  /** Worst first. */
  readonly entries: readonly ExposedDataSet[];
}

/** @param before of the index that this one was made from */
export function viewParts(index: ExposureIndex, before?: ViewParts): ViewParts {
  return finished(partsInSteps(index, before));
}

export function* partsInSteps(index: ExposureIndex, before?: ViewParts): Steps<ViewParts> {
  const change = before && changeOf(index, before);
  yield;
  if (before === undefined || change === undefined) return yield* wholeParts(index);
  return yield* changedParts(index, before, change);
}

function* changedParts(
  index: ExposureIndex,
  before: ViewParts,
  { gone, fresh }: Change,
): Steps<ViewParts> {
  if (gone.size === 0 && fresh.size === 0) return { ...before, index };
  const dirty = new Set([...gone, ...fresh].flatMap(({ domains }) => domains.map(idOf)));
  const falls = new Map(before.falls);
  const drafts = yield* draftsOf(fresh);
  const made: FallPart[] = [];
  for (const id of dirty) {
    const old = before.falls.get(id);
    const part = fallPart(joined(old, drafts.get(id), gone));
    if (part === undefined) falls.delete(id);
    else {
      falls.set(id, part);
      made.push(part);
    }
    if (made.length % STEP_PARTS === 0) yield;
  }
  yield;
  return {
    ...{ index, falls },
    inOrder: merged(
      before.inOrder.filter(({ id }) => !dirty.has(id)),
      made.sort(worstFallFirst),
      worstFallFirst,
    ),
    entries: merged(
      before.entries.filter((entry) => !gone.has(entry)),
      [...fresh].sort(worstEntryFirst),
      worstEntryFirst,
    ),
  };
}

interface Change {
  readonly gone: ReadonlySet<ExposedDataSet>;
  readonly fresh: ReadonlySet<ExposedDataSet>;
}

/** Undefined where so much is another that all is made anew. */
function changeOf({ entries }: ExposureIndex, before: ViewParts): Change | undefined {
  const known = new Set(before.index.entries);
  const fresh = new Set(entries.filter((entry) => !known.has(entry)));
  if (fresh.size * 2 > entries.length) return undefined;
  const now = new Set(entries);
  return { fresh, gone: new Set(before.index.entries.filter((entry) => !now.has(entry))) };
}

/** Handled in one step. */
const STEP_PARTS = 500;

function* wholeParts(index: ExposureIndex): Steps<ViewParts> {
  const falls = new Map<string, FallPart>();
  for (const draft of (yield* draftsOf(index.entries)).values()) {
    const part = fallPart(draft);
    if (part !== undefined) falls.set(draft.id, part);
    if (falls.size % STEP_PARTS === 0) yield;
  }
  yield;
  const inOrder = [...falls.values()].sort(worstFallFirst);
  yield;
  const entries = [...index.entries].sort(worstEntryFirst);
  return { index, falls, inOrder, entries };
}

interface Draft {
  readonly id: string;
  readonly domain: FailureDomain;
  entryCount: number;
  readonly hits: HitPart[];
}

/** A domain under its id: a directory that two data sets share is lost once. */
function* draftsOf(entries: Iterable<ExposedDataSet>): Steps<ReadonlyMap<string, Draft>> {
  const drafts = new Map<string, Draft>();
  let done = 0;
  for (const entry of entries) {
    done += 1;
    if (done % STEP_PARTS === 0) yield;
    for (const domain of entry.domains) {
      const id = idOf(domain);
      const known = drafts.get(id);
      if (known === undefined) drafts.set(id, { id, domain, entryCount: 1, hits: [] });
      else known.entryCount += 1;
    }
    for (const row of entry.hits) drafts.get(idOf(row.domain))?.hits.push({ entry, row });
  }
  return drafts;
}

function joined(
  old: FallPart | undefined,
  fresh: Draft | undefined,
  gone: ReadonlySet<ExposedDataSet>,
): Draft | undefined {
  // What a directory spares may be other than it was.
  const of = fresh ?? old;
  if (of === undefined) return undefined;
  const { id, domain } = of;
  let left = 0;
  if (old !== undefined) {
    left = old.entryCount;
    for (const { domains } of gone) if (domains.some((each) => idOf(each) === id)) left -= 1;
  }
  const kept = old?.hits.filter(({ entry }) => !gone.has(entry)) ?? [];
  return {
    ...{ id, domain, entryCount: left + (fresh?.entryCount ?? 0) },
    hits: [...kept, ...(fresh?.hits ?? [])],
  };
}

function fallPart(draft: Draft | undefined): FallPart | undefined {
  if (draft === undefined || draft.entryCount === 0) return undefined;
  const counts = { all: 0, unknown: 0, window: 0 };
  let worst: HitPart | undefined;
  let survives: number | undefined;
  for (const hit of draft.hits) {
    const { kind } = hit.row.loss;
    if (kind === 'nothing') continue;
    counts[kind] += 1;
    survives = Math.min(survives ?? hit.row.survives, hit.row.survives);
    if (worst === undefined || worstHitFirst(hit, worst) < 0) worst = hit;
  }
  return { ...draft, counts, survives, worst };
}

/** As `worstLossFirst`, of rows as of different moments: by the moment up to which each is lost. */
function worstHitFirst(one: HitPart, other: HitPart): number {
  return (
    severityOf(other.row.loss) - severityOf(one.row.loss) ||
    sinceRank(other) - sinceRank(one) ||
    other.row.bytes - one.row.bytes ||
    byName(one.row.dataSet, other.row.dataSet)
  );
}

function byName(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function sinceRank({ entry, row: { loss } }: HitPart): number {
  if (loss.kind !== 'window') return 0;
  return loss.atMostMs === undefined ? Number.MAX_VALUE : loss.atMostMs - entry.at;
}

function worstFallFirst(one: FallPart, other: FallPart): number {
  const [worst, worstOther] = [one.worst, other.worst];
  if (worst === undefined || worstOther === undefined) {
    const rest = Number(worst === undefined) - Number(worstOther === undefined);
    return rest || byKind(one, other);
  }
  return (
    severityOf(worstOther.row.loss) - severityOf(worst.row.loss) ||
    other.counts.all - one.counts.all ||
    other.counts.unknown - one.counts.unknown ||
    sinceRank(worstOther) - sinceRank(worst) ||
    worstOther.row.bytes - worst.row.bytes ||
    byKind(one, other)
  );
}

function byKind({ id: one, domain }: FallPart, { id: other, domain: second }: FallPart): number {
  const byOrder = KIND_ORDER.indexOf(domain.kind) - KIND_ORDER.indexOf(second.kind);
  return byOrder || (one < other ? -1 : 1);
}

/** A credential is said apart. */
export function worstOf(hits: readonly Exposure[]): Exposure | undefined {
  return hits.find(({ domain }) => domain.kind !== 'credential');
}

function worstEntryFirst(one: ExposedDataSet, other: ExposedDataSet): number {
  const [row, otherRow] = [worstOf(one.hits), worstOf(other.hits)];
  if (row === undefined || otherRow === undefined) {
    const rest = Number(row === undefined) - Number(otherRow === undefined);
    return rest || byName(one.dataSet.name, other.dataSet.name);
  }
  return worstHitFirst({ entry: one, row }, { entry: other, row: otherRow });
}

/** Both in order. */
function merged<T>(
  one: readonly T[],
  other: readonly T[],
  inOrder: (one: T, other: T) => number,
): readonly T[] {
  if (other.length === 0) return one;
  const made: T[] = [];
  let at = 0;
  for (const each of one) {
    for (let next = other[at]; next !== undefined && inOrder(next, each) < 0; next = other[at]) {
      made.push(next);
      at += 1;
    }
    made.push(each);
  }
  return [...made, ...other.slice(at)];
}

const ids = new WeakMap<FailureDomain, string>();

function idOf(domain: FailureDomain): string {
  const known = ids.get(domain);
  if (known !== undefined) return known;
  const made = domainId(domain);
  ids.set(domain, made);
  return made;
}
