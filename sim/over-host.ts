/** A machine on which snapshots are put over what is there: plan, apply and undo as Guard does them. */
import { type ByteString, byteString } from '../src/base/bytes.ts';
import type { PlanHeader } from '../src/base/plan.ts';
import { days, unixMs } from '../src/base/units.ts';
import type { ApplyReport } from '../src/guard/shell/apply-request.ts';
import { Quarantine } from '../src/guard/shell/quarantine.ts';
import type { SyncNode } from '../src/recover/core/sync-node.ts';
import { opsOf } from '../src/recover/core/sync-ops.ts';
import { MARKER } from '../src/recover/core/own-names.ts';
import type { ObjectReader } from '../src/recover/shell/object-reader.ts';
import { inlineRestoreCrew } from '../src/recover/shell/restore-crew.ts';
import { openSnapshotRoots } from '../src/recover/shell/snapshot-roots.ts';
import { SyncCompare } from '../src/recover/shell/sync-compare.ts';
import { SyncContent } from '../src/recover/shell/sync-content.ts';
import { type WantedTree, wantedOfRoots } from '../src/recover/shell/wanted-tree.ts';
import type { ListedSnapshot } from '../src/vault/shell/snapshot-store.ts';
import { GuardHost } from './guard-host.ts';
import { seededTools } from './sim-tools.ts';
import { RESTORE_TOP, type Session, type VaultHost } from './vault-host.ts';

const tools = seededTools();
const TOP = byteString('');

export interface Snapshot {
  readonly wanted: WantedTree;
  readonly reader: ObjectReader;
}

/** What is put, opened as src/main/guard/sync/restore-over.ts opens it. */
export async function snapshotOf(
  host: VaultHost,
  session: Session,
  snapshot: ListedSnapshot,
): Promise<Snapshot> {
  const reader = await host.reader(session);
  const { roots } = openSnapshotRoots({ vault: session.vault, reader }, { snapshot });
  return { wanted: wantedOfRoots(roots, undefined), reader };
}

export class OverHost extends GuardHost {
  override readonly target: ByteString = RESTORE_TOP;

  /** Undefined where all is as it should be. */
  plan({ wanted }: Snapshot): PlanHeader | undefined {
    const { ports, store, target } = this;
    const { source } = ports;
    const id = store.newId();
    const now = ports.clock.now();
    const top = source.openRoot(target);
    const quarantine = Quarantine.open(ports, { target, planId: id, now });
    const draft = store.draft({
      format: 'holdfast-plan/0',
      ...{ id, created: now, expires: unixMs(now + days(1)), pipeline: 'restore:sim:data' },
      actor: { name: 'sim', kind: 'human' },
      doneBy: 'holdfast',
      target: {
        ...{ place: target, identity: target, generation: 0 },
        ...{ entries: 0, bytes: 0, readAt: now },
      },
      scope: [TOP],
    });
    try {
      const ops = opsOf(this.#nodes(wanted, top), new Map(), {
        owns: () => false,
        classOf: () => 'data',
        liveOf: () => ({ state: 'idle' }),
        undoOf: (path, bytes) => quarantine.prove({ path, bytes }),
        keeps: () => false,
        isExplicit: true,
      });
      for (const op of ops) draft.add(op);
    } finally {
      quarantine.close();
      source.closeDir(top);
    }
    const header = draft.seal();
    return header.ops.count === 0 ? undefined : header;
  }

  #nodes(wanted: WantedTree, dir: number): readonly SyncNode[] {
    const compare = new SyncCompare(
      { source: this.ports.source, tools },
      { dir, name: TOP },
      {
        ...{ wanted, keepsOthers: true, readAll: true, identity: { uid: 0 }, excludes: undefined },
        ...{ ownNames: new Set([MARKER]), ownPaths: [] },
      },
    );
    const nodes: SyncNode[] = [];
    for (const node of compare.nodes()) if (node !== undefined) nodes.push(node);
    compare.close();
    return nodes;
  }

  /** Applies, and goes on past what cannot be had, as a restore does. */
  async put(header: PlanHeader, { wanted, reader }: Snapshot): Promise<ApplyReport> {
    const { source, tree } = this.ports;
    const top = source.openRoot(this.target);
    const crew = inlineRestoreCrew({ tree, source, tools, reader });
    const upcoming = this.store.ops(header.id);
    const content = new SyncContent(
      { tree, source, tools, reader, crew },
      { wanted, top, upcoming, givesWhatItCan: true },
    );
    try {
      return await this.apply(header, content);
    } finally {
      content.close();
      await crew.close();
      source.closeDir(top);
    }
  }

  /** Plans that were begun, the last first. */
  begun(): readonly PlanHeader[] {
    return this.store
      .list()
      .flatMap((plan) =>
        plan.flaw === undefined && this.store.isBegun(plan.id) ? [plan.header] : [],
      )
      .sort((a, b) => b.created - a.created);
  }
}
