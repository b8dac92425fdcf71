/** Pages of snapshots, by as little of the index as they need. */
import { Fault } from '../base/fault.ts';
import { openIndexFiles } from '../vault/shell/index-files.ts';
import type { SnapshotPorts } from '../recover/shell/snapshot-roots.ts';
import { vaultObjectReader } from '../recover/shell/vault-object-reader.ts';
import type { ObjectPlaces, VaultAccess } from '../vault/shell/vault-access.ts';
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
  read: (parts: SnapshotPorts) => T,
): Promise<T> {
  const found = await inPlace(session, read);
  if (found !== undefined) return found.value;
  const { loadIndex } = await import('../vault/shell/vault-index.ts');
  const { access } = await loadIndex(session.vault);
  return read(readingBy(session, access));
}

async function inPlace<T>(
  session: VaultSession,
  read: (parts: SnapshotPorts) => T,
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
      return { value: read(readingBy(session, files)) };
    } finally {
      files.close();
    }
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** Nothing of what a restore needs besides. */
function readingBy(
  { vault, tools, line }: VaultSession,
  access: VaultAccess | ObjectPlaces,
): SnapshotPorts {
  return { vault, reader: vaultObjectReader(access, tools, line.packs.readRange) };
}
