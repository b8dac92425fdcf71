// Goal: what a check reads in parts is evidence of the snapshots whose packs were all read, as old as
// the pack that was read longest ago; people are told how much of a vault was read, and how long ago.
// Method: the real program; the ledger of evidence read as `exposure` reads it.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { openLedger } from '../../src/adapters/sqlite/open-ledger.ts';
import type { Evidence } from '../../src/base/evidence.ts';
import { days } from '../../src/base/units.ts';
import { scrubRows, scrubWords } from '../../src/main/cli/scrub-words.ts';
import type { ScrubStanding } from '../../src/vault/core/scrub-ledger.ts';
import { Bench } from './run-cli.ts';

const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  bench.write('data/a', randomBytes(200_000));
  assert.equal(bench.run(['init']).status, 0);
  assert.equal(bench.run(['backup', bench.at('data')]).status, 0);
});
afterEach(() => bench.remove());

async function evidence(): Promise<readonly Evidence[]> {
  const ledger = await openLedger(bench.at('state/state.db'));
  try {
    return await ledger.current('exists/');
  } finally {
    await ledger.close();
  }
}

interface Said {
  readonly scrub: ScrubStanding & { readonly limitMs: number };
  readonly packs: number;
  readonly packsRead: number;
}

const checked = (...args: string[]): Said =>
  bench.json(['vault', 'check', ...args]).said as unknown as Said;

test('read in shares: proven once all was read, since the first of them; and so until read-within', async () => {
  bench.write('holdfast.yaml', `vault: ${bench.vault}\nstate: ${bench.state}\nread-within: 9d\n`);
  const first = checked('--rotate', '1%');
  assert.deepEqual([first.packs, first.packsRead, first.scrub.unread], [2, 1, 1]);
  assert.equal((await evidence()).length, 0, 'half of it proves nothing');
  const between = Date.now();
  const second = checked('--rotate', '1%');
  assert.deepEqual([second.packsRead, second.scrub.unread], [1, 0]);
  assert.equal(second.scrub.limitMs, days(9));
  const [proof] = await evidence();
  assert.equal(proof?.saw, 'healthy');
  assert.ok(proof.observedAt <= between, 'as old as what was read first');
  assert.equal(proof.expiresAt - proof.observedAt, days(9));
  assert.equal(proof.detail.from, second.scrub.from);

  // What is damaged later is no proof any more, whatever share finds it.
  const packs = fs.readdirSync(bench.at('vault/packs'));
  for (const pack of packs) {
    const file = bench.at('vault/packs', pack);
    fs.chmodSync(file, 0o600);
    const bytes = fs.readFileSync(file);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    fs.writeFileSync(file, bytes);
  }
  assert.equal(bench.run(['vault', 'check', '--budget', '1m']).status, 1);
  assert.equal((await evidence())[0]?.saw, 'broken');
});

test('with a budget all of a small vault is read, and every check and the exposure say so', () => {
  const before = bench.run(['vault', 'check']);
  assert.doesNotMatch(before.stdout, /re-read/);
  const read = bench.run(['vault', 'check', '--budget', '1m']);
  assert.equal(read.status, 0, read.stderr);
  assert.match(flat(read.stdout), /is sound: 1 snapshot, every byte read/);
  assert.match(flat(read.stdout), /re-read all of it was read .*within/);
  assert.match(flat(bench.run(['vault', 'check']).stdout), /re-read all of it was read .*within/);
  assert.match(flat(bench.run(['exposure']).stdout), /re-read .* ago, never drilled/);
});

test('what is no budget, or two aims at once, is refused', () => {
  for (const args of [
    ['--budget', '10'],
    ['--budget', '0m'],
    ['--budget', '1m', '--rotate', '5%'],
    ['--budget', '1m', '--read-data'],
  ]) {
    assert.equal(bench.run(['vault', 'check', ...args]).status, 64, args.join(' '));
  }
  bench.write('holdfast.yaml', `vault: ${bench.vault}\nread-within: soon\n`);
  const wrong = bench.run(['vault', 'check']);
  assert.equal(wrong.status, 64);
  assert.match(flat(wrong.stderr), /days as 30d/);
});

test('the words: how much, how long ago, from where, and what is longer than allowed', () => {
  const DAY = days(1);
  const standing: ScrubStanding = {
    ...{ packs: 4000, unread: 312, damaged: 0, from: 'medium' },
    ...{ readWithinMs: 9 * DAY, oldestAgeMs: 20 * DAY },
  };
  assert.equal(
    scrubWords(standing),
    '3 688 of 4 000 packs read from its medium within 9 d; 312 packs never, unread for up to 20 d',
  );
  const all = { ...standing, unread: 0, oldestAgeMs: 9 * DAY };
  assert.equal(scrubWords(all), 'all of it was read from its medium within 9 d');
  assert.match(scrubWords({ ...all, from: 'memory' }), /memory may have served it/);
  const none = { ...standing, unread: 4000, readWithinMs: undefined };
  assert.equal(scrubWords(none), 'none of 4 000 packs was read, unread for up to 20 d');
  const marks = (given: ScrubStanding, limit: number) => scrubRows(given, limit)[0]?.mark;
  assert.equal(marks(all, 30 * DAY), undefined);
  assert.deepEqual(marks(all, 8 * DAY), { is: 'degraded' });
  assert.match(scrubRows(all, 8 * DAY)[0]?.text ?? '', /longer than the 8 d that are allowed/);
  assert.deepEqual(marks({ ...all, damaged: 1 }, 30 * DAY), { is: 'degraded' });
  assert.deepEqual(scrubRows({ ...all, packs: 0 }, 1), []);
});
