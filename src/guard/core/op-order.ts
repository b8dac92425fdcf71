import type { ByteString } from '../../base/bytes.ts';
import type { Op } from '../../base/plan.ts';
import { comparePaths, isWithin } from '../../manifest/core/order.ts';

/** Whether operations come as a plan has them: by path, each once, none below what goes as a whole. */
export class OpOrder {
  #last: ByteString | undefined;
  #gone: ByteString | undefined;

  /** In words what is wrong with `op` here; undefined: nothing. */
  flawOf(op: Op): string | undefined {
    if (this.#last !== undefined && comparePaths(this.#last, op.path) >= 0) {
      return `operation ${op.n} is not in the order of paths`;
    }
    if (this.#gone !== undefined && isWithin(this.#gone, op.path)) {
      return `operation ${op.n} lies below what goes as a whole`;
    }
    this.#last = op.path;
    if (op.op === 'delete' && op.kind === 'dir') this.#gone = op.path;
    return undefined;
  }
}
