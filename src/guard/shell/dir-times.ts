/** Times that a command gave to directories: what is set aside from them afterwards changes none. */
import type { ByteString } from '../../base/bytes.ts';
import type { OpSteps } from './op-steps.ts';
import { aboveOf } from './target-tree.ts';
import { ifThere } from './tree-errno.ts';

export class DirTimes {
  readonly #steps: OpSteps;
  readonly #seen = new Map<ByteString, bigint>();

  constructor(steps: OpSteps) {
    this.#steps = steps;
  }

  /** Before something is taken out of it. */
  noteAbove(path: ByteString): void {
    const dir = aboveOf(path);
    if (this.#seen.has(dir)) return;
    const seen = this.#steps.seenDir(dir);
    if (seen !== undefined) this.#seen.set(dir, seen.mtimeNs);
  }

  *changed(): Generator<readonly [path: ByteString, was: { readonly mtimeNs: bigint }]> {
    for (const [path, mtimeNs] of this.#seen) {
      const seen = ifThere(() => this.#steps.seenDir(path));
      if (seen !== undefined && seen.mtimeNs !== mtimeNs) yield [path, { mtimeNs }];
    }
  }
}
