// Goal: `cost` says of a real vault what is stored, is honest after one capture, and takes its price
// from holdfast.yaml. Method: the real program over a vault of two data sets.
import assert from 'node:assert/strict';
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
