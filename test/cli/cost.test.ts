// Goal: `cost` says of a real vault what is stored, is honest after one capture, and takes its price
// from holdfast.yaml; of connected repositories it says what two looks showed. Method: the real program over a
// vault of two data sets, and a real restic and borg; a look is dated back in the ledger.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { spawnSync } from 'node:child_process';
import { after, test, type TestContext } from 'node:test';
import { openLedger } from '../../src/adapters/sqlite/open-ledger.ts';
import { days, unixMs } from '../../src/base/units.ts';
import type { ConnectedRepository } from '../../src/watch/core/connected.ts';
import { needs } from '../run/needs.ts';
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

interface SaidRepository {
  readonly name: string;
  readonly storedBytes: number | null;
  readonly by: string | null;
  readonly monthBytes: number | null;
  readonly unknown: string | null;
  readonly moneyNow?: number;
}

function connectedBench(t: TestContext): Bench {
  const place = new Bench();
  t.after(() => place.remove());
  place.write('data/a', randomBytes(3_000_000));
  fs.chmodSync(place.write('pw', 'correct-horse'), 0o600);
  return place;
}

const tool = (place: Bench, program: string, args: readonly string[]): void => {
  const secrets = { RESTIC_PASSWORD: 'correct-horse', BORG_PASSPHRASE: 'correct-horse' };
  const env = { PATH: process.env.PATH ?? '', HOME: place.scratch, ...secrets };
  const ran = spawnSync(program, args, { env, encoding: 'utf8' });
  assert.equal(ran.status, 0, ran.stderr);
};

const repositoriesIn = (place: Bench, env = {}): readonly SaidRepository[] => {
  const { said, status } = place.json(['cost'], { env });
  assert.equal(status, 0, JSON.stringify(said));
  return said.repositories as readonly SaidRepository[];
};

function bytesOnDisk(root: string): number {
  const names = fs.readdirSync(root, { recursive: true, encoding: 'utf8' });
  return names.reduce((sum, name) => sum + fs.lstatSync(`${root}/${name}`).blocks * 512, 0);
}

test('of connected repositories: on disk now, a month from two looks, and no vault is wanted', async (t) => {
  if (!needs(t, 'restic') || !needs(t, 'borgbackup')) return;
  const place = connectedBench(t);
  const env = { HOLDFAST_VAULT: '' };
  const wrong = place.json(['cost'], { env });
  assert.equal(wrong.said.error?.code, 'HF_VAULT_WANTED', 'where nothing is connected');
  tool(place, 'restic', ['-q', '--no-cache', '-r', place.at('r'), 'init']);
  tool(place, 'restic', ['-q', '--no-cache', '-r', place.at('r'), 'backup', place.at('data')]);
  tool(place, 'borg', ['init', '-e', 'repokey', place.at('b')]);
  tool(place, 'borg', ['create', `${place.at('b')}::one`, place.at('data')]);
  for (const [name, at] of [
    ['restic', 'r'],
    ['borg', 'b'],
  ] as const) {
    const args = ['connect', name, place.at(at), '--password-file', place.at('pw')];
    const ran = place.run(args, { env });
    assert.equal(ran.status, 0, ran.stderr);
  }
  for (const each of repositoriesIn(place, env)) {
    const at = place.at(each.name.startsWith('restic') ? 'r' : 'b');
    assert.equal(each.storedBytes, bytesOnDisk(at), each.name);
    assert.deepEqual([each.by, each.monthBytes, each.unknown], ['disk', null, null]);
  }
  const ledger = await openLedger(`${place.state}/state.db`);
  const threeDaysEarlier = (of: ConnectedRepository): ConnectedRepository => ({
    ...of,
    sizes: (of.sizes ?? []).map((size) => ({ ...size, at: unixMs(size.at - days(3)) })),
  });
  for (const of of await ledger.connected()) await ledger.keepConnected(threeDaysEarlier(of));
  await ledger.close();
  place.write('data/b', randomBytes(2_000_000));
  tool(place, 'restic', ['-q', '--no-cache', '-r', place.at('r'), 'backup', place.at('data')]);
  assert.equal(place.run(['connect', '--refresh'], { env }).status, 0);
  const months = new Map(
    repositoriesIn(place, env).map(({ name, monthBytes }) => [name.split(' ')[0], monthBytes]),
  );
  // Two million bytes in three days.
  const restic = months.get('restic') ?? 0;
  assert.ok(restic > 19_500_000 && restic < 21_500_000, String(restic));
  assert.ok(Math.abs(months.get('borg') ?? Number.NaN) < 1_000_000, String(months.get('borg')));
  place.write('holdfast.yaml', 'prices: {currency: EUR, gib-month: 1024}\n');
  const [first] = repositoriesIn(place, env);
  assert.ok((first?.moneyNow ?? 0) > 4.5, String(first?.moneyNow));
  assert.match(place.run(['cost'], { env }).stdout, /CONNECTED +STORED +\+ A MONTH +EUR A MONTH/);
});

test('what the last look could not tell is said beside what an earlier one saw', async (t) => {
  if (!needs(t, 'restic')) return;
  const place = connectedBench(t);
  const env = { HOLDFAST_VAULT: '' };
  tool(place, 'restic', ['-q', '--no-cache', '-r', place.at('r'), 'init']);
  tool(place, 'restic', ['-q', '--no-cache', '-r', place.at('r'), 'backup', place.at('data')]);
  const args = ['connect', 'restic', place.at('r'), '--password-file', place.at('pw')];
  assert.equal(place.run(args, { env }).status, 0);
  const before = repositoriesIn(place, env)[0]?.storedBytes;
  const ledger = await openLedger(`${place.state}/state.db`);
  const [of] = await ledger.connected();
  assert.ok(of !== undefined);
  const why = 'not all of its files could be seen';
  await ledger.keepConnected({ ...of, sizeUnknown: why });
  assert.deepEqual(
    repositoriesIn(place, env).map(({ storedBytes, unknown }) => [storedBytes, unknown]),
    [[before, why]],
  );
  const { sizes: _, ...older } = of;
  await ledger.keepConnected(older);
  await ledger.close();
  const [bare] = repositoriesIn(place, env);
  assert.equal(bare?.storedBytes, null);
  assert.match(bare.unknown ?? '', /before sizes were asked/);
  assert.match(place.run(['cost'], { env }).stdout, /unknown +unknown/);
});
