/** What `drill` and `vault check` have shown is kept as evidence, for `exposure`. */
import os from 'node:os';
import { BlockStacks } from '../../adapters/discovery/block-stack.ts';
import {
  readMountTable,
  seeFileSystems,
  untouchable,
} from '../../adapters/discovery/file-systems.ts';
import { LocalWorld } from '../../adapters/discovery/local-world.ts';
import { openLedger } from '../../adapters/sqlite/open-ledger.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { unixMs, type UnixMs } from '../../base/units.ts';
import type { DrillResult } from '../../recover/core/drill-result.ts';
import type { CheckReport } from '../../vault/shell/check-request.ts';
import { type ListedSnapshot, readSnapshotContent } from '../../vault/shell/snapshot-store.ts';
import { placeOf } from '../../watch/core/locate.ts';
import type { Place } from '../../watch/core/place.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import { existsSubject, readSnapshots } from '../estate/points.ts';
import { copyName } from '../estate/vault-where.ts';
import { recordDrill } from '../estate/record-drill.ts';
import { hostFacts } from '../run-backup.ts';
import type { ScrubRun } from '../scrub-here.ts';
import type { Opened } from './open.ts';
import { textOfBytes } from './places.ts';

/** @returns why it could not be kept; what was shown is true all the same */
export async function keepDrill(
  { session, settings }: Opened,
  of: {
    readonly listed: ListedSnapshot;
    readonly result: DrillResult;
    readonly scratch: ByteString;
  },
): Promise<string | undefined> {
  const { listed, result, scratch } = of;
  // Of a writer whom nobody vouches for nothing is proven.
  if (listed.trust !== 'trusted') return undefined;
  const content = readSnapshotContent(session.vault, listed.record);
  const snapshot = { record: listed.record, content };
  return withLedger(settings.state.value, async (ledger) => {
    const discovery = { host: os.hostname(), fileSystems: await fileSystemsHere() };
    await recordDrill({ session, ledger, discovery, snapshot, scratch, result });
  });
}

export interface Kept {
  /** It stands in the ledger now. */
  readonly isKept: boolean;
  /** Why it could not be kept, where it was worth it. */
  readonly unkept: string | undefined;
}

export interface CheckToKeep {
  readonly report: CheckReport;
  readonly startedAt: UnixMs;
  readonly scrub: ScrubRun | undefined;
  /** So long a reading counts. */
  readonly limitMs: number;
}

/**
 * A snapshot that would come back whole exists, since each pack that it needs was last read; of one
 * that would not the opposite is known.
 */
export async function keepCheck({ session, settings }: Opened, of: CheckToKeep): Promise<Kept> {
  const { report } = of;
  if (report.packsRead === 0 || report.snapshots === 0) return { isKept: false, unkept: undefined };
  let isAny = false;
  const unkept = await withLedger(settings.state.value, async (ledger) => {
    isAny = (await recordCheck({ session, ledger }, of)) > 0;
  });
  return { isKept: unkept === undefined && isAny, unkept };
}

/** @returns of how many snapshots something is known now. Durable when it resolves. */
export async function recordCheck(
  { session, ledger }: Pick<Opened, 'session'> & { readonly ledger: EvidenceLedger },
  { report, startedAt, scrub, limitMs }: CheckToKeep,
): Promise<number> {
  const copy = copyName(os.hostname(), session.line.place);
  const broken = new Set(report.affectedSnapshots);
  // A snapshot that there was no time for may need a pack that is gone.
  const isAll = report.packsRead === report.packs && report.snapshotsLeft === 0;
  let count = 0;
  for (const { record, content } of await readSnapshots(session)) {
    if (record.time > startedAt) continue; // It came while others were read.
    const isBroken = broken.has(record.id);
    const since = isBroken || isAll ? startedAt : scrub?.provenSince(record.id);
    if (since === undefined) continue;
    const now = session.clock.now();
    count += 1;
    await ledger.record({
      subject: existsSubject(copy, content),
      saw: isBroken ? 'broken' : 'healthy',
      observedAt: unixMs(since),
      receivedAt: now,
      expiresAt: unixMs(since + limitMs),
      source: `${os.hostname()}/vault check`,
      bootId: hostFacts(now).bootId,
      seq: Math.floor(session.clock.monotonic()),
      detail: {
        ...{ vault: session.vault.id, packs: report.packs, readBytes: report.readBytes },
        from: scrub?.from() ?? 'memory',
      },
    });
  }
  return count;
}

/** @returns why it could not be kept */
export async function withLedger(
  state: ByteString,
  keep: (ledger: EvidenceLedger) => Promise<void>,
): Promise<string | undefined> {
  try {
    const ledger = await openLedger(textOfBytes(byteString(`${state}/state.db`)));
    try {
      await keep(ledger);
    } finally {
      await ledger.close();
    }
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

/** Which disks lie beneath a path of this machine. */
export async function placeHere(path: ByteString): Promise<Place> {
  return placeOf({ host: os.hostname(), fileSystems: await fileSystemsHere() }, path);
}

async function fileSystemsHere(): ReturnType<typeof seeFileSystems> {
  const world = new LocalWorld('/');
  const table = readMountTable(world);
  world.avoid(untouchable(table));
  return seeFileSystems(world, new BlockStacks(world), table);
}
