/** Drills over the estate, as pages show them: plain data, as of one moment. */
import type { UnixMs } from '../base/units.ts';
import type { EstateDrill } from '../watch/core/drills/estate-drill.ts';
import type { DrillRules, DrillWait } from '../watch/core/drills/plan-drills.ts';
import type { NotTaken } from '../watch/core/drills/restore-hosts.ts';

export type DrillShown = Pick<
  EstateDrill,
  'job' | 'host' | 'dataSet' | 'point' | 'which' | 'of' | 'by' | 'askedAt' | 'end'
>;

export interface DrillPlannedShown {
  readonly dataSet: string;
  readonly wait: DrillWait;
  /** Undefined: it never was, or nothing is drilled by itself. */
  readonly dueAt: UnixMs | undefined;
  readonly host: string | undefined;
  readonly which: EstateDrill['which'] | undefined;
  readonly bytes: number | undefined;
  readonly isAtSource: boolean;
  readonly cannot: readonly NotTaken[];
  /** The newest of it that measured something, however many others came since. */
  readonly last: DrillShown | undefined;
}

export interface DrillsShown {
  /** Newest first. */
  readonly drills: readonly DrillShown[];
  readonly total: number;
  /** In their turn. */
  readonly planned: readonly DrillPlannedShown[];
  readonly rules: Pick<DrillRules, 'eachMs' | 'bytesMax' | 'busyMaxMs' | 'atOnce'>;
  readonly restoreHosts: readonly string[];
}
