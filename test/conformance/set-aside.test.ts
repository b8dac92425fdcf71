// Goal: what a repair takes out of a vault is kept, byte for byte, where nothing reads it; also where
// the file system has no second names.
// Method: a directory store on a real file system, and on one that says it cannot link.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import type { Disk } from '../../src/host/disk.ts';
import { directoryStore } from '../../src/vault/shell/store-directory.ts';

const WAYS: readonly (readonly [string, Partial<Disk>])[] = [
  ['with second names', {}],
  ['without them', { link: () => 'unsupported' }],
];

for (const [way, change] of WAYS) {
  test(`${way}: the old bytes are kept, the new ones lie under the name`, async (t) => {
    const top = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-aside-'));
    t.after(() => fs.rmSync(top, { recursive: true, force: true }));
    const { random } = nodeTools();
    const disk = { ...nodeDisk(), ...change };
    const root = byteString(`${top}/vault`);
    const store = directoryStore({ disk, clock: nodeClock(), random, root });
    const [old, right] = [Buffer.from('old'), Buffer.from('right')];
    store.putIfAbsentSync('packs/one', old);
    store.putIfAbsentSync('header', old);
    const aside = store.replace('packs/one', right);
    assert.match(aside, /^damaged\/packs\/one\./);
    assert.deepEqual(Buffer.from(store.getSync(aside)), old);
    assert.deepEqual(Buffer.from(store.getSync('packs/one')), right);
    const taken = store.setAside('header');
    assert.deepEqual(Buffer.from(store.getSync(taken)), old);
    assert.deepEqual(
      (await store.list('')).map(({ name }) => name),
      [taken, aside, 'packs/one'].sort(),
    );
    assert.deepEqual(fs.readdirSync(path.join(top, 'vault/tmp')), []);
    assert.throws(() => store.replace('packs/none', right), { code: 'HF_DISK_ABSENT' });
    assert.deepEqual(fs.readdirSync(path.join(top, 'vault/tmp')), []);
  });
}
