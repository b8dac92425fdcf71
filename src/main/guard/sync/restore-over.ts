/**
 * A snapshot over what is there: the plan of a sync in which all was named by a person, and what the
 * snapshot has not stays. docs/design/025-restore-in-place.md
 */
import { type ByteString, byteString } from '../../../base/bytes.ts';
import type { Excludes } from '../../../host/excludes.ts';
import { type OwnerRule, wantedOwner } from '../../../recover/core/wanted-attributes.ts';
import { MARKER } from '../../../recover/core/own-names.ts';
import { stateOfTarget, unmarkTarget } from '../../../recover/shell/restore-target.ts';
import { openSnapshotRoots } from '../../../recover/shell/snapshot-roots.ts';
import { wantedOfRoots } from '../../../recover/shell/wanted-tree.ts';
import type { SnapshotContent } from '../../../vault/core/snapshot-content.ts';
import { type ListedSnapshot, shortId } from '../../../vault/shell/snapshot-store.ts';
import { loadIndex } from '../../../vault/shell/vault-index.ts';
import type { Cli } from '../../cli/cli.ts';
import { EXIT } from '../../cli/exit-code.ts';
import type { Opened } from '../../cli/open.ts';
import { type ReadingParts, restoreCrew, restorePorts } from '../../run-restore.ts';
import { ownDirectories } from '../../vault-place.ts';
import { type GuardSession, openGuard } from '../guard-session.ts';
import { prepareLocal } from './local-sync.ts';
import { actOn, type SyncResult } from './sync-act.ts';
import { syncEngine } from './sync-engine.ts';
import type { SyncOffer } from './sync-offer.ts';
import { gapTexts } from './sync-source.ts';

export interface OverAsked {
  readonly snapshot: ListedSnapshot;
  readonly target: ByteString;
  readonly first: Excludes | undefined;
  readonly owners: OwnerRule;
  readonly unsigned: boolean;
  readonly reason: string | undefined;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

export interface RestoredOver {
  readonly snapshot: string;
  readonly result: SyncResult;
  /** What the snapshot itself lacks, in words. */
  readonly gaps: readonly string[];
  readonly gapCount: number;
  /** All that the snapshot has is there. */
  readonly isWhole: boolean;
}

/** @throws Fault as a sync, and of what reading the snapshot gives */
export async function restoreOver(
  cli: Cli,
  opened: Opened,
  asked: OverAsked,
): Promise<RestoredOver> {
  const { session, settings } = opened;
  const { snapshot, target, unsigned, dryRun, yes } = asked;
  const guard = await openGuard(cli, settings);
  const index = await loadIndex(session.vault);
  const reading = restorePorts(session, index.access);
  const crew = restoreCrew(session, index.access, 1);
  try {
    const { content, roots } = openSnapshotRoots(reading, { snapshot, unsigned });
    const { tree } = reading;
    const ownerOf =
      asked.owners === 'ids'
        ? undefined
        : (entry: Parameters<typeof wantedOwner>[0]) => wantedOwner(entry, 'names', tree);
    const wanted = wantedOfRoots(roots, ownerOf);
    const vaults = ownDirectories(session.line.place);
    const offer = offerOf({ asked, content, guard, reading, vaults, parts: { crew, wanted } });
    const prepared = await prepareLocal(guard, { offer, target, engine: syncEngine(cli.stop) });
    const acted = await actOn(cli, prepared, {
      ...{ dryRun, yes, allOrNothing: false, label: 'restore' },
    });
    const isWhole = isAllThere(acted);
    if (isWhole) unmark(reading, asked, wanted.find(byteString(''))?.mtime);
    const { gapCount } = content;
    const code = acted.code === EXIT.done && gapCount > 0 ? EXIT.gaps : acted.code;
    const gaps = gapTexts(content);
    return { snapshot: snapshot.record.id, result: { ...acted, code }, gaps, gapCount, isWhole };
  } finally {
    await crew.close();
    session.line.packs.close();
  }
}

function isAllThere({ sync, done, notDone }: SyncResult): boolean {
  if (notDone === 'equal') return true;
  return done?.outcome === 'applied' && done.waiting === 0 && sync.verdict.decision === 'allow';
}

/** Of an earlier restore, whichever it was: it would say that this one is not whole. */
function unmark(ports: ReadingParts, { snapshot, target }: OverAsked, mtimeNs?: bigint): void {
  const { source, tree, vault } = ports;
  const own = { source, tree, tools: vault.tools };
  if (stateOfTarget(own, { target, snapshot: snapshot.record.id }) === 'free') return;
  const top = source.openRoot(target);
  try {
    if (!source.list(top).names.includes(MARKER)) return;
    unmarkTarget(own, top);
    if (mtimeNs !== undefined) tree.setAttributes(top, { mtimeNs });
    tree.sync(top);
  } finally {
    source.closeDir(top);
  }
}

function offerOf(of: {
  readonly asked: OverAsked;
  readonly content: SnapshotContent;
  readonly guard: GuardSession;
  readonly reading: ReadingParts;
  readonly vaults: readonly ByteString[];
  readonly parts: Pick<SyncOffer, 'crew' | 'wanted'>;
}): SyncOffer {
  const { asked, content, guard, reading, vaults, parts } = of;
  const place = `vault:${shortId(asked.snapshot.record.id)}`;
  return {
    ...parts,
    reader: reading.reader,
    source: {
      ...{ place, identity: place, role: 'unknown', generation: 0, differs: [] },
      listing: {
        complete: content.gapCount === 0 ? 'yes' : 'no',
        filter: null,
        filterNarrowsDeletes: true,
        seen: content.roots.reduce((sum, { entries }) => sum + entries, 0),
        errors: gapTexts(content),
        sentinels: [],
        readAt: content.finished,
      },
    },
    ...{ isNamed: true, isEnrolled: false, keepsOthers: true, first: asked.first },
    from: { hosts: [], path: asked.target },
    vaults,
    pipeline: `restore:${content.host}:${content.dataSet}`,
    actor: guard.actor,
    ...(asked.reason === undefined ? {} : { reason: asked.reason }),
    excludes: [],
    // Size and time say little of what was damaged.
    options: { readAll: true, allOrNothing: false, dryRun: asked.dryRun },
  };
}
