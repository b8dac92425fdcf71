import { type ByteString, byteString, type Digest } from '../../base/bytes.ts';
import { PLAN_FORMAT, type PlanHeader } from '../../base/plan.ts';
import type { Hash } from '../../host/hash.ts';
import { headerText } from './plan-header.ts';

/** Before a leaf and before a node, so that neither can pass for the other (RFC 6962). */
const LEAF = '\0';
const NODE = '\x01';

/** A whole tree of 2^height leaves. */
interface Whole {
  readonly height: number;
  readonly digest: Digest;
}

/** The Merkle root over lines that come one by one; it remembers one digest a level. */
export class OpsRoot {
  readonly #hash: Hash;
  readonly #whole: Whole[] = [];
  #count = 0;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  get count(): number {
    return this.#count;
  }

  /** @param line with its newline */
  add(line: ByteString): void {
    this.#count += 1;
    let added: Whole = { height: 0, digest: this.#hash.sha256Text(byteString(LEAF + line)) };
    for (let last = this.#whole.at(-1); last?.height === added.height; last = this.#whole.at(-1)) {
      this.#whole.pop();
      added = { height: added.height + 1, digest: this.#node(last.digest, added.digest) };
    }
    this.#whole.push(added);
  }

  /** Of the lines so far; more may follow. */
  root(): Digest {
    const last = this.#whole.at(-1);
    if (last === undefined) return this.#hash.sha256Text(byteString(''));
    return this.#whole
      .slice(0, -1)
      .reduceRight((right, left) => this.#node(left.digest, right), last.digest);
  }

  #node(left: Digest, right: Digest): Digest {
    return this.#hash.sha256Text(byteString(NODE + left + right));
  }
}

/** What is signed, shown and compared: it holds every byte of the plan. */
export function digestOfHeader(hash: Hash, header: PlanHeader): Digest {
  return hash.sha256Text(byteString(`${PLAN_FORMAT}\n${headerText(header).slice(0, -1)}`));
}
