// Goal: what somebody put in place of a small object is not read whole, however large it is.
// Method: a store in memory that notes how much it gave, by itself and behind the cache of far stores.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { nodeClock } from '../../adapters/node/clock.ts';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString } from '../../base/bytes.ts';
import { HEADER_SIZE_MAX } from '../core/header.ts';
import { cachedStore } from './cached-store.ts';
import type { ByteRange, Store } from './store.ts';
import { memoryStore } from './store-memory.ts';
import { readTwins } from './twin-objects.ts';

const SIZE_MAX = 1000;
const tools = nodeTools();

async function storeWith(name: string, sizeBytes: number) {
  const store = memoryStore(tools);
  const bytes = new Uint8Array(sizeBytes).fill(7);
  await store.putIfAbsent(name, bytes, tools.hash.sha256(bytes));
  const given = { bytes: 0 };
  const noting: Store = {
    ...store,
    get: async (asked: string, range?: ByteRange) => {
      const found = await store.get(asked, range);
      given.bytes += found.length;
      return found;
    },
  };
  return { noting, given };
}

test('no more of it is read than shows that it is too large', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-twins-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const read = async (store: Store, name: string, sizeMax: number) =>
    readTwins({ store, name, sizeMax, parse: (bytes) => bytes.length });
  for (const [name, sizeMax] of [
    ['keys/0123456789abcdef', SIZE_MAX],
    ['header', HEADER_SIZE_MAX],
  ] as const) {
    for (const isFar of [false, true]) {
      const { noting, given } = await storeWith(name, 50 * sizeMax);
      const far = { store: noting, disk: nodeDisk(), tools, clock: nodeClock() };
      const store = isFar
        ? cachedStore({ ...far, directory: byteString(`${directory}/${name}`) })
        : noting;
      const { found, problems } = await read(store, name, sizeMax);
      assert.deepEqual([found, problems.length], [[], 2], 'too large, and its twin is missing');
      assert.equal(given.bytes, sizeMax + 1, `${name}, far: ${isFar}`);
    }
  }
  const { noting } = await storeWith('keys/one', SIZE_MAX);
  const { found } = await read(noting, 'keys/one', SIZE_MAX);
  assert.deepEqual(found, [SIZE_MAX], 'as large as it may be');
});
