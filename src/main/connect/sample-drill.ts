/** A drill by the team's own tool: a sample, or all, restored to scratch, compared, thrown away. */
import fs from 'node:fs';
import type { Mounts } from '../../host/mounts.ts';
import type { Clock } from '../../host/clock.ts';
import { type DurationMs, durationMs } from '../../base/units.ts';
import type { ConnectedPoint } from '../../watch/core/connected.ts';
import type { ListedEntry, Sampler } from '../../watch/core/sample.ts';
import {
  FINDINGS_MAX,
  type Restored,
  type SampleDrill,
  type SampleFinding,
  verdictOf,
} from '../../watch/core/sample-verdict.ts';
import type { FileRepository, RestoreEnd } from '../../watch/shell/team-repository.ts';
import { isSameContent, liveFileOf } from './live-files.ts';

export interface DrillSample {
  readonly repository: FileRepository;
  readonly mounts: Mounts;
  readonly point: ConnectedPoint;
  readonly sampler: Sampler;
  readonly files: readonly ListedEntry[];
  /** All of the point, and not a sample. */
  readonly isWhole: boolean;
  readonly seed: number;
  readonly target: string;
  readonly limit: DurationMs;
  readonly clock: Clock;
  readonly isPastCache: boolean;
}

/** @throws Fault HF_CONNECT_* where nothing could be restored at all */
export async function drillSample(of: DrillSample): Promise<SampleDrill> {
  const { repository, point, sampler, files, isWhole, target, limit, clock } = of;
  const startedAt = clock.now();
  const startedMs = clock.monotonic();
  const asked = isWhole ? undefined : files;
  const end = await repository.restore(point, { files: asked, target, limit });
  const tookMs = durationMs(Math.max(0, clock.monotonic() - startedMs));
  const counted = compareAll(of, end);
  return {
    point: point.id,
    pointTime: point.time,
    seed: of.seed,
    // What cannot be named was restored with the rest, and is compared by its tool only.
    isWhole: isWhole && end.notTried.size === 0,
    startedAt,
    tookMs,
    totalMs: durationMs(Math.max(0, clock.monotonic() - startedMs)),
    files: files.length,
    filesAll: sampler.filesSeen,
    bytesAll: sampler.bytesSeen,
    unnameable: sampler.unnameable,
    isPastCache: of.isPastCache,
    ...counted,
  };
}

type Counted = Pick<
  SampleDrill,
  | 'restoredFiles'
  | 'restoredBytes'
  | 'equal'
  | 'differs'
  | 'touched'
  | 'notCompared'
  | 'failed'
  | 'notTried'
  | 'findings'
>;

function compareAll({ repository, mounts, files, target }: DrillSample, end: RestoreEnd): Counted {
  const findings: SampleFinding[] = [];
  const sum = { restoredFiles: 0, restoredBytes: 0, equal: 0, differs: 0, touched: 0 };
  const rest = { notCompared: 0, failed: 0, notTried: 0 };
  for (const listed of files) {
    if (end.notTried.has(listed.stored)) {
      rest.notTried += 1;
      continue;
    }
    const path = repository.restoredPath(target, listed);
    const restored = restoredOf(path, end.failed.get(listed.stored));
    const verdict = verdictOf({
      listed,
      restored,
      live: liveFileOf(mounts, listed.path),
      isEqual: () => isSameContent(path, listed.path),
    });
    if (verdict.kind === 'failed') rest.failed += 1;
    else {
      sum.restoredFiles += 1;
      sum.restoredBytes += listed.bytes;
    }
    if (verdict.kind === 'equal') sum.equal += 1;
    if (verdict.kind === 'restored') rest.notCompared += 1;
    if (verdict.kind === 'differs') {
      sum.differs += 1;
      if (verdict.isTouched) sum.touched += 1;
    }
    const isWrong = verdict.kind === 'failed' || verdict.kind === 'differs';
    if (isWrong && findings.length < FINDINGS_MAX) findings.push({ path: listed.path, verdict });
  }
  return { ...sum, ...rest, findings };
}

function restoredOf(path: string, why: string | undefined): Restored {
  if (why !== undefined) return { kind: 'failed', why };
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) return { kind: 'failed', why: 'it was not restored' };
  return { kind: 'restored', bytes: stat.size };
}
