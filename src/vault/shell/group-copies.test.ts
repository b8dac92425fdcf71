// Goal: what two hosts stored at once, under two seals, is told from a copy without reading it whole.
// Method: two hosts that put the same in a vault in memory; what a survey reads of packs is counted.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { portsOf } from '../../../test/vault/littered-vault.ts';
import {
  contentOf,
  smallVault,
  tools,
  writeIndex,
  writePack,
  writeSnapshot,
} from '../../../test/vault/small-vault.ts';
import { CONTENT, NAMES } from '../core/object-id.ts';
import { surveyVault } from './survey-vault.ts';

test('of packs that two hosts stored at once only the ends are read, and both stay', async () => {
  const small = await smallVault();
  const { store, vault } = small;
  const contents = Array.from({ length: 3 }, () =>
    Array.from({ length: 12 }, () => new Uint8Array(randomBytes(40_000))),
  );
  for (const host of ['a', 'b']) {
    const packs = [];
    for (const all of contents) packs.push(await writePack(vault, CONTENT, all));
    const ids = contents.flat().map((each) => vault.idOf(CONTENT, tools.hash.sha256(each)));
    const page = new Uint8Array(Buffer.from(`page of ${host}`));
    packs.push(await writePack(vault, NAMES, [page], ids));
    await writeIndex(vault, packs);
    await writeSnapshot(small, contentOf('data', tools.hash.sha256(page)));
  }
  let read = 0;
  const counting = Object.assign(store.copy(), {
    get: async (...asked: Parameters<typeof store.get>) => {
      const bytes = await store.get(...asked);
      if (asked[0].startsWith('packs/')) read += bytes.length;
      return bytes;
    },
  });
  const survey = await surveyVault(portsOf(counting, vault));
  assert.deepEqual(new Set(survey.packs.map(({ fate }) => fate)), new Set(['live']));
  const total = survey.packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  assert.ok(total > 2_000_000 && read < total / 10, `${read} of ${total} bytes`);
});
