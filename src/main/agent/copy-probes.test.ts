// Goal: what `up` keeps of its copies is an item each, by its age; what cannot be read is unknown.
// Method: the file as `up` writes it, spoilt in between.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString } from '../../base/bytes.ts';
import { hours, unixMs } from '../../base/units.ts';
import { keepCopies } from '../up/copies/copies-file.ts';
import { copyProbes } from './copy-probes.ts';

test('an item for each copy, by when it was last whole', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-copies-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const state = byteString(folder);
  const ports = { disk: nodeDisk(), tools: nodeTools() };
  const copy = (to: string, agoMs: number) => ({
    ...{ from: '/v', to, everyMs: hours(1), trouble: undefined },
    completeAt: unixMs(Date.now() - agoMs),
  });
  const saw = async () => {
    const probes = copyProbes(state);
    const found = await Promise.all(probes.map((probe) => probe.look(AbortSignal.timeout(5000))));
    return probes.map(({ item }, at) => [item, found[at]?.saw]);
  };
  keepCopies(ports, state, []);
  assert.deepEqual(await saw(), []);
  assert.deepEqual(fs.readdirSync(folder), []);
  keepCopies(ports, state, [copy('/b', 0), copy('ssh://st2/v', hours(3))]);
  assert.deepEqual(await saw(), [
    ['copy:/b', 'healthy'],
    ['copy:ssh://st2/v', 'broken'],
  ]);
  const [first] = copyProbes(state);
  const sawFirst = async () => (await first?.look(AbortSignal.timeout(5000)))?.saw;
  keepCopies(ports, state, [copy('ssh://st2/v', 0)]);
  assert.equal(await sawFirst(), 'unreadable', 'it is promised no more');
  fs.truncateSync(path.join(folder, 'copies.json'), 40);
  assert.equal(await sawFirst(), 'unreadable');
  assert.deepEqual(await saw(), [['copy:all', 'unreadable']]);
});
