import { Fault } from '../../base/fault.ts';
import type { SnapshotContent } from '../../vault/core/snapshot-content.ts';
import type { Vault } from '../../vault/shell/open-vault.ts';
import {
  type ListedSnapshot,
  readSnapshotContent,
  shortId,
} from '../../vault/shell/snapshot-store.ts';

/**
 * What a snapshot says, if its writer is trusted.
 *
 * @param isUnsigned somebody said that it does not matter who wrote it
 * @throws Fault HF_SNAPSHOT_UNTRUSTED and as `readSnapshotContent`
 */
export function trustedContent(
  vault: Vault,
  { record, trust }: ListedSnapshot,
  isUnsigned: boolean,
): SnapshotContent {
  if (trust !== 'trusted' && !isUnsigned) {
    const writer = record.writer.slice(0, 16);
    const message = `nobody vouches for the writer of snapshot ${shortId(record.id)}`;
    throw new Fault('HF_SNAPSHOT_UNTRUSTED', message, { writer });
  }
  return readSnapshotContent(vault, record);
}
