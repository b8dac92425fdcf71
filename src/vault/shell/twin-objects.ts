import { Fault } from '../../base/fault.ts';
import type { Store } from './store.ts';
import { problemOf, type VaultProblem } from './vault-problem.ts';

/** Small objects that lie in two places, `NAME` and `copy/NAME`, and either will do. */
export const COPY = 'copy/';

const RANGE_MAX = 1_048_576;

export interface TwinRead<T> {
  /** What could be read of the two; equal bytes once. */
  readonly found: readonly T[];
  readonly problems: readonly VaultProblem[];
}

export interface ReadTwins<T> {
  readonly store: Store;
  readonly name: string;
  readonly sizeMax: number;
  /** Throws a Fault where the bytes are not what they should be. */
  readonly parse: (bytes: Uint8Array) => T;
}

/** Reads both, whatever is the matter with one of them. */
export async function readTwins<T>(options: ReadTwins<T>): Promise<TwinRead<T>> {
  const found: T[] = [];
  const seen: Uint8Array[] = [];
  const problems: VaultProblem[] = [];
  const objects = [options.name, COPY + options.name];
  // No more of what somebody put there than shows that it is too large. A far store asks for all of a
  // range at once, however short the object is: what may be long is asked for whole.
  const { store, sizeMax } = options;
  const range = sizeMax < RANGE_MAX ? { offset: 0, length: sizeMax + 1 } : undefined;
  const got = await Promise.allSettled(objects.map((object) => store.get(object, range)));
  for (const [at, object] of objects.entries()) {
    const one = got[at];
    try {
      if (one?.status !== 'fulfilled') throw one?.reason;
      const bytes = one.value;
      if (seen.some((other) => isEqual(other, bytes))) continue;
      if (bytes.length > options.sizeMax) {
        throw new Fault('HF_VAULT_CORRUPT', 'it is too large', { object });
      }
      found.push(options.parse(bytes));
      seen.push(bytes);
    } catch (error) {
      problems.push(problemOf(object, error));
    }
  }
  if (found.length > 1) {
    const why = 'it and its copy differ: one of them is damaged';
    for (const object of [options.name, COPY + options.name]) {
      problems.push({ kind: 'damaged', object, why });
    }
  }
  return { found, problems };
}

export interface TwinNames {
  /** The last parts of all names in either place, each once, sorted. */
  readonly names: readonly string[];
  /** Of a place that cannot be listed, where the other can. */
  readonly problems: readonly VaultProblem[];
}

/** What lies below `prefix` and below its copy: a folder that a disk does not give back is no loss. */
export async function listTwins(store: Store, prefix: string): Promise<TwinNames> {
  const places = [prefix, COPY + prefix];
  const names = new Set<string>();
  const problems: VaultProblem[] = [];
  // At once: a store that is far away answers both in one turn.
  const lists = await Promise.allSettled(places.map((each) => store.list(each)));
  const failed: unknown[] = [];
  for (const [at, place] of places.entries()) {
    const list = lists[at];
    if (list?.status === 'fulfilled') {
      for (const { name } of list.value) names.add(name.slice(place.length));
    } else {
      problems.push(problemOf(place, list?.reason));
      failed.push(list?.reason);
    }
  }
  if (failed.length === places.length) throw failed[0];
  return { names: [...names].sort(), problems };
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}
