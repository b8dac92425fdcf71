import type { EstateDrill } from '../../core/drills/estate-drill.ts';

/**
 * Drills over the estate, as a server keeps them.
 *
 * Every method fails with HF_SERVER_STATE (unavailable), and nothing else.
 */
export interface DrillStore {
  /** All that are kept, oldest first. */
  drills(): Promise<readonly EstateDrill[]>;
}
