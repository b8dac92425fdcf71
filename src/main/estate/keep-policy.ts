/** `last=7,daily=14,within=30d`: a retention policy as people type it, or as holdfast.yaml has it. */
import { Fault } from '../../base/fault.ts';
import { type DurationMs, days, hours, minutes, seconds } from '../../base/units.ts';
import type { RetentionPolicy } from '../../vault/core/retention.ts';
import type { KeepConfig } from '../../wire/keep-config.ts';
import { parseTimeLimit } from '../cli/time-limit.ts';

const COUNTS = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly', 'floor'] as const;
const MIN_AGE_MS = days(7);
const UNITS: readonly (readonly [string, DurationMs])[] = [
  ['d', days(1)],
  ['h', hours(1)],
  ['m', minutes(1)],
  ['s', seconds(1)],
];

/** @throws Fault HF_USAGE */
export function parseKeep(text: string, command: string): RetentionPolicy {
  const policy: Record<string, number> = {};
  const tags: string[] = [];
  for (const part of text.split(',')) {
    const [key = '', value = ''] = part.trim().split('=');
    if (COUNTS.some((count) => count === key) && /^\d{1,5}$/.test(value))
      policy[key] = Number(value);
    else if (key === 'within') policy.withinMs = parseTimeLimit(value, command, '--keep within');
    else if (key === 'min-age') policy.minAgeMs = parseTimeLimit(value, command, '--keep min-age');
    else if (key === 'tag' && value !== '') tags.push(value);
    else throw wrong(part, command);
  }
  return {
    ...policy,
    ...(tags.length === 0 ? {} : { tags }),
    ...{ minAgeMs: policy.minAgeMs ?? MIN_AGE_MS, floor: policy.floor ?? 1 },
  };
}

/** The same of `keep` in holdfast.yaml. */
export function keepOfConfig(given: KeepConfig, command: string): RetentionPolicy {
  const { within, 'min-age': minAge, floor = 1, ...rest } = given;
  return {
    ...rest,
    ...(within === undefined ? {} : { withinMs: parseTimeLimit(within, command, 'keep.within') }),
    minAgeMs: minAge === undefined ? MIN_AGE_MS : parseTimeLimit(minAge, command, 'keep.min-age'),
    floor,
  };
}

/** As it can be given to `--keep` again, in one order. */
export function keepText(policy: RetentionPolicy): string {
  const counts = COUNTS.flatMap((key) => {
    const value = policy[key];
    return value === undefined || key === 'floor' ? [] : [`${key}=${value}`];
  });
  const within = policy.withinMs === undefined ? [] : [`within=${spanText(policy.withinMs)}`];
  const tags = (policy.tags ?? []).map((tag) => `tag=${tag}`);
  const always = [`min-age=${spanText(policy.minAgeMs)}`, `floor=${policy.floor}`];
  return [...counts, ...within, ...tags, ...always].join(',');
}

function spanText(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms % each === 0) ?? ['s', seconds(1)];
  return `${Math.round(ms / size)}${unit}`;
}

function wrong(part: string, command: string): Fault {
  const message = `${JSON.stringify(part)} is no rule of --keep; write last=7,daily=14,weekly=8,monthly=12,yearly=3,within=30d,tag=NAME,min-age=7d,floor=3`;
  return new Fault('HF_USAGE', message, { command });
}
