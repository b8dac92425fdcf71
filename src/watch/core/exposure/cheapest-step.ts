/**
 * What would raise a data set at the least cost. Each step that there is is tried on the data set
 * alone, by the same rules as everything else; the first one, in the order of what it costs, after
 * which the worst failure costs less or more failures are survived is the answer.
 */
import type { Evidence } from '../../../base/evidence.ts';
import { byteString } from '../../../base/bytes.ts';
import { days, durationMs, type UnixMs, unixMs } from '../../../base/units.ts';
import { utf8Of } from '../../../manifest/core/utf8.ts';
import type { DataSet, Drill, Estate, RecoveryPoint, VaultCopy } from '../estate.ts';
import { type Loss, severityOf } from '../loss.ts';
import { newestOf } from '../proof.ts';
import { within } from '../unflushed.ts';
import { type ExposedDataSet, type ExposureIndex, exposureIndex } from './exposure-index.ts';
import type { CheapestStep, StepKind, StepOutcome } from './view.ts';

interface Tried {
  readonly kind: StepKind;
  readonly subject: string;
  readonly bytes: number | undefined;
  readonly estate: Estate;
}

/** A host of which nothing else is known, so that it shares no fate. */
const ELSEWHERE = 'elsewhere';

export function cheapestStep(
  index: ExposureIndex,
  entry: ExposedDataSet,
): CheapestStep | undefined {
  const alone = aloneOf(index, entry);
  const before = outcomeOf(alone, index.now);
  // What caches hold is no reason to prove nothing: what proves is looked for without them.
  const bare = outcomeOf(cacheless(alone), index.now);
  for (const { estate, ...step } of stepsOf(alone, index.now)) {
    if (!isBetter(outcomeOf(cacheless(estate), index.now), bare)) continue;
    const after = outcomeOf(estate, index.now);
    const rate = rateOf(alone.drills);
    const isMeasured = step.bytes !== undefined && rate !== undefined;
    const tookMs = isMeasured ? (step.bytes ?? 0) / rate : undefined;
    // How fast it comes back, a drill shows and nobody knows before.
    const outage = step.kind === 'confirm the key sheet' ? after.outage : before.outage;
    return { ...step, tookMs, before, after: { ...after, outage } };
  }
  return undefined;
}

export function aloneOf({ lists }: ExposureIndex, { dataSet, madeFrom }: ExposedDataSet): Estate {
  const { points, drills, found, vaults } = madeFrom;
  const copies = vaults.flat();
  const { readers, groups = [], volumes = [], clockSkewMax } = lists.estate;
  return {
    ...{ dataSets: [dataSet], points, drills, found, readers, groups, volumes, clockSkewMax },
    vaults: copies.map(({ copy }) => copy),
    keys: [...new Set(copies.flatMap(({ keys }) => keys))],
  };
}

function cacheless(estate: Estate): Estate {
  const none = within(0, []);
  const dataSets = estate.dataSets.map((set) => ({ ...set, unflushed: { ...none, crash: none } }));
  return { ...estate, dataSets };
}

export function outcomeOf(estate: Estate, now: UnixMs): StepOutcome {
  const [entry] = exposureIndex(estate, now).entries;
  const worst = entry?.hits[0];
  return {
    loss: worst?.loss ?? { kind: 'nothing' },
    outage: worst?.outage ?? { kind: 'not out' },
    survives: entry?.survives ?? 0,
  };
}

function isBetter(after: StepOutcome, before: StepOutcome): boolean {
  const less = harmOf(before.loss) - harmOf(after.loss);
  return less > 0 || (less === 0 && after.survives > before.survives);
}

/** A window with an upper end is better than one without; how wide it is, a step does not change. */
function harmOf(loss: Loss): number {
  return severityOf(loss) * 2 + (loss.kind === 'window' && loss.atMostMs === undefined ? 1 : 0);
}

function* stepsOf(estate: Estate, now: UnixMs): Generator<Tried> {
  const [dataSet] = estate.dataSets;
  if (dataSet === undefined) return;
  const { bytes } = dataSet;
  for (const key of estate.keys) {
    if (key.isConfirmedElsewhere) continue;
    const keys = estate.keys.map((each) =>
      each === key ? { ...key, isConfirmedElsewhere: true } : each,
    );
    yield { kind: 'confirm the key sheet', subject: key.id, bytes: 0, estate: { ...estate, keys } };
  }
  const newest = newestOf(
    estate.points.filter(({ isTorn }) => !isTorn),
    ({ coveredUpTo }) => coveredUpTo,
  );
  const copies = estate.vaults.filter(({ vault }) => vault === newest?.vault);
  if (newest !== undefined) {
    for (const { copy } of copies) {
      const points = reread(estate.points, newest, { copy, now });
      yield { kind: 're-read', subject: copy, bytes, estate: { ...estate, points } };
    }
    for (const copy of copies) {
      // A drill restores what it compares: its bytes have been read back as well.
      const points = reread(estate.points, newest, { copy: copy.copy, now });
      const drills = [...estate.drills, drillOf(estate, { copy, newest, now })];
      const subject = copy.copy;
      yield { kind: 'drill', subject, bytes, estate: { ...estate, points, drills } };
    }
    yield {
      kind: 'copy elsewhere',
      subject: newest.vault,
      bytes,
      estate: copied(estate, newest, now),
    };
  }
  const where = whereOf(dataSet);
  // What a backup holds that was found, nobody knows before it is opened.
  if (newest === undefined && estate.found.length === 0) {
    yield { kind: 'back up', subject: where, bytes, estate: backedUp(estate, now) };
  }
}

