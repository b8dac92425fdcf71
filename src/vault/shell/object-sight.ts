/** Looks at one object of a store, and judges it without a key. */
import { Fault } from '../../base/fault.ts';
import { GIB } from '../../base/units.ts';
import { type ObjectProof, proofOf } from '../core/object-proof.ts';
import type { ReadingPorts } from './vault-ports.ts';
import { problemOf, type VaultProblem } from './vault-problem.ts';

/** No writer makes larger objects, and one is held whole. */
const SIZE_MAX = GIB;

export interface SeenObject {
  readonly state: ObjectProof['state'] | 'missing';
  readonly why: string;
  /** Empty where it could not be read. */
  readonly bytes: Uint8Array;
}

export interface LookAt {
  readonly name: string;
  /** As it was listed; undefined where it was not. */
  readonly sizeBytes?: number | undefined;
  readonly vault: string;
}

/** @throws what the store throws of what may pass, HF_VAULT_FEATURE_UNKNOWN */
export async function seeObject(ports: ReadingPorts, of: LookAt): Promise<SeenObject> {
  const { name, vault, sizeBytes = 0 } = of;
  if (sizeBytes > SIZE_MAX) return { state: 'damaged', why: 'it is too large', bytes: NOTHING };
  let bytes: Uint8Array;
  try {
    bytes = await ports.store.get(name);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { kind, why } = problemOf(name, error);
    return { state: kind, why, bytes: NOTHING };
  }
  return { ...proofOf(ports.tools, { name, bytes, vault }), bytes };
}

export function problemAt(name: string, { state, why }: SeenObject): VaultProblem {
  return { kind: state === 'whole' ? 'damaged' : state, object: name, why };
}

const NOTHING = new Uint8Array(0);
