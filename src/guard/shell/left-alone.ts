/** What is there and is not to be changed yet: a program that creates only changes it all the same. */
import type { ByteString } from '../../base/bytes.ts';
import type { Op } from '../../base/plan.ts';
import type { Attributes } from '../../host/tree-writer.ts';
import type { OpSteps } from './op-steps.ts';
import type { SeenObject } from './seen-object.ts';
import { ifThere } from './tree-errno.ts';

const MODE_BITS = 0o7777;

export class LeftAlone {
  readonly #steps: OpSteps;
  readonly #seen = new Map<ByteString, SeenObject>();

  constructor(steps: OpSteps) {
    this.#steps = steps;
  }

  /** Before the program runs. */
  note({ path }: Op): void {
    const seen = ifThere(() => this.#steps.seen(path));
    if (seen !== undefined) this.#seen.set(path, seen);
  }

  /** Owner, mode and time as they were, of what has others now and is the same object still. */
  *changed(): Generator<readonly [path: ByteString, was: Attributes]> {
    for (const [path, { uid, gid, mode, mtimeNs, inode }] of this.#seen) {
      const seen = ifThere(() => this.#steps.seen(path));
      if (seen?.inode !== inode) continue;
      const isSame = seen.mode === mode && seen.uid === uid && seen.gid === gid;
      if (isSame && seen.mtimeNs === mtimeNs) continue;
      yield [path, { owner: { uid, gid }, mode: mode & MODE_BITS, mtimeNs }];
    }
  }
}
