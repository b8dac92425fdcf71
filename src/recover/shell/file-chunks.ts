import type { Digest } from '../../base/bytes.ts';
import type { FileEntry } from '../../manifest/core/entry.ts';
import { chunksOfList, type PlacedChunk } from '../../manifest/core/list.ts';

/** The chunks of a file in order, wherever they are listed; of a small one, itself. */
export function* chunksOf(
  entry: FileEntry,
  load: (digest: Digest) => Uint8Array,
): Generator<PlacedChunk> {
  const { list, cut, size, sha256, chunks = [] } = entry;
  if (cut === undefined) {
    if (size > 0n && sha256 !== undefined) {
      yield { offset: 0n, length: Number(size), digest: sha256 };
    }
    return;
  }
  let offset = 0n;
  for (const chunk of chunks) {
    yield { ...chunk, offset };
    offset += BigInt(chunk.length);
  }
  if (list !== undefined) yield* chunksOfList({ list, cut, size, load });
}
