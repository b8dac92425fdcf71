// Goal: ids are the HMAC that the format says, and differ by kind.
// Method: compared with Node's own HMAC.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { nodeTools } from '../../adapters/node/tools.ts';
import { CONTENT, dataSetTag, makeIdOf, NAMES } from './object-id.ts';

const tools = nodeTools();

test('an id is HMAC-SHA256 of kind and digest', () => {
  for (let round = 0; round < 50; round++) {
    const key = randomBytes(32);
    const idOf = makeIdOf(tools, key);
    for (const kind of [CONTENT, NAMES] as const) {
      const digest = tools.hash.sha256(randomBytes(round));
      const hmac = createHmac('sha256', key).update(Buffer.of(kind));
      assert.equal(idOf(kind, digest), hmac.update(digest, 'latin1').digest('binary'));
    }
  }
});

test('a data set is tagged by the first half of an HMAC', () => {
  const key = randomBytes(32);
  const hmac = createHmac('sha256', key).update('\x03srv').digest('hex');
  assert.equal(dataSetTag(tools, key, Buffer.from('srv')), hmac.slice(0, 32));
});
