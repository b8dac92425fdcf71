import type { Cipher } from './cipher.ts';
import type { Codec } from './codec.ts';
import type { Hash } from './hash.ts';
import type { Random } from './random.ts';

/** The synchronous ports that core computes with. */
export interface Tools {
  readonly hash: Hash;
  readonly codec: Codec;
  readonly cipher: Cipher;
  readonly random: Random;
}
