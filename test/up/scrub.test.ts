// Goal: `up` reads what came into its vault past the page cache, keeps that as evidence, reads nothing
// twice in vain, and says what rots in an old snapshot that no backup and no drill looks at.
// Method: whole rounds with real vault, check and ledgers; packs of an old snapshot are spoilt, and what
// was known of their readings is taken away, as if it were long ago.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openLedger } from '../../src/adapters/sqlite/open-ledger.ts';
import type { Evidence } from '../../src/base/evidence.ts';
import { spoilPack } from '../vault/spoil-packs.ts';
import { onlyDone, UpBench } from './up-bench.ts';

let bench: UpBench;
beforeEach(() => {
  bench = new UpBench();
});
afterEach(() => bench.remove());

const ledgerDir = () => path.join(bench.state, 'scrub');

/** What was read, by all checks that noted anything. */
function readings(): string {
  const names = fs.readdirSync(ledgerDir(), { recursive: true, encoding: 'utf8' });
  const files = names.map((name) => path.join(ledgerDir(), name)).sort();
  return files
    .filter((file) => fs.statSync(file).isFile())
    .map((file) => fs.readFileSync(file, 'latin1'))
    .join('');
}

async function evidence(): Promise<readonly Evidence[]> {
  const ledger = await openLedger(path.join(bench.state, 'state.db'));
  try {
    const all = await ledger.current('exists/');
    return all.filter(({ source }) => source.endsWith('/vault check'));
  } finally {
    await ledger.close();
  }
}

test('what came is read in the same round, and not again while that is fresh', async () => {
  await bench.once();
  const packs = bench.packs();
  assert.ok(packs.length > 0);
  const first = readings();
  for (const pack of packs) assert.ok(first.includes(path.basename(pack)), 'noted as read');
  const [proof] = await evidence();
  assert.equal(proof?.saw, 'healthy');
  await bench.once();
  const fresh = bench.packs().filter((pack) => !packs.includes(pack));
  for (const pack of packs) assert.equal(readings().split(path.basename(pack)).length <= 3, true);
  for (const pack of fresh) assert.ok(readings().includes(path.basename(pack)));
});

test('rot in what only an old snapshot needs is said, and its evidence is broken', async () => {
  await bench.once();
  const old = bench.packs();
  bench.write('a', 'another first file\n');
  bench.write('below/b', Buffer.alloc(300_000, 'other text that compresses\n'));
  await bench.once();
  for (const pack of old) spoilPack(pack);
  fs.rmSync(ledgerDir(), { recursive: true });
  const ran = await bench.once();
  assert.equal(onlyDone(ran).drill.isPassed, true, 'what is backed up now is whole');
  assert.equal(ran.hasFailed, true, 'and the vault is not');
  assert.ok((await evidence()).some(({ saw }) => saw === 'broken'));
});

test('a vault that was emptied, and a snapshot that is damaged, are said though no pack waits', async () => {
  await bench.once();
  const folder = path.join(bench.state, 'vault/snapshots');
  const [name = ''] = fs.readdirSync(folder);
  bench.write('a', 'another first file\n');
  await bench.once();
  fs.truncateSync(path.join(folder, name), 100);
  const damaged = await bench.once();
  assert.equal(onlyDone(damaged).drill.isPassed, true);
  assert.equal(damaged.hasFailed, true);
});
