/** Composes a check with the real world around it. */
import { byteString } from '../base/bytes.ts';
import { type CheckCrew, inlineCheckCrew } from '../vault/shell/check-crew.ts';
import { type CheckReport, type CheckRequest, checkVault } from '../vault/shell/check-vault.ts';
import { loadIndex, type VaultIndex } from '../vault/shell/vault-index.ts';
import { vaultReaderFrom } from '../vault/shell/vault-objects.ts';
import { threadCount } from './run-restore.ts';
import { ThreadCheckCrew } from './threads/check-pool.ts';
import { readPacks } from './threads/read-packs.ts';
import type { VaultSession } from './vault-session.ts';

/** Below this many groups threads cost more than they bring. */
const THREADS_GROUPS_MIN = 400;
const GROUP_WORDS = 4;
/** Threads wait for the medium half of the time. */
const THREADS_EACH = 2;

export async function runCheck(session: VaultSession, request: CheckRequest): Promise<CheckReport> {
  const { vault, clock, disk, tools, root } = session;
  const index = await loadIndex(vault);
  const { readObject } = vaultReaderFrom(index.access, tools, readPacks(disk, root));
  const crew = checkCrew(session, index);
  try {
    return await checkVault({ vault, index, readObject, clock, crew }, request);
  } finally {
    await crew.close();
  }
}

function checkCrew(session: VaultSession, { access }: VaultIndex): CheckCrew {
  const { root, tools, disk } = session;
  if (access.groups.length / GROUP_WORDS >= THREADS_GROUPS_MIN) {
    return new ThreadCheckCrew({ root, access, size: THREADS_EACH * threadCount() });
  }
  const openPack = (pack: string) => disk.openRead(byteString(`${root}/packs/${pack}`));
  return inlineCheckCrew({ tools, readRange: readPacks(disk, root), openPack }, access);
}
