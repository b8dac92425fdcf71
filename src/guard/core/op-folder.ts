/** Operations of a plan, folded to what rules tell apart: bounded, however many they are. */
import type { ByteString } from '../../base/bytes.ts';
import type { Op } from '../../base/plan.ts';
import { sayName } from '../../base/say-name.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { isWithin } from '../../manifest/core/order.ts';
import type { OpGroup } from './history.ts';

export const GROUPS_MAX = 64;
const SAMPLE_LENGTH_MAX = 200;

interface Sum {
  readonly op: Op;
  ops: number;
  entries: number;
  bytes: number;
  newest: number;
  largest: number;
  sample: ByteString;
  within: boolean;
  isMixed: boolean;
}

/** One pass, memory for `GROUPS_MAX` groups. */
export class OpFolder {
  readonly #scope: readonly ByteString[];
  readonly #sums = new Map<string, Sum>();

  /** @param scope of the header */
  constructor(scope: readonly ByteString[]) {
    this.#scope = scope;
  }

  add(op: Op): void {
    const sum = this.#sumOf(op);
    sum.ops += 1;
    sum.entries += op.entries;
    sum.bytes += op.bytes;
    sum.newest = Math.max(sum.newest, op.newest ?? -1);
    sum.within &&= this.#scope.some((scope) => isWithin(scope, op.path));
    if (op.entries <= sum.largest) return;
    sum.largest = op.entries;
    sum.sample = op.path;
  }

  groups(): readonly OpGroup[] {
    return [...this.#sums.values()].map(groupOf);
  }

  #sumOf(op: Op): Sum {
    const key = keyOf(op);
    const found = this.#sums.get(key);
    if (found !== undefined) return found;
    if (this.#sums.size >= GROUPS_MAX) {
      const other = [...this.#sums.values()].findLast((sum) => sum.op.op === op.op);
      if (other !== undefined) {
        other.isMixed = true;
        return other;
      }
    }
    const made = {
      ...{ op, ops: 0, entries: 0, bytes: 0, newest: -1, largest: -1, sample: op.path },
      ...{ within: true, isMixed: false },
    };
    this.#sums.set(key, made);
    return made;
  }
}

function keyOf(given: Op): string {
  const { op, kind, owner, cause, cascade, cls, live, undo, attributesOnly = false } = given;
  const proof = [undo.kind, undo.verified, undo.fidelity];
  return [op, kind, owner, cause, cascade, cls, live.state, ...proof, attributesOnly].join('\0');
}

function groupOf(sum: Sum): OpGroup {
  const { op, ops, entries, bytes, newest, sample, within, isMixed } = sum;
  const time: { newest?: UnixMs } = newest < 0 ? {} : { newest: unixMs(newest) };
  return {
    ...{ op: op.op, kind: op.kind, owner: op.owner, cause: op.cause, cascade: op.cascade },
    ...{ cls: op.cls, live: op.live.state, undo: op.undo.kind, verified: op.undo.verified },
    ...{ fidelity: op.undo.fidelity, ...(op.attributesOnly ? { attributesOnly: true } : {}) },
    ...{
      ops,
      entries,
      bytes,
      ...time,
      sample: sayName(sample).slice(0, SAMPLE_LENGTH_MAX),
      within,
    },
    ...(isMixed ? { mixed: true as const } : {}),
  };
}
