/**
 * SHA-256 through OpenSSL. The one-shot form into latin1 is the fastest that Node has (0.2 us for
 * 32 bytes, where an object of `createHash` costs 1 us): it makes no Buffer. See research/speed.md.
 */
import { createHash, hash } from 'node:crypto';
import type { ByteString, Digest } from '../../base/bytes.ts';
import { digestOfBytes } from '../../base/bytes.ts';
import type { Hash, HashStream } from '../../host/hash.ts';

/** Names and ids fit into it; one allocation for all of them. */
const SCRATCH_SIZE = 4096;

export function nodeHash(): Hash {
  const scratch = Buffer.alloc(SCRATCH_SIZE);
  return {
    sha256: sha256Of,
    sha256Text(text: ByteString): Digest {
      if (text.length > SCRATCH_SIZE) return sha256Of(Buffer.from(text, 'latin1'));
      return sha256Of(scratch.subarray(0, scratch.write(text, 'latin1')));
    },
    stream: hashStream,
  };
}

/** `binary` is Node's other word for latin1: each byte becomes one character. */
function sha256Of(bytes: Uint8Array): Digest {
  return digestOfBytes(hash('sha256', bytes, 'binary'));
}

function hashStream(): HashStream {
  const state = createHash('sha256');
  return {
    update(bytes: Uint8Array): void {
      state.update(bytes);
    },
    digest(): Digest {
      return digestOfBytes(state.digest('binary'));
    },
  };
}
