// Goal: what is asked for ahead does not hold more of old versions than may be kept.
// Method: a line that nobody answers; each chunk has an old version of 4 MiB.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePatcher } from '../../adapters/node/patcher.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString, digestOfBytes } from '../../base/bytes.ts';
import { MIB } from '../../base/units.ts';
import { CONTENT } from '../../vault/core/object-id.ts';
import { FarLink, FarObjects } from './sync-far-link.ts';

test('old versions that wait for what they tell are few', () => {
  let given = 0;
  const tools = nodeTools();
  const link = new FarLink({ read: () => 0, write: () => undefined }, tools);
  const objects = new FarObjects(link, tools, {
    patcher: nodePatcher(),
    here: {
      has: () => false,
      read: () => undefined,
      oldOf: () => {
        given += 4 * MIB;
        return { bytes: new Uint8Array(4 * MIB) };
      },
    },
  });
  for (let round = 0; round < 3; round++) {
    const digests = Array.from({ length: 64 }, (_, at) =>
      digestOfBytes(byteString(`${round} ${at}`.padStart(32, '.'))),
    );
    objects.expect(CONTENT, digests);
  }
  assert.ok(given > 16 * MIB && given <= 36 * MIB, `${given} bytes`);
});
