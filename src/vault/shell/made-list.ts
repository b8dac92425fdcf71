import type { Hash } from '../../host/hash.ts';
import type { EmitBytes } from '../../manifest/core/list.ts';

/** A chunk list or hole list that is still to be stored. */
export interface MadeList {
  readonly bytes: Uint8Array;
  /** 0: it refers to nothing; 1: to chunks; more: to lists. */
  readonly depth: number;
}

/** Puts what is emitted into `lists`, for somebody else to store. */
export function collectLists(hash: Hash, lists: MadeList[]): EmitBytes {
  return (bytes, depth) => {
    lists.push({ bytes, depth });
    return hash.sha256(bytes);
  };
}
