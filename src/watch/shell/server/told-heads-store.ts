import type { ToldPlace } from '../../core/heads/told-heads.ts';

/**
 * What agents told of vaults, as a server keeps it.
 *
 * Every method fails with HF_SERVER_STATE (unavailable), and nothing else.
 */
export interface ToldHeadsStore {
  /** All of it; what was told of last is the last. */
  toldHeads(): Promise<readonly ToldPlace[]>;
}
