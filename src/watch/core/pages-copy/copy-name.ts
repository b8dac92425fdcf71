/** Names of the copies of the page: what is ours in a place that may hold other files. */
import { isoTimeOf } from '../../../base/iso-time.ts';
import type { UnixMs } from '../../../base/units.ts';

export const COPY_PREFIX = 'holdfast-exposure-';
const NAME = /^holdfast-exposure-\d{8}T\d{6}Z\.html$/;

/** `holdfast-exposure-20261121T104210Z.html` */
export function copyName(at: UnixMs): string {
  const iso = isoTimeOf(at)
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  return `${COPY_PREFIX}${iso}.html`;
}

export function isCopyName(name: string): boolean {
  return NAME.test(name);
}

/**
 * What goes once `written` is durable: the oldest by name, and never that one, which a clock that was
 * set back may have given an old name. What is not ours stays.
 */
export function copiesToForget(
  there: readonly string[],
  { written, keep }: { readonly written: string; readonly keep: number },
): readonly string[] {
  const others = there.filter((name) => isCopyName(name) && name !== written).sort();
  return others.slice(0, Math.max(0, others.length - (keep - 1)));
}
