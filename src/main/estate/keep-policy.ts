/** `last=7,daily=14,within=30d`: a retention policy as people type it. */
import { Fault } from '../../base/fault.ts';
import { days } from '../../base/units.ts';
import type { RetentionPolicy } from '../../vault/core/retention.ts';
import { parseTimeLimit } from '../cli/time-limit.ts';

const COUNTS = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly', 'floor'] as const;
const MIN_AGE_MS = days(7);

/** @throws Fault HF_USAGE */
export function parseKeep(text: string, command: string): RetentionPolicy {
  const policy: Record<string, number> = { minAgeMs: MIN_AGE_MS, floor: 1 };
  for (const part of text.split(',')) {
    const [key = '', value = ''] = part.trim().split('=');
    if (COUNTS.some((count) => count === key) && /^\d{1,5}$/.test(value))
      policy[key] = Number(value);
    else if (key === 'within') policy.withinMs = parseTimeLimit(value, command, '--keep within');
    else if (key === 'min-age') policy.minAgeMs = parseTimeLimit(value, command, '--keep min-age');
    else throw wrong(part, command);
  }
  return { ...policy, minAgeMs: policy.minAgeMs ?? MIN_AGE_MS, floor: policy.floor ?? 1 };
}

function wrong(part: string, command: string): Fault {
  const message = `${JSON.stringify(part)} is no rule of --keep; write last=7,daily=14,weekly=8,monthly=12,yearly=3,within=30d,min-age=7d,floor=3`;
  return new Fault('HF_USAGE', message, { command });
}
