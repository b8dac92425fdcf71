/** A machine with a tree and a state directory on one simulated volume, and what is done on it. */
import { type ByteString, byteString } from '../src/base/bytes.ts';
import type { PlanHeader } from '../src/base/plan.ts';
import { isQuarantineName, QUARANTINE_NAME } from '../src/base/own-places.ts';
import { applyPlan } from '../src/guard/shell/apply.ts';
import type { ApplyPorts, ApplyReport, ApplyRequest } from '../src/guard/shell/apply-request.ts';
import { PlanStore } from '../src/guard/shell/plan-store.ts';
import { settlePlan } from '../src/guard/shell/resume.ts';
import { undoPlan } from '../src/guard/shell/undo.ts';
import { type AppliedPlan, UndoContent } from '../src/guard/shell/undo-content.ts';
import { SimDisk } from './disk.ts';
import { untilOf, WishContent, type Wish } from './guard-plan.ts';
import type { SimClock } from './sim-clock.ts';
import { seededTools } from './sim-tools.ts';
import { TreeHandles } from './tree-handles.ts';
import { pictureOf, type TreePicture } from './tree-picture.ts';
import { simSource } from './tree-source.ts';
import { simTreeWriter } from './tree-writer.ts';
import type { SimVolume } from './volume.ts';

export const GUARD_TREE = byteString('/srv/tree');
export const GUARD_STATE = byteString('/var/lib/holdfast');

const STATE_DIR = byteString(`${GUARD_STATE}/guard`);
const tools = seededTools();

/** Each process is a new one, with another name: the one before it is gone. */
let processes = 0;

export class GuardHost {
  readonly volume: SimVolume;
  readonly target: ByteString = GUARD_TREE;
  readonly ports: ApplyPorts;
  readonly store: PlanStore;
  readonly handles: TreeHandles;
  readonly #holder: ApplyRequest['holder'];

  constructor(volume: SimVolume, clock: SimClock, seed: number) {
    this.volume = volume;
    processes += 1;
    // No two processes draw the same names.
    tools.reseed(seed * 1_000_003 + processes);
    this.handles = new TreeHandles(volume);
    const nowNs = () => clock.nowNs();
    this.ports = {
      ...{ disk: new SimDisk({}, volume), source: simSource(this.handles) },
      ...{ tree: simTreeWriter(this.handles, nowNs), clock, tools },
    };
    this.store = new PlanStore({ ...this.ports, stateDir: GUARD_STATE });
    this.#holder = { id: `boot/${processes}/1`, isAlive: () => false };
  }

  apply(
    header: PlanHeader,
    content: ApplyRequest['content'],
    more: Pick<ApplyRequest, 'withoutUndo'> = {},
  ): Promise<ApplyReport> {
    return applyPlan(this.ports, {
      ...more,
      ...{ header, ops: () => this.store.ops(header.id), target: this.target, stateDir: STATE_DIR },
      ...{ permit: 'all', content, holder: this.#holder },
      until: untilOf(this.ports.clock.now()),
    });
  }

  applyWishes(
    header: PlanHeader,
    wishes: readonly Wish[],
    more: Pick<ApplyRequest, 'withoutUndo'> = {},
  ): Promise<ApplyReport> {
    return this.apply(header, new WishContent(this.ports, wishes), more);
  }

  /** From now on nothing can be set aside: something else has the names of the quarantine. */
  takeQuarantineNames(): void {
    const { source, tree } = this.ports;
    for (const path of ['/', '/srv', this.target]) {
      const dir = source.openRoot(byteString(path));
      for (const name of [QUARANTINE_NAME, `${QUARANTINE_NAME}-${tree.identity.uid}`]) {
        tree.closeFile(tree.createFile(dir, byteString(name), 0o600));
      }
      tree.syncAll(dir);
      source.closeDir(dir);
    }
  }

  /** Where it was killed: each of its operations is done or not done then. */
  settle(header: PlanHeader): void {
    this.#appliedOf(header);
  }

  /** The plan that takes `header` back; undefined where that was never begun. */
  planUndo(header: PlanHeader): PlanHeader | undefined {
    const plan = this.#appliedOf(header);
    if (plan === undefined) return undefined;
    const { store } = this;
    const actor = { name: 'sim', kind: 'human' } as const;
    const now = this.ports.clock.now();
    return undoPlan(this.ports, { store, original: header, plan, actor, now }).header;
  }

  async applyUndo(undo: PlanHeader): Promise<ApplyReport> {
    const { header } = this.store.read(undo.undoOf ?? '');
    const plan = this.#appliedOf(header);
    if (plan === undefined) throw new Error('what is taken back was applied');
    const content = new UndoContent(this.ports, plan, {
      ops: () => this.store.ops(undo.id),
      count: undo.ops.count,
    });
    const report = await this.apply(undo, content);
    content.close();
    return report;
  }

  picture(): TreePicture {
    const isOwn = (path: string) =>
      path.split('/').some((name) => isQuarantineName(byteString(name)));
    return pictureOf(this.volume, this.target, isOwn);
  }

  /** Of every file, also where it lies aside: beside the tree, or at the top of its mount. */
  contents(): ReadonlySet<string> {
    const found = new Set<string>();
    const visit = (number: number): void => {
      const { kind, content, entries } = this.volume.inode(number);
      if (kind === 'file') found.add(Buffer.from(content.snapshot()).toString('latin1'));
      for (const child of entries.values()) visit(child);
    };
    visit(this.volume.find(byteString('/')));
    return found;
  }

  #appliedOf(header: PlanHeader): AppliedPlan | undefined {
    const ops = () => this.store.ops(header.id);
    const planDir = this.store.dirOf(header.id);
    const applied = settlePlan(this.ports, {
      ...{ header, ops, stateDir: STATE_DIR, planDir, holder: this.#holder },
    });
    if (applied === undefined) return undefined;
    return { target: this.target, count: header.ops.count, ops, applied };
  }
}
