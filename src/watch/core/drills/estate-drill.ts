/** A drill over the estate as its server keeps it: given to a restore host as one job, and how it ended. */
import type { UnixMs } from '../../../base/units.ts';
import type { AgentId } from '../agent/messages.ts';
import type { Beneath } from '../place.ts';
import type { SpentOn } from './drill-spent.ts';

export interface EstateDrill {
  /** Drawn by this server: nobody else knows it before its agent hears it. */
  readonly job: string;
  readonly agent: AgentId;
  /** The restore host. */
  readonly host: string;
  /** As the estate names it, `HOST:NAME`. */
  readonly dataSet: string;
  /** Id of the recovery point: the SHA-256 of the snapshot with all that it refers to. */
  readonly point: string;
  /** As the host of the data set names them in its report. */
  readonly vault: string;
  readonly copy: string;
  /** What that report said of the point; undefined: nothing but that it is there. */
  readonly expects: { readonly bytes: number; readonly entries: number | undefined } | undefined;
  readonly which: WhichPoint;
  /** What a random one was drawn by, and from how many. */
  readonly seed: string;
  readonly of: number;
  readonly by: string;
  readonly askedAt: UnixMs;
  /** What it takes of the budget. */
  readonly bytes: number;
  readonly end?: DrillEnd | undefined;
}

export type WhichPoint = 'newest' | 'random';

export type DrillVerdict =
  /** Restored, compared, thrown away. */
  | 'drilled'
  /** Every byte was read and compared; there was no room to restore it. */
  | 're-read'
  /** It was restored, and is not right. */
  | 'broken'
  /** What came back is no answer to what was asked: it proves nothing, and is worth a look. */
  | 'mismatch'
  | 'failed'
  | 'refused'
  | 'cancelled'
  | 'lost';

export interface DrillEnd {
  readonly verdict: DrillVerdict;
  readonly why: string;
  readonly endedAt: UnixMs;
  /** Of what proved something. */
  readonly measured?: DrillMeasured | undefined;
}

export interface DrillMeasured {
  readonly bytes: number;
  readonly entries: number;
  /** Of the restore, until all was on the medium. */
  readonly tookMs: number;
  readonly totalMs: number;
  readonly isPastCache: boolean;
  /** Undefined: nothing in it needs one. */
  readonly engineStarted: boolean | undefined;
  readonly engines: string;
  readonly gapCount: number;
  readonly mediumOfVault: string;
  readonly mediumOfScratch: string;
  /** Disks of the restore host below scratch, where it knows them. */
  readonly beneath: Beneath | undefined;
  /** Undefined: its agent does not say. */
  readonly spent?: SpentOn | undefined;
  /** What kept it from being faster, where that was measured. */
  readonly bottleneck: string | undefined;
}

const NAME_DIGITS = 58;

/** How the job is called: an agent that does not know of it has no job of that name. */
export function jobNameOf(point: string): string {
  return `point-${point.slice(0, NAME_DIGITS)}`;
}

/** The digits of a snapshot that such a name asks for; undefined where it is none. */
export function pointAsked(name: string): string | undefined {
  return /^point-([0-9a-f]{58})$/.exec(name)?.[1];
}
