import { Fault } from '../../base/fault.ts';

/**
 * Something in a vault is not as it should be. Opening goes on; what was lost with it is found
 * when it is asked for.
 * missing: it is not there; damaged: it is there and not what was written; foreign: it belongs to
 * another vault or a newer format, or nobody we know signed it.
 */
export interface VaultProblem {
  readonly kind: 'missing' | 'damaged' | 'foreign';
  /** Name in the vault. */
  readonly object: string;
  readonly why: string;
}

/** Of a pack that is missed. */
export const NAMED_ONLY = 'it is not here, and an index names it';

/** What a failure to read `object` means for the vault. A bug, and what may pass, is thrown on. */
export function problemOf(object: string, error: unknown): VaultProblem {
  if (!(error instanceof Fault)) throw error;
  if (isAbsence(error)) return { kind: 'missing', object, why: error.message };
  if (error.code === 'HF_VAULT_FEATURE_UNKNOWN')
    return { kind: 'foreign', object, why: error.message };
  const isDamage = error.kind === 'corrupt' || error.code === 'HF_DISK_FAILED';
  if (isDamage) return { kind: 'damaged', object, why: error.message };
  throw error;
}

export function isAbsence(error: unknown): boolean {
  if (!(error instanceof Fault)) return false;
  return error.code === 'HF_STORE_ABSENT' || error.code === 'HF_DISK_ABSENT';
}
