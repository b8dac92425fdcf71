import type { Tools } from '../../host/tools.ts';
import type { ObjectPlaces, VaultAccess } from '../../vault/shell/vault-access.ts';
import { vaultReaderFrom } from '../../vault/shell/vault-objects.ts';
import type { ReadRange } from '../../vault/shell/vault-reader.ts';
import type { ObjectReader } from './object-reader.ts';

/** Objects of a vault through its index; groups are numbered pack by pack. */
export function vaultObjectReader(
  access: VaultAccess | ObjectPlaces,
  tools: Tools,
  readRange: ReadRange,
): ObjectReader {
  const { reader, readObject, expect } = vaultReaderFrom(access, tools, readRange);
  const objects: ObjectReader = {
    read: (kind, digest) => readObject({ kind, digest }),
    orderOf: (kind, digest) => reader.locate({ kind, digest })?.group,
  };
  if (expect === undefined) return objects;
  return {
    ...objects,
    expect: (kind, digests) => expect(digests.map((digest) => ({ kind, digest }))),
  };
}
