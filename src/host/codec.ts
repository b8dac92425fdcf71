import type { ByteString } from '../base/bytes.ts';

/** Changes of representation, synchronous: compression and text. */
export interface Codec {
  /** One zstd frame, level 1. */
  compress(bytes: Uint8Array): Uint8Array;
  /**
   * @param sizeMax bytes; what would come out larger is refused before it is made
   * @param into memory of `sizeMax` bytes or more; the result may be a view of its beginning
   * @throws Fault HF_CONTENT_CORRUPT when it is no zstd frame or larger than `sizeMax`
   */
  decompress(bytes: Uint8Array, sizeMax: number, into?: Uint8Array): Uint8Array;
  /** Each byte becomes one character; nothing is decoded. */
  textOf(bytes: Uint8Array): ByteString;
  /** The reverse: each character (0 to 255) becomes one byte. */
  bytesOf(text: ByteString): Uint8Array;
  /** Writes `text` into `into` at `offset`; returns the number of bytes. */
  writeText(text: ByteString, into: Uint8Array, offset: number): number;
  /** Whether both are the same bytes. Not for secrets: how long it takes tells where they differ. */
  isEqual(a: Uint8Array, b: Uint8Array): boolean;
  base64Of(bytes: Uint8Array): string;
  /** Undefined where `text` is no padded base64 (RFC 4648). */
  bytesOfBase64(text: string): Uint8Array | undefined;
}
