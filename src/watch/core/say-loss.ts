/** What would be lost, and how long it would be out, in words that every page and command shares. */
import { formatDuration, formatInterval } from '../../base/say-time.ts';
import type { Loss } from './loss.ts';
import type { Outage } from './outage.ts';

export function unknownWords(atLeastMs: number | undefined): string {
  if (atLeastMs === undefined || atLeastMs < 1000) return 'unknown';
  return `unknown, ${formatDuration(atLeastMs, { rounding: 'down', detail: 'rough' })} or more`;
}

/** One figure where both ends say the same, rounded up: never less than what may be lost. */
export function windowWords(loss: Extract<Loss, { kind: 'window' }>): string {
  const { atLeastMs, atMostMs } = loss;
  if (atMostMs !== undefined && atMostMs <= atLeastMs * 1.05) {
    return formatDuration(atMostMs, { rounding: 'up', detail: 'rough' });
  }
  if (atMostMs !== undefined && atLeastMs === 0) {
    return `up to ${formatDuration(atMostMs, { rounding: 'up', detail: 'rough' })}`;
  }
  return formatInterval(loss);
}

export function lastWords(loss: Extract<Loss, { kind: 'window' }>): string {
  const words = windowWords(loss);
  return /^\d/.test(words) ? `the last ${words}` : words;
}

export function outageWords(outage: Outage): string {
  switch (outage.kind) {
    case 'not out':
      return 'not out';
    case 'for good':
      return 'for good';
    case 'unknown':
      return 'unknown';
    case 'interval':
      if (outage.atMostMs === undefined && outage.atLeastMs < 100) return 'unknown';
      return formatInterval(outage);
  }
}

/** `nothing`, `14 min`, `at least 22 h`, `all of it`, `unknown`. */
export function lossWords(loss: Loss): string {
  switch (loss.kind) {
    case 'nothing':
      return 'nothing';
    case 'window':
      return windowWords(loss);
    case 'unknown':
      return unknownWords(loss.atLeastMs);
    case 'all':
      return 'all of it';
  }
}
