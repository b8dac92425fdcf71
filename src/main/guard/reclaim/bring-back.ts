/** What was reclaimed comes back from the vault into the quarantine: then it is undone as ever. */
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { Fault } from '../../../base/fault.ts';
import { sayName } from '../../../base/say-name.ts';
import { countOf } from '../../../base/say-quantity.ts';
import { partOf } from '../../../guard/shell/kept-places.ts';
import {
  forgetReclaimed,
  readReclaimed,
  type Reclaimed,
  type ReclaimedPlace,
} from '../../../guard/shell/reclaimed.ts';
import { aboveOf, lastOf } from '../../../guard/shell/target-tree.ts';
import { refusalOf } from '../../../guard/shell/tree-errno.ts';
import { TreeFailure } from '../../../host/tree-writer.ts';
import { utf8Of } from '../../../manifest/core/utf8.ts';
import { findSnapshot, listSnapshots } from '../../../vault/shell/snapshot-store.ts';
import { faultOf } from '../../../recover/shell/restore-target.ts';
import type { Cli } from '../../cli/cli.ts';
import { type Opened, openWith } from '../../cli/open.ts';
import { readSettings, type VaultOptions, vaultOf } from '../../cli/settings.ts';
import { runRestore } from '../../run-restore.ts';
import { nameOfPlace } from '../../vault-place.ts';
import type { GuardSession } from '../guard-session.ts';
import { type Kept, removePlace } from '../release-plan.ts';
import { demandMounted, keptHere, whileLeased } from '../release-undo.ts';

/**
 * Nothing where what `id` kept lies in the quarantine. Killed anywhere it begins anew the next time:
 * the vault has it until it is there whole, on the medium.
 *
 * @throws Fault HF_UNDO_IN_VAULT, HF_UNDO_ABSENT, HF_PLAN_LEASED, and as a restore
 */
export async function bringBack(
  cli: Cli,
  session: GuardSession,
  { id, options }: { readonly id: string; readonly options: VaultOptions },
): Promise<void> {
  const planDir = session.store.dirOf(id);
  if (readReclaimed(session.ports, planDir) === undefined) return;
  const [kept] = keptHere(session, (each) => each === id);
  if (kept === undefined) return;
  await whileLeased(session, kept, async () => {
    const reclaimed = readReclaimed(session.ports, planDir);
    if (reclaimed === undefined) return;
    // On the disk below its mount point nobody would look for it.
    demandMounted(session, id);
    const opened = await openedFor(cli, { id, options, reclaimed });
    const from = sayName(nameOfPlace(opened.session.line.place), cli.terminal.errorStyle);
    cli.terminal.err(`What ${id} set aside comes back from the vault ${from}.\n`);
    for (const place of reclaimed.places) {
      await putPlace(session, { opened, place, kept }).catch((error: unknown) => {
        throw faultOf(place.path, error);
      });
    }
    forgetReclaimed(session.ports, planDir);
  });
}

/**
 * That a vault has what `id` kept, looked at and not fetched: nothing is changed.
 *
 * @throws Fault HF_UNDO_IN_VAULT
 */
export async function lookInVault(
  cli: Cli,
  of: { readonly id: string; readonly options: VaultOptions; readonly reclaimed: Reclaimed },
): Promise<void> {
  const opened = await openedFor(cli, of);
  for (const { snapshot } of of.reclaimed.places) await snapshotIn(opened, snapshot);
}

async function snapshotIn({ session: { vault } }: Opened, wanted: string) {
  const { snapshots } = await listSnapshots(vault);
  return findSnapshot(vault, snapshots, { wanted });
}

async function openedFor(
  cli: Cli,
  of: { readonly id: string; readonly options: VaultOptions; readonly reclaimed: Reclaimed },
): Promise<Opened> {
  const { id, options, reclaimed } = of;
  const place = utf8Of(reclaimed.vault.place);
  try {
    const settings = await readSettings(cli, { vault: place, ...options });
    const opened = await openWith(cli, settings, options);
    if (opened.session.vault.id === reclaimed.vault.id) return opened;
    const other = utf8Of(nameOfPlace(vaultOf(settings)));
    throw new Fault('HF_VAULT_ABSENT', `another vault lies at ${other}`, { place: other });
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    const why = `what ${id} set aside lies in the vault ${place}: ${cause.message}`;
    throw new Fault('HF_UNDO_IN_VAULT', why, { plan: id, vault: place }, { cause });
  }
}

/**
 * Beside its place, and then by one rename. What was left there when it was freed goes only when all
 * of it is here: it may be whole, and the vault not.
 */
async function putPlace(
  session: GuardSession,
  of: { readonly opened: Opened; readonly place: ReclaimedPlace; readonly kept: Kept },
): Promise<void> {
  const { opened, place, kept } = of;
  const part = partOf(place.path);
  makeQuarantine(session, aboveOf(place.path));
  demandRemoved(session, part);
  const snapshot = await snapshotIn(opened, place.snapshot);
  const report = await runRestore(opened.session, { snapshot, target: part });
  if (!report.isWhole || report.gapCount > 0 || report.unset.length > 0) {
    const failed = countOf(report.failureCount + report.gapCount, 'file');
    const [unset] = report.unset;
    const what =
      unset === undefined ? `${failed} did not come back` : `${unset.what} could not be set`;
    const vault = utf8Of(nameOfPlace(opened.session.line.place));
    const facts = { plan: kept.original.id, vault };
    throw new Fault(
      'HF_UNDO_IN_VAULT',
      `what lies in the vault did not come back whole: ${what}`,
      facts,
    );
  }
  demandRemoved(session, place.path);
  renamed(session, part, place.path);
}

function demandRemoved(session: GuardSession, path: ByteString): void {
  if (!removePlace(session, path)) throw new TreeFailure('ENOTEMPTY');
}

/** Nobody else may look into it, as an apply makes it. */
function makeQuarantine({ ports }: GuardSession, path: ByteString): void {
  const above = ports.source.openRoot(aboveOf(path) === '' ? byteString('/') : aboveOf(path));
  try {
    const why = refusalOf(() => ports.tree.makeDir(above, lastOf(path)));
    if (why !== undefined && why !== 'EEXIST') throw new TreeFailure(why);
  } finally {
    ports.source.closeDir(above);
  }
}

function renamed({ ports }: GuardSession, from: ByteString, to: ByteString): void {
  const dir = ports.source.openRoot(aboveOf(from));
  try {
    ports.tree.rename({ dir, name: lastOf(from) }, { dir, name: lastOf(to) });
    ports.tree.syncAll(dir);
  } finally {
    ports.source.closeDir(dir);
  }
}
