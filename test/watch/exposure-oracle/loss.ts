import { type FailureDomain, fateOf } from '../../../src/watch/core/domain.ts';
import type { DataSet, RecoveryPoint, UnopenedBackup } from '../../../src/watch/core/estate.ts';
import type { Place } from '../../../src/watch/core/place.ts';
import { mayHoldSet } from '../../../src/watch/core/may-hold.ts';
import type { Loss } from '../../../src/watch/core/loss.ts';
import { type Asking, existsIn, hasStartedEngine, newestOf, usableIn } from './proof.ts';
import { copiesOf, fateOfData } from './survival.ts';

/**
 * What of `dataSet` would be lost if all of `domains` were lost now. Never less than what may be
 * lost: what is stale, shared in its fate, torn or unopened does not count.
 */
export function lossOf(asking: Asking, dataSet: DataSet, domains: readonly FailureDomain[]): Loss {
  const fate = fateOfData(dataSet.places, domains);
  if (fate === 'kept') return { kind: 'nothing' };
  const loss = lossOfData(asking, dataSet, domains);
  if (fate === 'lost') return loss;
  // Whether it is hit at all was not seen: the lower end is then nothing, the upper end stays.
  const why = 'its disks were not seen';
  if (loss.kind === 'window') return { ...loss, atLeastMs: 0, why };
  return { kind: 'unknown', atLeastMs: undefined, why };
}

interface Candidate {
  readonly point: RecoveryPoint;
  readonly fate: 'kept' | 'unknown' | 'lost';
  readonly why: string;
  /** Its bytes were re-read, within their limit, from a copy that is kept. */
  readonly isProven: boolean;
}

function lossOfData(asking: Asking, dataSet: DataSet, domains: readonly FailureDomain[]): Loss {
  const all = asking.estate.points.filter((point) => point.dataSet === dataSet.name);
  const whole = all.filter((point) => !point.isTorn || hasStartedEngine(asking, point));
  const candidates = whole.map((point) => candidateOf(asking, point, domains));
  const left = candidates.filter((candidate) => candidate.fate !== 'lost');
  if (left.length === 0) return withoutPoint(asking, dataSet, { domains, candidates, all });
  const atLeastMs = Math.min(...left.map(({ point }) => spanMs(asking, point)));
  const isFailed = ({ point }: Candidate): boolean =>
    usableIn(asking, dataSet, point.vault) === 'failed';
  const proven = left.filter((candidate) => candidate.isProven && !isFailed(candidate));
  if (proven.length === 0) {
    const newest = newestOf(left, ({ point }) => point.coveredUpTo);
    return { kind: 'unknown', atLeastMs, why: whyUnproven(newest, left.every(isFailed)) };
  }
  return { kind: 'window', atLeastMs, ...upperEnd(asking, { dataSet, domains }, proven) };
}

function candidateOf(
  asking: Asking,
  point: RecoveryPoint,
  domains: readonly FailureDomain[],
): Candidate {
  const copies = copiesOf(asking.estate, point, domains).map((copy) => {
    const exists = existsIn(asking, point, copy.copy.copy);
    // Bytes were found wrong: most of it may come back, and nothing is promised of it.
    const isDamaged = exists === 'failed' && copy.fate === 'kept';
    return isDamaged
      ? { ...copy, exists, fate: 'unknown' as const, why: 'its copy is damaged' }
      : { ...copy, exists };
  });
  const kept = copies.filter((copy) => copy.fate === 'kept');
  const best = kept[0] ?? copies.find((copy) => copy.fate === 'unknown');
  const isProven = kept.some((copy) => copy.exists === 'ok') && !isDatedAhead(asking, point);
  if (best !== undefined) return { point, fate: best.fate, why: best.why, isProven };
  const why = copies[0]?.why ?? 'its vault is not known';
  return { point, fate: 'lost', why, isProven: false };
}

function isDatedAhead({ estate, now }: Asking, point: RecoveryPoint): boolean {
  return point.coveredUpTo > now + estate.clockSkewMax;
}

function spanMs({ now }: Asking, point: RecoveryPoint): number {
  return Math.max(0, now - point.coveredUpTo);
}

function whyUnproven(newest: Candidate | undefined, isFailed: boolean): string {
  if (isFailed) return 'the last drill failed';
  if (newest !== undefined && newest.why !== '') return newest.why;
  return 'not re-read within the limit';
}

