/** Composes a restore with the real world around it. */
import os from 'node:os';
import { nodeSource } from '../adapters/node/source.ts';
import { nodeTreeWriter } from '../adapters/node/tree-writer.ts';
import type { ObjectReader } from '../recover/shell/object-reader.ts';
import { inlineRestoreCrew, type RestoreCrew } from '../recover/shell/restore-crew.ts';
import { restore, type RestoreReport, type RestoreRequest } from '../recover/shell/restore.ts';
import type { stateOfTarget } from '../recover/shell/restore-target.ts';
import { vaultObjectReader } from '../recover/shell/vault-object-reader.ts';
import { type ListedSnapshot, readSnapshotContent } from '../vault/shell/snapshot-store.ts';
import type { ObjectPlaces, VaultAccess } from '../vault/shell/vault-access.ts';
import { loadIndex, type VaultIndex } from '../vault/shell/vault-index.ts';
import { ThreadRestoreCrew } from './threads/restore-pool.ts';
import type { VaultSession } from './vault-session.ts';

/** Starting threads takes a tenth of a second: below these it is not worth it. */
const THREADS_ENTRIES_MIN = 2000;
const THREADS_BYTES_MIN = 64n * 1024n * 1024n;
const THREADS_MAX = 8;

/** @param index where it was loaded already */
export async function runRestore(
  session: VaultSession,
  request: RestoreRequest,
  index?: VaultIndex,
): Promise<RestoreReport> {
  const { access } = index ?? (await loadIndex(session.vault));
  const crew = crewFor(session, access, request.snapshot);
  try {
    return await restore({ ...restorePorts(session, access), crew }, request);
  } finally {
    await crew.close();
    session.line.packs.close();
  }
}

export interface ReadingParts {
  readonly vault: VaultSession['vault'];
  readonly clock: VaultSession['clock'];
  readonly reader: ObjectReader;
  readonly tree: ReturnType<typeof nodeTreeWriter>;
  readonly source: ReturnType<typeof nodeSource>;
}

/** Enough to look into a target. */
export function readsTarget({ tools }: VaultSession): Parameters<typeof stateOfTarget>[0] {
  return { tools, tree: nodeTreeWriter(), source: nodeSource() };
}

/** What this thread reads and writes with. */
export function restorePorts(
  session: VaultSession,
  access: VaultAccess | ObjectPlaces,
): ReadingParts {
  const { vault, clock, tools, line } = session;
  const reader = vaultObjectReader(access, tools, line.packs.readRange);
  return { vault, clock, reader, tree: nodeTreeWriter(), source: nodeSource() };
}

/** As many hands as the size of a snapshot is worth. */
export function crewFor(
  session: VaultSession,
  access: VaultAccess,
  { record }: ListedSnapshot,
): RestoreCrew {
  const { roots } = readSnapshotContent(session.vault, record);
  const entries = roots.reduce((sum, root) => sum + root.entries, 0);
  const bytes = roots.reduce((sum, root) => sum + root.bytes, 0n);
  const isSmall = entries < THREADS_ENTRIES_MIN && bytes < THREADS_BYTES_MIN;
  return restoreCrew(session, access, isSmall ? 1 : threadCount());
}

/** Threads, or this one where `size` is 1. */
export function restoreCrew(session: VaultSession, access: VaultAccess, size: number): RestoreCrew {
  const { tools, line } = session;
  if (size === 1) return inlineRestoreCrew({ ...restorePorts(session, access), tools });
  return new ThreadRestoreCrew({ sharePacks: line.sharePacks, access, size });
}

export function threadCount(): number {
  return Math.max(1, Math.min(THREADS_MAX, os.availableParallelism()));
}
