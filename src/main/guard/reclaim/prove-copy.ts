/**
 * Whether a snapshot holds all of a directory of a quarantine: each byte is read back from the vault
 * and compared with its digest, each byte and attribute of the directory with the snapshot.
 */
import { byteString } from '../../../base/bytes.ts';
import { sayName } from '../../../base/say-name.ts';
import { countOf } from '../../../base/say-quantity.ts';
import type { Entry } from '../../../manifest/core/entry.ts';
import { walkEntries } from '../../../manifest/core/walk.ts';
import type { DrillResult } from '../../../recover/core/drill-result.ts';
import { openSnapshotRoots } from '../../../recover/shell/snapshot-roots.ts';
import { findSnapshot, listSnapshots } from '../../../vault/shell/snapshot-store.ts';
import { loadIndex } from '../../../vault/shell/vault-index.ts';
import type { Opened } from '../../cli/open.ts';
import { runDrill } from '../../run-drill.ts';
import { restorePorts } from '../../run-restore.ts';

/**
 * @param opened to prove: nothing of it comes from what was kept here
 * @param of.isFreed it was compared before, and was being freed since: only the vault is read
 * @returns why it is not proven
 */
export async function whyNotProven(
  { session, settings }: Opened,
  of: { readonly snapshot: string; readonly isFreed: boolean },
): Promise<string | undefined> {
  const { snapshots } = await listSnapshots(session.vault);
  const snapshot = findSnapshot(session.vault, snapshots, { wanted: of.snapshot });
  const drilled = await runDrill(session, {
    ...{ snapshot, scratch: byteString(`${settings.state.value}/scratch`) },
    ...{ rereadOnly: true, withoutEngines: true },
  });
  const why = whyNotRead(drilled) ?? (of.isFreed ? undefined : whyNotEqual(drilled));
  if (why !== undefined) return why;
  const { access } = await loadIndex(session.vault);
  try {
    const ports = restorePorts(session, access);
    const { identity } = ports.tree;
    const groups = new Set([identity.gid, ...(process.getgroups?.() ?? [])]);
    const isOurs = ({ uid, gid }: Entry): boolean =>
      identity.uid === 0 || (uid === identity.uid && groups.has(gid));
    for (const { manifest } of openSnapshotRoots(ports, { snapshot }).roots) {
      for (const entry of walkEntries(manifest)) {
        const lack = isOurs(entry)
          ? lackOf(entry)
          : 'is of another user: only root could put it back';
        if (lack !== undefined) return `${sayName(entry.path)} ${lack}`;
      }
    }
    return undefined;
  } finally {
    session.line.packs.close();
  }
}

function whyNotRead({ failedFiles, failedCount }: DrillResult): string | undefined {
  if (failedCount === 0) return undefined;
  const [failed] = failedFiles;
  const first = failed === undefined ? '' : `: ${sayName(failed.path)}: ${failed.why}`;
  return `${countOf(failedCount, 'file')} could not be read back from the vault${first}`;
}

/** Nobody works in a quarantine: whatever differs is a difference. */
function whyNotEqual({ source }: DrillResult): string | undefined {
  if (!source.isCompared) return source.why;
  const { changedSince, notInSnapshot, unexplained, unexplainedCount } = source;
  const differs = changedSince + notInSnapshot + unexplainedCount;
  if (differs === 0) return undefined;
  const [first] = unexplained;
  const named = first === undefined ? '' : `: ${sayName(first.path)}`;
  return `${countOf(differs, 'difference')} between the snapshot and what is kept${named}`;
}

/** What a snapshot says of itself that it does not hold. */
function lackOf({ unreadable, notEntered, inFlux, notKept }: Entry): string | undefined {
  if (unreadable !== undefined) return `could not be read (${unreadable})`;
  if (notEntered !== undefined) return `was left out (${notEntered})`;
  if (inFlux === true) return 'changed while it was read';
  return notKept === undefined
    ? undefined
    : `has attributes that cannot be read (${notKept.join(', ')})`;
}
