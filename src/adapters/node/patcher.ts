/** Patches as zstd frames whose dictionary is the old version. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Fault } from '../../base/fault.ts';
import type { Patcher } from '../../host/patcher.ts';

/** Both versions lie in one window: 4 MiB. */
const PARAMS = {
  [constants.ZSTD_c_compressionLevel]: 3,
  [constants.ZSTD_c_windowLog]: 22,
};

export function nodePatcher(): Patcher {
  return {
    patch: (bytes, dictionary) => zstdCompressSync(bytes, { params: PARAMS, dictionary }),
    unpatch(patch, dictionary, sizeMax) {
      try {
        return zstdDecompressSync(patch, { dictionary, maxOutputLength: sizeMax });
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        throw new Fault('HF_CONTENT_CORRUPT', `no patch: ${error.message}`, {}, { cause: error });
      }
    },
  };
}
