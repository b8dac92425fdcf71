/** Patches as zstd frames whose dictionary is the old version. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Fault } from '../../base/fault.ts';
import type { Patcher } from '../../host/patcher.ts';

/** Both versions lie in one window: 8 MiB. */
const WINDOW = { [constants.ZSTD_c_windowLog]: 23 };
const PARAMS = { ...WINDOW, [constants.ZSTD_c_compressionLevel]: 3 };
/** With the usual table only the last MiB of a dictionary is seen. */
const LARGE = 1 << 20;
const LARGE_PARAMS = {
  ...WINDOW,
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_hashLog]: 19,
};

export function nodePatcher(): Patcher {
  return {
    patch(bytes, dictionary) {
      const params = dictionary.length > LARGE ? LARGE_PARAMS : PARAMS;
      return zstdCompressSync(bytes, { params, dictionary });
    },
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
