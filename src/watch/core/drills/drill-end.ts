/** What the end of a job says of the drill that it was given for: picked from another machine's words. */
import type { UnixMs } from '../../../base/units.ts';
import type { Beneath } from '../place.ts';
import type { StoredJob } from '../server/changes.ts';
import { isOver } from '../server/job-over.ts';
import type { SpentOn } from './drill-spent.ts';
import type { DrillEnd, DrillMeasured, DrillVerdict, EstateDrill } from './estate-drill.ts';

export type EndedJob = Pick<StoredJob, 'job' | 'agent' | 'state' | 'why' | 'answer'>;

const TEXT_MAX = 300;
const DISKS_MAX = 100;

/**
 * Undefined while it is not over. A drill counts for the job that this server gave, said by the agent
 * that it was given to, of the very point that was asked for: everything else proves nothing.
 */
export function drillEndOf(drill: EstateDrill, job: EndedJob, now: UnixMs): DrillEnd | undefined {
  if (!isOver(job.state)) return undefined;
  const end = (verdict: DrillVerdict, why: string, measured?: DrillMeasured): DrillEnd => ({
    ...{ verdict, why: why.slice(0, TEXT_MAX), endedAt: now },
    ...(measured === undefined ? {} : { measured }),
  });
  if (job.job !== drill.job || job.agent !== drill.agent) {
    return end('mismatch', 'another agent, or another job, than it was given to');
  }
  const { state, why } = job;
  if (state === 'cancelled' || state === 'refused' || state === 'lost') return end(state, why);
  const given = objectIn(job.answer);
  if (given === undefined || !('isPassed' in given)) {
    return end('failed', why === '' ? 'it ended without an answer' : why);
  }
  const wrong = otherThanAsked(drill, given);
  if (wrong !== undefined) return end('mismatch', wrong);
  const measured = measuredIn(given);
  if (measured === undefined) return end('failed', 'its answer has no figures');
  if (given.isPassed !== true) {
    const what = why === '' ? 'what came back differs from what was saved' : why;
    // Whatever an engine made of it, the bytes are wrong.
    return end('broken', what, { ...measured, engineStarted: undefined });
  }
  // Of a failed job nothing is proven but what is wrong.
  if (state === 'failed' && given.isUsable !== false) return end('failed', why);
  if (given.isUsable === false) return end('broken', measured.engines || why, measured);
  return end(given.kind === 'drilled' ? 'drilled' : 're-read', '', measured);
}

type Given = Readonly<Record<string, unknown>>;

/** What its source said of the point, against what came back. */
function otherThanAsked({ point, expects }: EstateDrill, given: Given): string | undefined {
  if (given.snapshot !== point) return 'it answers for another recovery point';
  if (given.kind !== 'drilled' && given.kind !== 're-read')
    return 'it says of no drill what it was';
  const holds = objectOf(given.holds);
  if (expects === undefined) return undefined;
  if (holds === undefined) return 'it does not say what the point holds';
  const isOther =
    numberOf(holds.bytes) !== expects.bytes ||
    (expects.entries !== undefined && numberOf(holds.entries) !== expects.entries);
  return isOther ? 'it holds other than its own host said of it' : undefined;
}

function measuredIn(given: Given): DrillMeasured | undefined {
  const [bytes, entries] = [numberOf(given.bytes), numberOf(given.entries)];
  const [tookMs, totalMs] = [numberOf(given.durationMs), numberOf(given.totalMs)];
  if (bytes === undefined || entries === undefined) return undefined;
  if (tookMs === undefined || totalMs === undefined) return undefined;
  const engines = listOf(given.engines).flatMap((each): readonly Given[] => {
    const engine = objectOf(each);
    return engine === undefined ? [] : [engine];
  });
  return {
    ...{ bytes, entries, tookMs, totalMs },
    isPastCache: given.isPastCache === true,
    engineStarted:
      engines.length === 0 ? undefined : engines.every(({ isUsable }) => isUsable === true),
    engines: engines
      .map(({ said }) => textOf(said))
      .join('; ')
      .slice(0, TEXT_MAX),
    gapCount: numberOf(given.gapCount) ?? 0,
    mediumOfVault: textOf(given.mediumOfVault),
    mediumOfScratch: textOf(given.mediumOfScratch),
    beneath: beneathIn(given.beneath),
    spent: spentOf(given.spent),
    bottleneck: textOf(given.bottleneck) === '' ? undefined : textOf(given.bottleneck),
  };
}

function spentOf(given: unknown): SpentOn | undefined {
  const { linkBytes, cpuMs, cpus, disk } = objectOf(given) ?? {};
  const [took, could] = [numberOf(cpuMs), numberOf(cpus)];
  if (took === undefined || could === undefined || could < 1) return undefined;
  const { name, busyMs } = objectOf(disk) ?? {};
  const busy = numberOf(busyMs);
  const isDisk = busy !== undefined && textOf(name) !== '';
  return {
    ...{ linkBytes: numberOf(linkBytes), cpuMs: took, cpus: could },
    disk: isDisk ? { name: textOf(name), busyMs: busy } : undefined,
  };
}

function beneathIn(given: unknown): Beneath | undefined {
  const { disks, failuresSurvived } = objectOf(given) ?? {};
  const survived = numberOf(failuresSurvived);
  const names = listOf(disks);
  if (survived === undefined || names.length === 0 || names.length > DISKS_MAX) return undefined;
  if (!names.every((name) => typeof name === 'string')) return undefined;
  return { disks: names.map(textOf), failuresSurvived: survived };
}

function objectIn(text: string | undefined): Given | undefined {
  if (text === undefined) return undefined;
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined; // It says nothing then.
  }
}

function objectOf(given: unknown): Given | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined;
  return given as Given;
}

function listOf(given: unknown): readonly unknown[] {
  return Array.isArray(given) ? given : [];
}

function numberOf(given: unknown): number | undefined {
  if (typeof given !== 'number' || !(given >= 0) || given > Number.MAX_SAFE_INTEGER)
    return undefined;
  return Math.round(given);
}

function textOf(given: unknown): string {
  return typeof given === 'string' ? given.slice(0, TEXT_MAX) : '';
}
