/** Names that are Holdfast's own inside trees of others. */
import type { ByteString } from './bytes.ts';

/** Where what a plan replaced or deleted is kept: docs/format/guard-journal.md. */
export const QUARANTINE_NAME = '.holdfast-undo';

const QUARANTINE = /^\.holdfast-undo(?:-\d+)?$/;

/**
 * Whether a directory of this name holds what was set aside. It is left out of every listing,
 * capture and sync: what lies in it belongs to plans, and to nobody's tree.
 *
 * @param name one component
 */
export function isQuarantineName(name: ByteString): boolean {
  return QUARANTINE.test(name);
}
