/**
 * `undo --reclaim`: what is kept for plans goes into a vault, is proven there, and its space is given
 * back. docs/design/019: nothing is freed before it is noted, durably, which snapshot holds it.
 */
import { openBelow } from '../../../adapters/node/open-below.ts';
import type { ByteString } from '../../../base/bytes.ts';
import { Fault } from '../../../base/fault.ts';
import type { UndoProof } from '../../../base/plan.ts';
import { sayName } from '../../../base/say-name.ts';
import { utf8Of } from '../../../manifest/core/utf8.ts';
import {
  type Reclaimed,
  readReclaimed,
  type ReclaimedPlace,
  writeReclaimed,
} from '../../../guard/shell/reclaimed.ts';
import type { Lease } from '../../../guard/shell/lease.ts';
import { readResult } from '../../../guard/shell/plan-result.ts';
import { lastOf } from '../../../guard/shell/target-tree.ts';
import type { DataSetJob } from '../../cli/backup-request.ts';
import type { Cli } from '../../cli/cli.ts';
import { type Opened, openToProve } from '../../cli/open.ts';
import type { VaultOptions } from '../../cli/settings.ts';
import { besideVault } from '../../cli/take-data-sets.ts';
import { AS_IT_LIES } from '../../frozen/capture-plan.ts';
import { nameOfPlace } from '../../vault-place.ts';
import type { GuardSession } from '../guard-session.ts';
import { settleKilled } from '../housekeeping.ts';
import { type HeldRelease, judgeRelease, type Kept, passRelease } from '../release-plan.ts';
import { keptHere, nothingKept, whileLeased } from '../release-undo.ts';
import { captured } from '../sync/sync-source.ts';
import { whyNotProven } from './prove-copy.ts';

export interface ReclaimedUndo {
  readonly id: string;
  /** Freed; 0 where something could not be removed. */
  readonly bytes: number;
  readonly isGone: boolean;
  readonly snapshots: readonly string[];
  /** The vault lies on the file system that the space is of. */
  readonly isOnSameDisk: boolean;
}

export interface ReclaimAnswer {
  readonly reclaimed: readonly ReclaimedUndo[];
  readonly held: readonly HeldRelease[];
  /** The vault, as it can be named. */
  readonly vault: string;
}

interface Ready {
  readonly cli: Cli;
  readonly session: GuardSession;
  readonly opened: Opened;
}

/**
 * @param only one plan; without it all that can be put back
 * @throws Fault HF_UNDO_ABSENT, HF_UNDO_NOT_PROVEN, HF_PLAN_LEASED, and as a backup and a drill
 */
export async function reclaimUndo(
  cli: Cli,
  session: GuardSession,
  { only, options }: { readonly only: string | undefined; readonly options: VaultOptions },
): Promise<ReclaimAnswer> {
  // An undo that was killed may have put half of it back.
  settleKilled(session);
  const id = only === undefined ? undefined : session.store.find(only).header.id;
  const now = session.now();
  const kept = keptHere(session, (each, { outcome, until }) => {
    const isWanted = id === undefined || each === id;
    return isWanted && outcome !== 'undone' && until > now;
  }).filter(({ places }) => places.length > 0);
  if (id !== undefined && kept.length === 0) throw nothingKept(id);
  const opened = await openToProve(cli, options);
  const ready: Ready = { cli, session, opened };
  const reclaimed: ReclaimedUndo[] = [];
  const held: HeldRelease[] = [];
  for (const each of kept) {
    const done = await whileLeased(session, each, (lease) => reclaimOne(ready, each, lease));
    if ('plan' in done) held.push(done);
    else reclaimed.push(done);
  }
  return { reclaimed, held, vault: utf8Of(nameOfPlace(opened.session.line.place)) };
}

