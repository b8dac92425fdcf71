import { Fault } from '../src/base/fault.ts';
import type { Store, StoredObject } from '../src/vault/shell/store.ts';
import { Seeded } from './seeded.ts';

/**
 * What may go wrong with a call.
 * fail: nothing happens, and that is said. lost-answer: it happens, and failure is said.
 * lie: nothing happens, and success is said. short, flip: a read gives less, or a bit is turned.
 * hide: a list leaves one object out.
 */
export type StoreTrouble = 'fail' | 'lost-answer' | 'lie' | 'short' | 'flip' | 'hide';
export type StoreCall = 'put' | 'get' | 'list';

const TROUBLES: Readonly<Record<StoreCall, readonly [StoreTrouble, ...StoreTrouble[]]>> = {
  put: ['fail', 'lost-answer'],
  get: ['fail', 'short', 'flip'],
  list: ['fail', 'hide'],
};

export interface ScriptedTrouble {
  readonly call: StoreCall;
  /** Counted from 1, for each kind of call by itself. */
  readonly nth: number;
  readonly trouble: StoreTrouble;
}

export interface StoreTroubles {
  readonly script?: readonly ScriptedTrouble[];
  /** Beside the script: each call meets trouble with this probability, drawn from the seed. */
  readonly chance?: { readonly seed: number; readonly probability: number };
}

export interface FaultyStore extends Store {
  /** What happened, so that a test can show that something did. */
  readonly injected: readonly ScriptedTrouble[];
}

/** A store that fails as it is told to, and is otherwise the one below it. */
export function faultyStore(inner: Store, troubles: StoreTroubles = {}): FaultyStore {
  const counts: Record<StoreCall, number> = { put: 0, get: 0, list: 0 };
  const injected: ScriptedTrouble[] = [];
  const chance = new Seeded(troubles.chance?.seed ?? 0);

  const troubleOf = (call: StoreCall): StoreTrouble | undefined => {
    counts[call] += 1;
    const nth = counts[call];
    const scripted = troubles.script?.find((each) => each.call === call && each.nth === nth);
    const isStruck = chance.isTrue(troubles.chance?.probability ?? 0);
    const trouble = scripted?.trouble ?? (isStruck ? chance.pick(TROUBLES[call]) : undefined);
    if (trouble !== undefined) injected.push({ call, nth, trouble });
    return trouble;
  };

  return {
    promises: inner.promises,
    injected,
    async putIfAbsent(name, bytes, sha256) {
      const trouble = troubleOf('put');
      if (trouble === 'fail') throw failed(name);
      if (trouble === 'lie') return 'stored';
      const answer = await inner.putIfAbsent(name, bytes, sha256);
      if (trouble === 'lost-answer') throw failed(name);
      return answer;
    },
    async get(name, range) {
      const trouble = troubleOf('get');
      if (trouble === 'fail') throw failed(name);
      const bytes = await inner.get(name, range);
      if (trouble === 'short') return bytes.slice(0, chance.below(Math.max(1, bytes.length)));
      return trouble === 'flip' ? withFlippedBit(bytes, chance) : bytes;
    },
    async list(prefix) {
      const trouble = troubleOf('list');
      if (trouble === 'fail') throw failed(prefix);
      const found = await inner.list(prefix);
      return trouble === 'hide' ? without(found, chance.below(Math.max(1, found.length))) : found;
    },
  };
}

function failed(name: string): Fault {
  return new Fault('HF_STORE_FAILED', `planted failure of ${name}`, { name });
}

function withFlippedBit(bytes: Uint8Array, chance: Seeded): Uint8Array {
  const bent = bytes.slice();
  const at = chance.below(Math.max(1, bent.length));
  const byte = bent[at];
  if (byte !== undefined) bent[at] = byte ^ (1 << chance.below(8));
  return bent;
}

function without(found: readonly StoredObject[], at: number): readonly StoredObject[] {
  return found.filter((_, each) => each !== at);
}