/** The upper end counts only what is proven, whole and has been drilled within its limit. */
function upperEnd(
  asking: Asking,
  { dataSet, domains }: { readonly dataSet: DataSet; readonly domains: readonly FailureDomain[] },
  proven: readonly Candidate[],
): { readonly atMostMs: number | undefined; readonly why: string; readonly vault: string } {
  const drilled = proven.filter(({ point }) => usableIn(asking, dataSet, point.vault) === 'ok');
  const complete = drilled.filter(({ point }) => point.gapCount === 0);
  const best = newestPoint(complete);
  if (best !== undefined) {
    const { vault } = best;
    // A deletion, a key or a credential stops no kernel: it writes what it was given.
    const isDeletion = ({ kind }: FailureDomain): boolean =>
      kind === 'directory' || kind === 'key' || kind === 'credential';
    const { unflushed } = dataSet;
    const late = domains.every(isDeletion) ? unflushed.crash : unflushed;
    if (late.atMostMs === undefined) {
      return { atMostMs: undefined, why: late.parts.length > 0 ? 'a cache' : 'not on disk', vault };
    }
    const widening = late.atMostMs + asking.estate.clockSkewMax;
    return { atMostMs: spanMs(asking, best) + widening, why: '', vault };
  }
  const vault = newestPoint(drilled)?.vault ?? newestPoint(proven)?.vault ?? '';
  const why = drilled.length === 0 ? 'no drill within the limit' : 'its recovery points have gaps';
  return { atMostMs: undefined, why, vault };
}

function newestPoint(candidates: readonly Candidate[]): RecoveryPoint | undefined {
  return newestOf(candidates, ({ point }) => point.coveredUpTo)?.point;
}

/** `all` is said only when nothing is known that could bring it back. */
function withoutPoint(
  asking: Asking,
  dataSet: DataSet,
  found: {
    readonly domains: readonly FailureDomain[];
    readonly candidates: readonly Candidate[];
    readonly all: readonly RecoveryPoint[];
  },
): Loss {
  const unopened = asking.estate.found.filter(
    (backup) => mayHoldSet(backup, dataSet) && isLeft(backup, found.domains),
  );
  if (unopened.length > 0) {
    return { kind: 'unknown', atLeastMs: undefined, why: whyUnopened(unopened, dataSet) };
  }
  if (!dataSet.isSeen)
    return { kind: 'unknown', atLeastMs: undefined, why: 'it could not be looked at' };
  const newest = newestOf(found.candidates, ({ point }) => point.coveredUpTo);
  if (newest !== undefined) return { kind: 'all', why: newest.why };
  const why = found.all.length > 0 ? 'only torn snapshots' : 'in no recovery point';
  return { kind: 'all', why };
}

function isLeft({ place, needs }: UnopenedBackup, domains: readonly FailureDomain[]): boolean {
  const isKept = (each: Place): boolean => fateOf(each, domains) !== 'lost';
  if (place !== undefined && !isKept(place)) return false;
  return needs === undefined || needs.every((places) => places.some(isKept));
}

function whyUnopened(backups: readonly UnopenedBackup[], dataSet: DataSet): string {
  const copies = backups.filter(({ tool }) => tool !== 'gluster replica');
  const strange = copies.filter((backup) => isAnybodys(backup, dataSet));
  const own = copies.filter((backup) => !strange.includes(backup));
  const strangers = strange.map(({ tool, place }) => `${tool} on ${place?.host ?? ''}`);
  return [
    own.length === 0 ? '' : `${listed(own.map(({ tool }) => tool))} found, not opened`,
    strange.length === 0 ? '' : `${listed(strangers)} may hold it, not opened`,
    copies.length < backups.length ? 'replica seen, not compared' : '',
  ]
    .filter((why) => why !== '')
    .join('; ');
}

/** It lies on a host that holds none of the data, and nothing says whose it is. */
function isAnybodys({ place, ofHosts }: UnopenedBackup, { places }: DataSet): boolean {
  if (ofHosts !== undefined || place === undefined || place.host.startsWith('server '))
    return false;
  return places.every(({ host }) => host !== place.host);
}

function listed(names: readonly string[]): string {
  return [...new Set(names)].sort().join(', ');
}
