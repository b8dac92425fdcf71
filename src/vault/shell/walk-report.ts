import type { ByteString } from '../../base/bytes.ts';
import { kindOfMode, STAT_MODE, STAT_SIZE } from '../../host/source.ts';
import type { LeftOutCount } from './count-left-out.ts';
import { noCount } from './count-left-out.ts';

/** Named one by one in a snapshot; beyond that only counted. */
export const GAPS_NAMED_MAX = 1000;

export interface Gap {
  /** Below its root; of several roots, behind the name of its root. */
  readonly path: ByteString;
  readonly why: string;
}

export interface LeftOut {
  /** As that of a gap. */
  readonly path: ByteString;
  readonly why: string;
  /** Undefined where the size is not known without entering. */
  readonly bytes: number | undefined;
}

/** What a backup did not bring home, and how much it saw. */
export class WalkReport {
  readonly gaps: Gap[] = [];
  readonly leftOut: LeftOut[] = [];
  readonly byRule = new Map<string, LeftOutCount>();
  gapCount = 0;
  inFluxCount = 0;
  keptFiles = 0;
  keptBytes = 0;

  gap(path: ByteString, why: string): void {
    this.gapCount += 1;
    if (this.gaps.length < GAPS_NAMED_MAX) this.gaps.push({ path, why });
  }

  notEntered(path: ByteString, left: { why: string; bytes: number | undefined }): void {
    this.leftOut.push({ path, ...left });
  }

  /** A file that is as the cache says. @param stat its words */
  kept(stat: BigInt64Array): void {
    this.keptFiles += 1;
    if (kindOfMode(Number(stat[STAT_MODE])) === 'file') this.keptBytes += Number(stat[STAT_SIZE]);
  }

  excluded(rule: string, count: LeftOutCount): void {
    const sum = this.byRule.get(rule) ?? noCount();
    this.byRule.set(rule, sum);
    sum.entries += count.entries;
    sum.bytes += count.bytes;
    sum.isAtLeast ||= count.isAtLeast;
  }

  /** Adds what happened in one root. @param prefix before its paths: empty, or the name and `/` */
  add(root: WalkReport, prefix: (path: ByteString) => ByteString): void {
    const room = GAPS_NAMED_MAX - this.gaps.length;
    const gaps = root.gaps.slice(0, Math.max(0, room));
    this.gaps.push(...gaps.map(({ path, why }) => ({ path: prefix(path), why })));
    for (const left of root.leftOut) this.leftOut.push({ ...left, path: prefix(left.path) });
    for (const [rule, count] of root.byRule) this.excluded(rule, count);
    this.gapCount += root.gapCount;
    this.inFluxCount += root.inFluxCount;
    this.keptFiles += root.keptFiles;
    this.keptBytes += root.keptBytes;
  }
}
