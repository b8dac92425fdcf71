/** `90s`, `15m`, `2h`: limits as people type them. */
import { Fault } from '../../base/fault.ts';
import { days, type DurationMs, hours, minutes, seconds } from '../../base/units.ts';

const UNITS = { s: seconds, m: minutes, h: hours, d: days } as const;

/** @throws Fault HF_USAGE */
export function parseTimeLimit(text: string, command: string, option = '--limit'): DurationMs {
  const match = /^(\d{1,5})(s|m|h|d)$/.exec(text);
  const unit = match?.[2] as keyof typeof UNITS | undefined;
  if (unit !== undefined && Number(match?.[1]) > 0) return UNITS[unit](Number(match?.[1]));
  const message = `${option} takes a time from 1s on, such as 90s, 15m or 2h`;
  throw new Fault('HF_USAGE', message, { command });
}
