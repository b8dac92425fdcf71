/** Names that are Holdfast's own inside trees of others. */
import type { ByteString } from './bytes.ts';

/** Where what a plan replaced or deleted is kept: docs/format/guard-journal.md. */
export const QUARANTINE_NAME = '.holdfast-undo';

/** An empty directory that is there for a moment, while a place is tried. */
export const TRIAL_NAME = '.holdfast-undo-trial';

const QUARANTINE = /^\.holdfast-undo(?:-\d+|-trial)?$/;

/**
 * Whether a directory of this name holds what was set aside. It is left out of every listing,
 * capture and sync: what lies in it belongs to plans, and to nobody's tree.
 *
 * @param name one component
 */
export function isQuarantineName(name: ByteString): boolean {
  return QUARANTINE.test(name);
}

/** Whether `path` leads to or through such a directory. */
export function isInQuarantine(path: ByteString): boolean {
  return path.includes(QUARANTINE_NAME) && path.split('/').some((name) => QUARANTINE.test(name));
}
