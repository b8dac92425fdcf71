// Goal: `cost` says of a real vault what is stored, is honest after one capture, and takes its price
// from holdfast.yaml. Method: the real program over a vault of two data sets.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { after, test } from 'node:test';
import { Bench } from './run-cli.ts';

const bench = new Bench();
after(() => bench.remove());

interface SaidCost {
  readonly dataSet: string;
  readonly storedBytes: number | null;
  readonly monthBytes: number | null;
  readonly captureCount: number;
  readonly moneyNow?: number;
  readonly without?: { readonly kind: string };
  readonly withIt?: { readonly kind: string };
}

test('of a real vault', () => {
  bench.write('data/a', 'a'.repeat(100_000));
  bench.write('more/b', 'b');
  for (const args of [['init'], ['backup', bench.at('data')], ['backup', bench.at('more')]]) {
    const ran = bench.run(args);
    assert.equal(ran.status, 0, ran.stderr);
  }
  const { said, status } = bench.json(['cost']);
  assert.equal(status, 0);
  const sets = said.dataSets as readonly SaidCost[];
  assert.deepEqual(
    sets.map(({ dataSet }) => dataSet).sort(),
    [bench.at('data'), bench.at('more')].sort(),
  );
  const [first] = sets;
  assert.ok(first !== undefined && first.storedBytes !== null && first.storedBytes > 0);
  assert.deepEqual([first.monthBytes, first.captureCount], [null, 1]);
  assert.equal(first.without?.kind, 'all');
  assert.notEqual(first.withIt?.kind, 'all');
  assert.equal(first.moneyNow, undefined);
  const lies = fs
    .readdirSync(bench.vault, { recursive: true, encoding: 'utf8' })
    .map((name) => fs.statSync(bench.at('vault', name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
  assert.ok(
    Math.abs(Number(said.storedBytes) - lies) < 4096,
    `${String(said.storedBytes)}, ${lies}`,
  );
  const yaml = bench.write('holdfast.yaml', 'prices: {currency: EUR, gib-month: 1000}\n');
  assert.match(bench.run(['cost']).stdout, /EUR A MONTH/);
  fs.writeFileSync(yaml, 'prices: {currency: EUR, gib-month: -1}\n');
  const wrong = bench.json(['cost']);
  assert.deepEqual([wrong.status, wrong.said.error?.code], [64, 'HF_CONFIG_INVALID']);
});

test('what a retention would let go of: no more than was brought, and nothing is removed', () => {
  const place = new Bench();
  after(() => place.remove());
  place.run(['init']);
  for (const size of [200_000, 300_000, 400_000]) {
    // Each brings all of its own.
    place.write('data/a', randomBytes(size).toString('latin1'));
    assert.equal(place.run(['backup', place.at('data')]).status, 0);
  }
  const before = place.json(['snapshots']).said;
  const free = (keep: string) => {
    const { said, status } = place.json(['cost', '--keep', keep]);
    assert.equal(status, 0, JSON.stringify(said));
    return said.wouldFree as {
      total: number;
      gone: number;
      atLeastBytes: number;
      atMostBytes: number;
    };
  };
  assert.equal(free('last=1').gone, 0, 'nothing younger than min-age goes');
  const two = free('last=1,min-age=1s');
  assert.deepEqual([two.total, two.atLeastBytes], [3, 0]);
  assert.ok(two.gone >= 1 && two.gone <= 2, String(two.gone));
  assert.ok(two.atMostBytes >= 200_000 && two.atMostBytes <= 1_500_000, String(two.atMostBytes));
  const text = place.run(['cost', '--keep', 'last=1,min-age=1s']).stdout.replaceAll(/\s+/g, ' ');
  assert.match(text, /of 3 snapshots would go, which frees at most .* and may free nothing/);
  assert.match(text, /Nothing is removed/);
  assert.match(text, /free where it lies/);
  assert.deepEqual(place.json(['snapshots']).said, before);
  const wrong = place.json(['cost', '--keep', 'last=all']);
  assert.deepEqual([wrong.status, wrong.said.error?.code], [64, 'HF_USAGE']);
});
