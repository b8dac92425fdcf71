// Goal: others who use the disk keep nine tenths of it, alone nothing is held up, and what was given
// up comes back. Method: a model of a disk that is shared by turns, with noise from a printed seed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DiskLoad, Yielding } from './yielding.ts';

interface Shared {
  /** What others get done alone, bytes a second; 0: nobody is there. */
  readonly others: number;
  /** What Holdfast does, bytes a second. */
  readonly own?: number;
  /** What they still get done while Holdfast uses the disk too. */
  readonly kept: number;
  /** How much longer a request takes then. */
  readonly slower: number;
  readonly noise: number;
  readonly seed: number;
}

const REQUEST_SIZE = 16 * 1024;
const OWN = 200_000_000;

/** Runs the rule for so long on a disk of this kind, and says what both sides had of it. */
function live(rule: Yielding, from: DiskLoad, forMs: number, disk: Shared) {
  let load = from;
  let seed = disk.seed;
  let openMs = 0;
  const random = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return 1 + disk.noise * ((2 * seed) / 2_147_483_648 - 1);
  };
  const end = load.atMs + forMs;
  let turn = rule.next(load);
  while (load.atMs < end) {
    const seconds = turn.forMs / 1000;
    if (turn.isOpen) openMs += turn.forMs;
    const others = disk.others * (turn.isOpen ? disk.kept : 1) * random() * seconds;
    const own = turn.isOpen ? (disk.own ?? OWN) * seconds : 0;
    const requests = (others + own) / REQUEST_SIZE;
    load = {
      atMs: load.atMs + turn.forMs,
      requests: load.requests + requests,
      requestMs: load.requestMs + requests * (turn.isOpen ? disk.slower : 1),
      bytes: load.bytes + others + own,
      ownBytes: load.ownBytes + own,
    };
    turn = rule.next(load);
  }
  const elapsed = load.atMs - from.atMs;
  return { load, openShare: openMs / elapsed };
}

const START: DiskLoad = { atMs: 0, requests: 0, requestMs: 0, bytes: 0, ownBytes: 0 };
const ALONE: Shared = { others: 0, kept: 1, slower: 1, noise: 0, seed: 1 };

test('alone it is never held up', () => {
  const { openShare } = live(new Yielding(), START, 600_000, ALONE);
  assert.equal(openShare, 1);
});

test("a journal's own writing is no reason to wait", () => {
  const rule = new Yielding();
  const { openShare } = live(rule, START, 600_000, { ...ALONE, others: 300_000 });
  assert.ok(openShare > 0.99, String(openShare));
});

for (const seed of [1, 2, 3, 4, 5]) {
  for (const slower of [1, 4]) {
    test(`others keep nine tenths of the disk; seed ${seed}, ${slower} times slower`, () => {
      const disk = { others: 40_000_000, kept: slower === 1 ? 0.5 : 0.9, slower, noise: 0.1, seed };
      const { load } = live(new Yielding(), START, 600_000, disk);
      const got = (load.bytes - load.ownBytes) / 600;
      assert.ok(got > 0.9 * disk.others, `${got} of ${disk.others}`);
      assert.ok(load.ownBytes > 0, 'it goes on, however slowly');
    });
  }
}

test('who reads from memory does not wait for the noise of others', () => {
  const rule = new Yielding();
  const noisy = { others: 40_000_000, own: 1_000_000, kept: 1, slower: 1, noise: 0.9, seed: 8 };
  const { openShare } = live(rule, START, 600_000, noisy);
  assert.ok(openShare > 0.8, String(openShare));
});

test('when the others are gone, it takes the whole disk again', () => {
  const rule = new Yielding();
  const busy = { others: 40_000_000, kept: 0.4, slower: 5, noise: 0.05, seed: 6 };
  const { load } = live(rule, START, 120_000, busy);
  assert.ok(rule.share < 0.2, String(rule.share));
  const { openShare } = live(rule, load, 60_000, ALONE);
  assert.equal(rule.share, 1);
  assert.ok(openShare > 0.9, String(openShare));
});

test('others who are not hurt are no reason to wait', () => {
  const light = { others: 5_000_000, kept: 1, slower: 1.2, noise: 0.02, seed: 7 };
  const { openShare } = live(new Yielding(), START, 600_000, light);
  assert.ok(openShare > 0.8, String(openShare));
});