async function reclaimOne(
  ready: Ready,
  kept: Kept,
  lease: Lease,
): Promise<ReclaimedUndo | HeldRelease> {
  const { session, opened } = ready;
  const { ports, store } = session;
  const { original, result } = kept;
  const planDir = store.dirOf(original.id);
  demandAsFound(readResult(ports, planDir)?.outcome, kept);
  const noted = notedBefore(ready, kept);
  const places: ReclaimedPlace[] = [...noted];
  for (const { path, snapshot } of noted) {
    // It may be half freed by now: what is there says nothing of what the snapshot must hold.
    const isThere = kept.places.includes(path);
    if (isThere) await demandProven(ready, kept, { snapshot, isFreed: true });
  }
  for (const path of kept.places) {
    if (noted.some((each) => each.path === path)) continue;
    demandUnused(path, original.id);
    const snapshot = await captured(ready.cli, { opened }, jobOf(kept, path));
    await demandProven(ready, kept, { snapshot, isFreed: false });
    places.push({ path, snapshot });
  }
  const { vault, line } = opened.session;
  const undo: UndoProof = {
    ...{ kind: 'vault', verified: true, until: result.until, fidelity: 'exact' },
  };
  const judged = judgeRelease(session, kept, { cause: 'explicit', undo, command: '--reclaim' });
  const note: Reclaimed = {
    at: session.now(),
    places,
    vault: { id: vault.id, place: nameOfPlace(line.place) },
  };
  const isOnSameDisk = kept.places.some(
    (path) => besideVault(line.place, jobOf(kept, path)).length > 0,
  );
  const ahead = (): void => writeReclaimed(ports, planDir, note);
  const passed = await passRelease(session, judged, { lease, ahead });
  if ('plan' in passed) return passed;
  return {
    ...{ id: original.id, isGone: passed.isGone, bytes: passed.isGone ? result.asideBytes : 0 },
    snapshots: places.map(({ snapshot }) => snapshot),
    isOnSameDisk,
  };
}

/**
 * What an earlier one put into a vault is there alone, or in part here too: of it nothing is noted anew.
 *
 * @throws Fault HF_UNDO_NOT_PROVEN where that was another vault
 */
function notedBefore({ session, opened }: Ready, { original }: Kept): readonly ReclaimedPlace[] {
  const { id: plan } = original;
  const before = readReclaimed(session.ports, session.store.dirOf(plan));
  if (before === undefined || before.vault.id === opened.session.vault.id) {
    return before?.places ?? [];
  }
  const why = `a part of what ${plan} keeps lies in another vault, ${utf8Of(before.vault.place)}`;
  throw new Fault('HF_UNDO_NOT_PROVEN', why, { plan });
}

/** What a program goes on writing to is kept as it writes; a copy of it would be what it was. */
function demandUnused(path: ByteString, plan: string): void {
  const writer = openBelow(path).find(({ isWriting }) => isWriting);
  if (writer === undefined) return;
  const why = `what ${plan} keeps is still written to: ${sayName(writer.path)} is open in ${writer.by}`;
  throw new Fault('HF_UNDO_NOT_PROVEN', why, { plan });
}

async function demandProven(
  { opened }: Ready,
  { original }: Kept,
  of: { readonly snapshot: string; readonly isFreed: boolean },
): Promise<void> {
  const why = await whyNotProven(opened, of);
  if (why === undefined) return;
  const { id: plan } = original;
  throw new Fault('HF_UNDO_NOT_PROVEN', `what ${plan} keeps is not proven: ${why}`, { plan });
}

/** Before the lease was ours somebody may have put it back. */
function demandAsFound(outcome: string | undefined, { original, result }: Kept): void {
  if (outcome !== result.outcome) throw nothingKept(original.id);
}

function jobOf({ original, places }: Kept, path: ByteString): DataSetJob {
  const number = places.indexOf(path) + 1;
  const more = places.length > 1 ? ` (${number})` : '';
  return {
    dataSet: `undo of ${original.id}${more}`,
    from: { kind: 'paths', roots: [{ name: lastOf(path), path }] },
    plan: AS_IT_LIES,
    ...{ excludeRules: [], oneFileSystem: false, skipCacheDirs: false, skipNoBackup: false },
  };
}
