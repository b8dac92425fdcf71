// Goal: a damaged page of the last manifest costs one full read, and not the next backups.
// Method: every page of names of a vault is flipped; the tree changes; the next backup must succeed,
// say that it read in full, and be restorable, which the last one is not any more.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { captureFixture, NOTHING_YOUNG_MS } from '../capture/capture-fixture.ts';

const OLD = { aheadMs: NOTHING_YOUNG_MS };

/** Packs whose first group holds names: kind 2, at byte 5 of the group. */
function namesPacks(vault: string): string[] {
  const packs = fs.readdirSync(join(vault, 'packs')).map((name) => join(vault, 'packs', name));
  return packs.filter((pack) => fs.readFileSync(pack)[16 + 5] === 2);
}

test('a backup over a damaged manifest reads everything and stores it anew', async () => {
  await using fixture = await captureFixture();
  for (let at = 0; at < 300; at++) fs.writeFileSync(join(fixture.tree, `f${at}`), `content ${at}`);
  const first = await fixture.capture(OLD);
  const packs = namesPacks(join(fixture.dir, 'vault'));
  assert.equal(packs.length, 1);
  for (const pack of packs) {
    const bytes = fs.readFileSync(pack);
    // Behind the clear header of the first group: its body.
    const at = 16 + bytes.readUInt32LE(16 + 8) + 10;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    fs.writeFileSync(pack, bytes);
  }
  await assert.rejects(fixture.entriesOf(first.outcome.roots[0]?.sha256 ?? assert.fail()));

  fs.writeFileSync(join(fixture.tree, 'f7'), 'changed');
  const second = await fixture.capture(OLD);
  assert.equal(second.outcome.readInFull.length, 1);
  assert.match(second.outcome.readInFull[0] ?? '', /last manifest cannot be read/);
  assert.equal(second.entries.size, 301);
  const entry = second.entries.get('f7') ?? assert.fail();
  assert.equal((await fixture.contentOf(entry)).toString(), 'changed');

  const third = await fixture.capture(OLD);
  assert.equal(third.outcome.isUnchanged, true);
  assert.equal(third.digest, second.digest);
});
