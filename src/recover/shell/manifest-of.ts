import type { Digest } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import type { Manifest } from '../../manifest/core/walk.ts';
import { NAMES } from '../../vault/core/object-id.ts';
import type { ObjectReader } from './object-reader.ts';

/** The manifest of one root of a snapshot, its pages read from the vault as they are needed. */
export function manifestOf(
  from: { readonly reader: ObjectReader; readonly codec: Codec },
  root: Digest,
): Manifest {
  return { root, load: (digest) => from.codec.textOf(from.reader.read(NAMES, digest)) };
}
