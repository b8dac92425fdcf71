import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { findEntry, type Manifest } from '../../manifest/core/walk.ts';
import type { SnapshotRoot } from '../../vault/core/snapshot-content.ts';

/**
 * Whether a root is a directory. Where the page that says so is lost: a file is one entry.
 *
 * @throws Fault of kind `transient`
 */
export function isDirRoot(manifest: Manifest, root: SnapshotRoot): boolean {
  try {
    return findEntry(manifest, byteString(''))?.type === 'dir';
  } catch (error) {
    if (!(error instanceof Fault) || error.kind === 'transient') throw error;
    return root.entries > 1;
  }
}
