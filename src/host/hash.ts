import type { ByteString, Digest } from '../base/bytes.ts';

/** SHA-256, synchronous, so that core can use it. */
export interface Hash {
  sha256(bytes: Uint8Array): Digest;
  /** Digest of a text in which each character is a byte. */
  sha256Text(text: ByteString): Digest;
  /** For content that does not come in one piece. */
  stream(): HashStream;
}

export interface HashStream {
  update(bytes: Uint8Array): void;
  /** Ends the stream. */
  digest(): Digest;
}
