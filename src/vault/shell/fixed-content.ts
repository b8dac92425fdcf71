import type { ByteString, Digest } from '../../base/bytes.ts';
import { digestOfBytes } from '../../base/bytes.ts';
import type { Tools } from '../../host/tools.ts';
import { BLOCK_SIZE, BlocksHasher } from '../../manifest/core/blocks.ts';
import type { FileContent } from '../../manifest/core/entry-fields.ts';
import type { EmitBytes } from '../../manifest/core/list.ts';
import { ChunkTable, ZERO_DIGEST } from '../../manifest/core/list.ts';

const DIGEST = 32;

/** Joins the blocks of a file cut at fixed offsets to what its entry says. */
export class FixedContent {
  readonly #tools: Tools;
  readonly #table: ChunkTable;
  readonly #blocks: BlocksHasher;
  readonly #size: number;
  #offset = 0;

  constructor(tools: Tools, of: { readonly size: number; readonly emit: EmitBytes }) {
    this.#tools = tools;
    this.#size = of.size;
    this.#table = new ChunkTable({ emit: of.emit });
    this.#blocks = new BlocksHasher(tools.hash);
  }

  /** @param digests 32 bytes for each of the next blocks */
  add(digests: ByteString): void {
    for (let at = 0; at < digests.length; at += DIGEST) {
      this.#block(digestOfBytes(digests.slice(at, at + DIGEST)));
    }
  }

  /** Blocks of zeros up to this offset, on the grid or the end. */
  zerosUpTo(offset: number): void {
    const whole = Math.floor((offset - this.#offset) / BLOCK_SIZE);
    if (whole > 0) {
      this.#table.pushZeros(whole);
      this.#blocks.pushZeros(whole);
      this.#offset += whole * BLOCK_SIZE;
    }
    if (this.#offset < offset) this.#block(ZERO_DIGEST);
  }

  finish(): FileContent {
    const size = BigInt(this.#size);
    const blocks = this.#blocks.digest(size);
    return { size, blocks, cut: 'fixed-131072', ...this.#table.finish() };
  }

  #block(digest: Digest): void {
    const length = Math.min(BLOCK_SIZE, this.#size - this.#offset);
    this.#offset += length;
    this.#table.push(length, digest);
    if (digest !== ZERO_DIGEST) this.#blocks.push(digest);
    else if (length === BLOCK_SIZE) this.#blocks.pushZeros(1);
    else this.#blocks.push(this.#tools.hash.sha256(new Uint8Array(length)));
  }
}