/** `db1:/var/lib/postgresql/15/main`. */
export function whereOf({ places: [place] }: DataSet): string {
  return `${place?.host ?? ''}:${utf8Of(place?.path ?? byteString(''))}`;
}

function proofAt(now: UnixMs): Evidence {
  return {
    ...{ subject: 'step', saw: 'healthy', observedAt: now, receivedAt: now },
    ...{ expiresAt: unixMs(now + days(1)), source: 'step', bootId: '', seq: 0, detail: {} },
  };
}

function reread(
  points: readonly RecoveryPoint[],
  newest: RecoveryPoint,
  { copy, now }: { readonly copy: string; readonly now: UnixMs },
): readonly RecoveryPoint[] {
  const proof = { copy, evidence: proofAt(now) };
  return points.map((point) =>
    point === newest ? { ...point, exists: [...point.exists, proof] } : point,
  );
}

function drillOf(
  { dataSets }: Estate,
  of: { readonly copy: VaultCopy; readonly newest: RecoveryPoint; readonly now: UnixMs },
): Drill {
  const { copy, newest, now } = of;
  const [dataSet] = dataSets;
  return {
    ...{ dataSet: newest.dataSet, vault: copy.vault, copy: copy.copy, point: newest.id },
    ...{ evidence: proofAt(now), bytes: dataSet?.bytes ?? 0, entries: dataSet?.entries ?? 0 },
    ...{ tookMs: durationMs(1), target: copy.place, isPastCache: false, bottleneck: undefined },
    engineStarted: dataSet?.needsEngine === true ? true : undefined,
  };
}

function copied(estate: Estate, newest: RecoveryPoint, now: UnixMs): Estate {
  const like = estate.vaults.find(({ vault }) => vault === newest.vault);
  const copy: VaultCopy = {
    ...{ vault: newest.vault, copy: ELSEWHERE, openedBy: like?.openedBy },
    place: { host: ELSEWHERE, beneath: { disks: [], failuresSurvived: 0 }, path: undefined },
  };
  return {
    ...estate,
    points: reread(estate.points, newest, { copy: ELSEWHERE, now }),
    vaults: [...estate.vaults, copy],
    readers: [...estate.readers, ELSEWHERE],
  };
}

function backedUp(estate: Estate, now: UnixMs): Estate {
  const [dataSet] = estate.dataSets;
  const point: RecoveryPoint = {
    ...{ id: ELSEWHERE, dataSet: dataSet?.name ?? '', vault: ELSEWHERE, coveredUpTo: now },
    ...{ isTorn: false, gapCount: 0, exists: [] },
  };
  const vault: VaultCopy = {
    ...{ vault: ELSEWHERE, copy: ELSEWHERE, openedBy: undefined },
    place: { host: ELSEWHERE, beneath: { disks: [], failuresSurvived: 0 }, path: undefined },
  };
  return copied(
    { ...estate, points: [...estate.points, point], vaults: [...estate.vaults, vault] },
    point,
    now,
  );
}

/** With a point of this moment on a host of its own, proven in every way. */
export function bestElsewhere(estate: Estate, now: UnixMs): Estate {
  const made = backedUp(estate, now);
  const newest = newestOf(made.points, ({ vault, coveredUpTo }) =>
    vault === ELSEWHERE ? Infinity : coveredUpTo,
  );
  const copy = made.vaults.find(({ vault }) => vault === ELSEWHERE);
  if (newest === undefined || copy === undefined) return made;
  return { ...made, drills: [...made.drills, drillOf(made, { copy, newest, now })] };
}

/** Bytes in a millisecond, of the newest drill that ended well. */
export function rateOf(drills: readonly Drill[]): number | undefined {
  const good = drills.filter(({ evidence, bytes }) => evidence.saw === 'healthy' && bytes > 0);
  const newest = newestOf(good, ({ evidence }) => evidence.observedAt);
  return newest === undefined ? undefined : newest.bytes / Math.max(1, newest.tookMs);
}
