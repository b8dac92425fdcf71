import type { Tools } from '../../host/tools.ts';
import { nodeCipher } from './cipher.ts';
import { nodeCodec } from './codec.ts';
import { nodeHash } from './hash.ts';
import { nodeRandom } from './random.ts';

/** What core computes with. Stateless but for scratch memory: one for each thread. */
export function nodeTools(): Tools {
  return {
    hash: nodeHash(),
    codec: nodeCodec(),
    cipher: nodeCipher(),
    random: nodeRandom(),
  };
}
