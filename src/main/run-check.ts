/** Composes a check with the real world around it. */
import { Fault } from '../base/fault.ts';
import { checkUntilSure } from '../vault/shell/check-again.ts';
import { type CheckCrew, inlineCheckCrew } from '../vault/shell/check-crew.ts';
import type { CheckReport, CheckRequest } from '../vault/shell/check-request.ts';
import { checkVault } from '../vault/shell/check-vault.ts';
import type { CheckedPackNote } from '../vault/shell/damaged-packs.ts';
import { loadIndex, type VaultIndex } from '../vault/shell/vault-index.ts';
import { vaultReaderFrom } from '../vault/shell/vault-objects.ts';
import { threadCount } from './run-restore.ts';
import { ThreadCheckCrew } from './threads/check-pool.ts';
import { damagedPacksOf, directVault, type VaultSession } from './vault-session.ts';

/** Below this many groups threads cost more than they bring. */
const THREADS_GROUPS_MIN = 400;
const GROUP_WORDS = 4;
/** Threads wait for the medium half of the time. */
const THREADS_EACH = 2;

/** What it found damaged is noted on this host: the next backup stores that anew. */
export async function runCheck(session: VaultSession, request: CheckRequest): Promise<CheckReport> {
  const { store } = directVault(session);
  try {
    const look = (wanted: CheckRequest) => lookOnce(session, wanted);
    const { report, seen } = await checkUntilSure(store, request, look);
    const unnoted = unnotedOf(session, seen);
    return unnoted === undefined ? report : { ...report, unnoted };
  } finally {
    session.line.packs.close();
  }
}

async function lookOnce(session: VaultSession, request: CheckRequest): Promise<CheckReport> {
  const { clock, tools, line } = session;
  const vault = directVault(session);
  const index = await loadIndex(vault);
  const { readObject } = vaultReaderFrom(index.access, tools, line.packs.readRange);
  const crew = checkCrew(session, index);
  try {
    return await checkVault({ vault, index, readObject, clock, crew }, request);
  } finally {
    await crew.close();
  }
}

/** @returns why what was found could not be noted; it is true all the same */
function unnotedOf(session: VaultSession, seen: Iterable<CheckedPackNote>): string | undefined {
  try {
    damagedPacksOf(session).note(seen);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

function checkCrew(session: VaultSession, { access }: VaultIndex): CheckCrew {
  const { tools, line } = session;
  if (access.groups.length / GROUP_WORDS >= THREADS_GROUPS_MIN) {
    return new ThreadCheckCrew({
      sharePacks: line.sharePacks,
      access,
      size: THREADS_EACH * threadCount(),
    });
  }
  return inlineCheckCrew({ tools, ...line.packs }, access);
}
