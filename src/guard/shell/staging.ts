/** What a window brings, complete and on the medium before any of it is meant. */
import type { Op } from '../../base/plan.ts';
import type { ApplyPorts, ContentSource } from './apply-request.ts';
import type { Batches } from './batches.ts';
import type { OpSteps } from './op-steps.ts';
import type { MountPlace, Quarantine } from './quarantine.ts';
import { refusalOf } from './tree-errno.ts';

export interface StagingParts {
  readonly ports: ApplyPorts;
  readonly quarantine: Quarantine;
  readonly steps: OpSteps;
  readonly batches: Batches;
  /** An earlier run of the plan may have left something there. */
  readonly isResumed: boolean;
}

export class Staging {
  readonly #parts: StagingParts;
  /** Staged, and not meant yet. */
  readonly #staged = new Map<number, Op>();

  constructor(parts: StagingParts) {
    this.#parts = parts;
  }

  /**
   * Durable when it resolves.
   *
   * @returns what nobody can give
   */
  async stage(window: readonly Op[], content: ContentSource): Promise<ReadonlySet<Op>> {
    const { ports, quarantine, steps, batches } = this.#parts;
    const mounts = new Set<MountPlace>();
    const lacking = new Set(window.filter((op) => content.lacks?.(op) === true));
    for (const op of window) {
      if (op.op === 'rename' || op.attributesOnly === true) continue;
      if (content.kept?.(op) !== undefined || lacking.has(op)) continue;
      await batches.turn();
      batches.goTo(op);
      batches.demandGoOn();
      if (this.#parts.isResumed) this.#clear(op);
      this.#staged.set(op.n, op);
      await content.stage(op, steps.newPlace(op));
      if (content.lacks?.(op) === true) {
        this.#clear(op);
        this.#staged.delete(op.n);
        lacking.add(op);
        continue;
      }
      steps.noteStaged(op);
      mounts.add(steps.mountOf(op.path));
    }
    for (const mount of mounts) ports.tree.syncAll(quarantine.openPlaces(mount).fresh);
    return lacking;
  }

  /** The journal says it: from now on it is settled like any other. */
  noteMeant(op: Op): void {
    this.#staged.delete(op.n);
  }

  /** What came and was never meant. */
  clearRest(): void {
    for (const op of this.#staged.values()) this.#clear(op);
  }

  /** Of a run that stopped while it staged: a copy of what comes. */
  #clear(op: Op): void {
    const { tree } = this.#parts.ports;
    const { dir, name } = this.#parts.steps.newPlace(op);
    const why = refusalOf(() => tree.unlink(dir, name));
    if (why === 'EISDIR' || why === 'EPERM') tree.removeDir(dir, name);
  }
}
