/** Pages of snapshots, by as little of the index as they need. */
import { Fault } from '../base/fault.ts';
import { openIndexFiles } from '../vault/shell/index-files.ts';
import { loadIndex } from '../vault/shell/vault-index.ts';
import { type ReadingParts, restorePorts } from './run-restore.ts';
import type { VaultSession } from './vault-session.ts';

/**
 * Reads with indexes in place where the vault lies in a directory here, and all over again with the whole index
 * where anything was not found or damaged so: that bears it, or says what is the matter.
 *
 * @param read has no other effect than what it returns
 * @throws what `read` throws by the whole index
 */
export async function byIndex<T>(
  session: VaultSession,
  read: (parts: ReadingParts) => T,
): Promise<T> {
  const found = await inPlace(session, read);
  if (found !== undefined) return found.value;
  const { access } = await loadIndex(session.vault);
  return read(restorePorts(session, access));
}

async function inPlace<T>(
  session: VaultSession,
  read: (parts: ReadingParts) => T,
): Promise<{ readonly value: T } | undefined> {
  const { line, disk, tools, vault } = session;
  if (line.place.kind !== 'directory') return undefined;
  const { vault: id, idKey, namesKey, contentKey } = vault.keyring;
  const indexes = await line.store.list('index/');
  const keys = { vault: id, idKey, namesKey, contentKey };
  try {
    const files = openIndexFiles({
      disk,
      codec: tools.codec,
      root: line.place.root,
      keys,
      indexes,
    });
    if (files === undefined) return undefined;
    try {
      return { value: read(restorePorts(session, files)) };
    } finally {
      files.close();
    }
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
