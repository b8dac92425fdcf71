import type { AlertMark } from './alert.ts';

const ORDER: readonly AlertMark[] = ['ok', 'degraded', 'unknown', 'failed'];

/** The greater, the worse. */
export function markRank(mark: AlertMark): number {
  return ORDER.indexOf(mark);
}

export function worseMark(a: AlertMark, b: AlertMark): AlertMark {
  return markRank(a) >= markRank(b) ? a : b;
}
