/** What a run says in its journal before it acts. */
import type { ByteString } from '../../base/bytes.ts';
import type { Op } from '../../base/plan.ts';
import type { Intent, Made, WasAttributes } from '../core/journal-line.ts';
import type { Journal } from './journal.ts';
import type { OpSteps } from './op-steps.ts';
import type { Quarantine } from './quarantine.ts';
import { aboveOf } from './target-tree.ts';
import { ifThere } from './tree-errno.ts';

export interface MeantOp {
  readonly op: Op;
  readonly intent: Intent;
}

export class Meant {
  readonly #journal: Journal;
  readonly #steps: OpSteps;
  readonly #quarantine: Quarantine;
  /** Directories whose content the plan changes: their time before. */
  readonly #dirs: Map<ByteString, bigint>;
  readonly #made = new Set<ByteString>();
  readonly #placed = new Set<number>();
  /** Meant, and not done yet. */
  #open: MeantOp[] = [];

  constructor(parts: {
    readonly journal: Journal;
    readonly steps: OpSteps;
    readonly quarantine: Quarantine;
    /** Times of directories before an earlier run of the same plan. */
    readonly dirs: ReadonlyMap<ByteString, bigint>;
  }) {
    this.#dirs = new Map(parts.dirs);
    this.#journal = parts.journal;
    this.#steps = parts.steps;
    this.#quarantine = parts.quarantine;
  }

  get dirs(): ReadonlyMap<ByteString, bigint> {
    return this.#dirs;
  }

  get open(): readonly MeantOp[] {
    return this.#open;
  }

  /** A directory that is about to be changed and, unless somebody kills us, changed back. Durable. */
  noteTrial(dir: ByteString): void {
    if (this.#noteTime(dir)) this.#journal.durable();
  }

  /** A directory that the plan made: its time before is nothing to keep. */
  noteMade(path: ByteString): void {
    this.#made.add(path);
  }

  /** @param was attributes before, where they are what changes */
  say(op: Op, more: { readonly was?: WasAttributes; readonly made?: Made } = {}): Intent {
    this.#noteDir(op.path);
    if (op.from !== undefined) this.#noteDir(op.from);
    const mount = this.#steps.mountFor(op);
    if (mount !== undefined && !this.#placed.has(mount.index)) {
      this.#placed.add(mount.index);
      const { path } = this.#quarantine.openPlaces(mount);
      const { index, device } = mount;
      this.#journal.add({ kind: 'place', index, path, device });
    }
    const place = mount === undefined ? {} : { place: mount.index };
    const intent: Intent = { n: op.n, ...place, ...more };
    this.#journal.add({ kind: 'intend', intent });
    return intent;
  }

  /** One that is done in this window. */
  expect(op: Op, intent: Intent): void {
    this.#open.push({ op, intent });
  }

  /** All that was said is on the medium when it returns. */
  durable(): void {
    this.#journal.durable();
  }

  /** The first that was expected is done. */
  passed(): void {
    this.#open.shift();
  }

  sayNot({ op }: MeantOp): void {
    this.#journal.add({ kind: 'not', n: op.n });
  }

  forgetOpen(): void {
    this.#open = [];
  }

  /** At the end: by it an undo tells whether somebody else changed a directory later. */
  sayLeft(): void {
    for (const path of this.#dirs.keys()) {
      const seen = this.#steps.seenDir(path);
      if (seen !== undefined) this.#journal.add({ kind: 'left', path, mtimeNs: seen.mtimeNs });
    }
  }

  #noteDir(path: ByteString): void {
    if (path !== '') this.#noteTime(aboveOf(path));
  }

  /** @returns whether it was not known yet */
  #noteTime(dir: ByteString): boolean {
    if (this.#dirs.has(dir) || this.#made.has(dir)) return false;
    const seen = ifThere(() => this.#steps.seenDir(dir));
    if (seen === undefined) return false;
    this.#dirs.set(dir, seen.mtimeNs);
    this.#journal.add({ kind: 'dir', path: dir, mtimeNs: seen.mtimeNs });
    return true;
  }
}
