import { randomFillSync } from 'node:crypto';
import type { Random } from '../../host/random.ts';

/** The operating system's own source, through OpenSSL. */
export function nodeRandom(): Random {
  return {
    bytes(count: number): Uint8Array {
      return randomFillSync(new Uint8Array(count));
    },
  };
}
