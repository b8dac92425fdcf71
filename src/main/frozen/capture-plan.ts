/** How a data set is held still, and what is run around its capture: as the configuration says it. */
import type { ByteString } from '../../base/bytes.ts';
import { durationMs, type DurationMs, minutes } from '../../base/units.ts';
import type { CaptureConfig, CaptureWord, DataSetConfig } from '../../wire/config.ts';

export type Argv = readonly string[];

/** Commands in order, each a program and its arguments. */
export interface HookPlan {
  readonly before: readonly Argv[];
  readonly thaw: readonly Argv[];
  readonly failed: readonly Argv[];
  readonly after: readonly Argv[];
  /** What each of them may take. */
  readonly limit: DurationMs;
}

export interface FreezePlan {
  readonly word: CaptureWord;
  readonly options: CaptureConfig;
  readonly limit: DurationMs;
  /** What relative paths in the options are relative to. */
  readonly base: ByteString;
}

export interface CapturePlan {
  readonly hooks: HookPlan;
  /** Undefined: it is read as it lies. */
  readonly freeze: FreezePlan | undefined;
}

const LIMIT_USUAL = minutes(10);

export const NO_HOOKS: HookPlan = {
  before: [],
  thaw: [],
  failed: [],
  after: [],
  limit: LIMIT_USUAL,
};

export const AS_IT_LIES: CapturePlan = { hooks: NO_HOOKS, freeze: undefined };

/** @param base directory of the configuration */
export function planOf(dataSet: DataSetConfig, base: ByteString): CapturePlan {
  const { before = [], thaw = [], failed = [], after = [], capture } = dataSet;
  const given = dataSet['hook-limit'];
  const limit = given === undefined ? LIMIT_USUAL : durationMs(given);
  return {
    hooks: { before, thaw, failed, after, limit },
    freeze: capture === undefined ? undefined : { word: capture, options: dataSet, limit, base },
  };
}

export function isPlain({ hooks, freeze }: CapturePlan): boolean {
  const { before, thaw, failed, after } = hooks;
  const count = before.length + thaw.length + failed.length + after.length;
  return freeze === undefined && count === 0;
}
