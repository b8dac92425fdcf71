/** Packs that an attacker who may write into a vault makes by hand, and what real ones are sealed with. */
import fs from 'node:fs';
import { join } from 'node:path';
import { hexOf } from '../../src/base/bytes.ts';
import type { GroupBuilder } from '../../src/vault/core/group.ts';
import {
  encodePackTrailer,
  PACK_MAGIC,
  packTrailerSize,
  parsePackTrailer,
} from '../../src/vault/core/pack.ts';
import { parseSealedKeys, type SealedKey } from '../../src/vault/core/sealed-key.ts';
import type { CaptureFixture } from '../capture/capture-fixture.ts';

export function keysIn(file: string): readonly SealedKey[] {
  const bytes = fs.readFileSync(file);
  const trailer = bytes.subarray(-packTrailerSize(bytes, bytes.length));
  return parseSealedKeys(parsePackTrailer(trailer, bytes.length).sealedKeys);
}

/** A pack of one group under a key of nobody's. @returns its file */
export function plantPack(
  { dir, session }: CaptureFixture,
  builder: GroupBuilder,
  of: { readonly keyId: Uint8Array; readonly sealedKeys: Uint8Array },
): string {
  const { tools } = session;
  const dataKey = { id: of.keyId, key: tools.random.bytes(32) };
  const { header, body } = builder.seal(tools, dataKey);
  const place = { offset: PACK_MAGIC.length, headerLength: header.length, bodyLength: body.length };
  const trailer = encodePackTrailer({ groups: [place], sealedKeys: of.sealedKeys });
  const pack = Buffer.concat([PACK_MAGIC, header, body, trailer]);
  const file = join(dir, 'vault/packs', hexOf(tools.hash.sha256(pack)));
  fs.writeFileSync(file, pack);
  return file;
}
