import type { FailureDomain } from './domain.ts';
import { fateOf } from './domain.ts';
import type { DataSet, RecoveryPoint, UnopenedBackup } from './estate.ts';
import {
  type After,
  afterLosing,
  caseOf,
  copiesAt,
  type DataSetCase,
  type PointCase,
  usableIn,
} from './exposure/case.ts';
import type { Place } from './place.ts';
import { type Asking, newestOf } from './proof.ts';
import { KEPT } from './survival.ts';
import type { HeldBack, Unflushed } from './unflushed.ts';

/**
 * What would be lost. `window`: the changes of that span before now. Its upper end is undefined
 * where no fresh proof bounds it: then it reads "at least".
 */
export type Loss =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'window';
      readonly atLeastMs: number;
      readonly atMostMs: number | undefined;
      readonly why: string;
      /** The vault that it would be brought back from. */
      readonly vault: string;
    }
  | { readonly kind: 'unknown'; readonly atLeastMs: number | undefined; readonly why: string }
  | { readonly kind: 'all'; readonly why: string };

/** Grows with the harm; an unknown is worse than any window and better only than all. */
export function severityOf(loss: Loss): number {
  return ['nothing', 'window', 'unknown', 'all'].indexOf(loss.kind);
}

/** As `lossAfter`, of a data set of an estate. */
export function lossOf(
  { estate, now }: Asking,
  dataSet: DataSet,
  domains: readonly FailureDomain[],
): Loss {
  const of = caseOf(estate, now, dataSet);
  return lossAfter(of, afterLosing(of, domains));
}

/**
 * What of a data set would be lost. Never less than what may be lost: what is stale, shared in its
 * fate, torn or unopened does not count.
 */
export function lossAfter(of: DataSetCase, after: After): Loss {
  if (after.dataFate === 'kept') return { kind: 'nothing' };
  const loss = lossOfData(of, after);
  if (after.dataFate === 'lost') return loss;
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

function lossOfData(of: DataSetCase, after: After): Loss {
  const whole = of.points.filter(({ isWhole }) => isWhole);
  const candidates = whole.map((point) => candidateOf(of, after, point));
  const left = candidates.filter((candidate) => candidate.fate !== 'lost');
  if (left.length === 0) return withoutPoint(of, after, candidates);
  const atLeastMs = left.map(({ point }) => spanMs(of, point)).reduce((a, b) => Math.min(a, b));
  const isFailed = ({ point }: Candidate): boolean => usableIn(of, point.vault) === 'failed';
  const proven = left.filter((candidate) => candidate.isProven && !isFailed(candidate));
  if (proven.length === 0) {
    const newest = newestOf(left, ({ point }) => point.coveredUpTo);
    return { kind: 'unknown', atLeastMs, why: whyUnproven(newest, left.every(isFailed)) };
  }
  return { kind: 'window', atLeastMs, ...upperEnd(of, after, proven) };
}

function candidateOf(
  of: DataSetCase,
  after: After,
  { point, exists, isDatedAhead }: PointCase,
): Candidate {
  let unknown: string | undefined;
  let lost: string | undefined;
  let isKept = false;
  let isProven = false;
  for (const [i, at] of copiesAt(of, point.vault).entries()) {
    const { fate, why } = after.copies[at] ?? KEPT;
    // Bytes were found wrong: most of it may come back, and nothing is promised of it.
    const isDamaged = exists[i] === 'failed' && fate === 'kept';
    if (isDamaged || fate === 'unknown') unknown ??= isDamaged ? 'its copy is damaged' : why;
    else if (fate === 'lost') lost ??= why;
    else {
      isKept = true;
      isProven ||= exists[i] === 'ok' && !isDatedAhead;
    }
  }
  if (isKept) return { point, fate: 'kept', why: '', isProven };
  if (unknown !== undefined) return { point, fate: 'unknown', why: unknown, isProven };
  return { point, fate: 'lost', why: lost ?? 'its vault is not known', isProven };
}

function spanMs({ now }: Pick<DataSetCase, 'now'>, point: RecoveryPoint): number {
  return Math.max(0, now - point.coveredUpTo);
}

function whyUnproven(newest: Candidate | undefined, isFailed: boolean): string {
  if (isFailed) return 'the last drill failed';
  if (newest !== undefined && newest.why !== '') return newest.why;
  return 'not re-read within the limit';
}

/** The upper end counts only what is proven, whole and has been drilled within its limit. */
function upperEnd(
  of: DataSetCase,
  { domains }: After,
  proven: readonly Candidate[],
): { readonly atMostMs: number | undefined; readonly why: string; readonly vault: string } {
  const drilled = proven.filter(({ point }) => usableIn(of, point.vault) === 'ok');
  const complete = drilled.filter(({ point }) => point.gapCount === 0);
  const best = newestPoint(complete);
  if (best !== undefined) {
    const { vault } = best;
    const { atMostMs, parts } = heldBackBy(of.dataSet.unflushed, domains);
    if (atMostMs === undefined) return { atMostMs, why: parts[0] ?? 'not on disk', vault };
    return { atMostMs: spanMs(of, best) + atMostMs + of.clockSkewMax, why: '', vault };
  }
  const vault = newestPoint(drilled)?.vault ?? newestPoint(proven)?.vault ?? '';
  const why = drilled.length === 0 ? 'no drill within the limit' : 'its recovery points have gaps';
  return { atMostMs: undefined, why, vault };
}

/** What takes with it what was not on the medium yet. */
const CUTS: ReadonlySet<FailureDomain['kind']> = new Set(['disk', 'volume', 'host', 'group']);

/** Who deletes takes nothing from the kernel: what was written is there until it is deleted. */
function heldBackBy(unflushed: Unflushed, domains: readonly FailureDomain[]): HeldBack {
  const isCut = domains.some(({ kind }) => CUTS.has(kind));
  return isCut ? unflushed : unflushed.crash;
}

function newestPoint(candidates: readonly Candidate[]): RecoveryPoint | undefined {
  return newestOf(candidates, ({ point }) => point.coveredUpTo)?.point;
}

/** `all` is said only when nothing is known that could bring it back. */
function withoutPoint(
  { dataSet, found, points }: DataSetCase,
  { domains }: After,
  candidates: readonly Candidate[],
): Loss {
  const unopened = found.filter((backup) => isLeft(backup, domains));
  if (unopened.length > 0) {
    return { kind: 'unknown', atLeastMs: undefined, why: whyUnopened(unopened, dataSet) };
  }
  if (!dataSet.isSeen)
    return { kind: 'unknown', atLeastMs: undefined, why: 'it could not be looked at' };
  const newest = newestOf(candidates, ({ point }) => point.coveredUpTo);
  if (newest !== undefined) return { kind: 'all', why: newest.why };
  const why = points.length > 0 ? 'only torn snapshots' : 'in no recovery point';
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
