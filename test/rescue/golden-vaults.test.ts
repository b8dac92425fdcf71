// Goal: what a released format wrote is read for ever, by the rescue readers and by Holdfast, with each kind of key.
// Method: the vaults in test/golden/vaults, one of each format, kept as they were written then. They are restored
// in full and compared by digests that were taken of the data before the backup. docs/format/compatibility.md
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { VAULT_FORMAT } from '../../src/vault/core/header.ts';
import { Bench, treeOf } from '../cli/run-cli.ts';
import {
  digestsBelow,
  GOLDEN_PASSPHRASE,
  type GoldenVault,
  goldenVaults,
  snapshotsOf,
} from '../vault/golden-vaults.ts';
import { allReaders, eachReader, newPlace } from './run-rescue.ts';

const nameOf = ({ folder }: GoldenVault): string => path.basename(folder);

test('there is one of every format, and of those that free space one in which that was done', () => {
  const formats = Array.from({ length: VAULT_FORMAT + 1 }, (_, format) =>
    format === 0 ? ['format-0'] : [`format-${format}`, `format-${format}-collected`],
  );
  assert.deepEqual(goldenVaults().map(nameOf).sort(), formats.flat());
  for (const { folder, vault } of goldenVaults()) {
    const format = /^format-(\d+)/.exec(path.basename(folder))?.[1];
    for (const name of ['header', 'copy/header']) {
      const header = fs.readFileSync(path.join(vault, name), 'utf8');
      assert.ok(header.includes(`"format":${format},`), `${vault}/${name}`);
    }
  }
});

for (const golden of goldenVaults()) {
  eachReader(
    `the vault of ${nameOf(golden)} is restored with each key`,
    (reader) => {
      const [first = '', ...others] = fs.readdirSync(path.join(golden.vault, 'snapshots')).sort();
      const restored = (snapshot: string, args: readonly string[], env = {}): object => {
        const to = newPlace('golden');
        const got = reader.run(['restore', golden.vault, snapshot, to, ...args], env);
        assert.equal(got.status, 0, got.err);
        return digestsBelow(to);
      };
      assert.ok(others.length > 0, 'it has more than one snapshot');
      for (const key of golden.keys) {
        assert.deepEqual(restored('latest', ['--key-file', key]), golden.content.latest);
      }
      const passphrase = { HOLDFAST_PASSPHRASE: GOLDEN_PASSPHRASE };
      assert.deepEqual(restored(first, [], passphrase), golden.content.first);
    },
    allReaders(),
  );

  test(`the vault of ${nameOf(golden)} is restored, checked and gone on with by Holdfast`, (t) => {
    const bench = new Bench();
    t.after(() => bench.remove());
    fs.cpSync(golden.vault, bench.vault, { recursive: true });
    const before = treeOf(bench.vault);
    const [key] = golden.keys;
    const secret = ['--key-file', key];
    const first = snapshotsOf(bench, secret)[0]?.id;
    for (const [snapshot, content] of [
      [first ?? '', golden.content.first],
      ['latest', golden.content.latest],
    ] as const) {
      const to = bench.at(`back-${snapshot.slice(0, 8)}`);
      const ran = bench.run(['restore', snapshot, to, ...secret]);
      assert.equal(ran.status, 0, ran.stderr);
      assert.deepEqual(digestsBelow(to), content);
    }
    for (const each of [...golden.keys.map((file) => ['--key-file', file]), byPassphrase(bench)]) {
      const check = bench.json(['vault', 'check', '--read-data', ...each]);
      assert.deepEqual([check.status, check.said.findings], [0, []]);
    }
    assert.deepEqual(treeOf(bench.vault), before, 'nothing of it was changed');
    const held = bench.run(['vault', 'hold', ...secret]);
    assert.match(held.stdout, /golden/);
    bench.write('data/new', 'of today');
    assert.equal(bench.run(['backup', 'data', ...secret]).status, 0);
    assert.equal(bench.run(['restore', 'latest', 'today', ...secret]).status, 0);
    assert.deepEqual(digestsBelow(bench.at('today')), digestsBelow(bench.at('data')));
    const header = fs.readFileSync(bench.at('vault/header'));
    assert.deepEqual(header, fs.readFileSync(path.join(golden.vault, 'header')), 'its own format');
  });
}

function byPassphrase(bench: Bench): readonly string[] {
  return ['--passphrase-file', bench.write('passphrase', `${GOLDEN_PASSPHRASE}\n`)];
}
