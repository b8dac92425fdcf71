// Goal: the ledger never says that a pack was read later than it was, whatever becomes of its files;
// what waits longest is read first. Method: histories of checks that are killed, run at once, find
// damage and go by clocks that step, beside an oracle that remembers each reading; files that are
// torn, flipped, foreign or mixed; a golden file.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString } from '../../base/bytes.ts';
import {
  endLine,
  firstLine,
  inScrubOrder,
  isDamaged,
  linesOf,
  listedLine,
  mergedFiles,
  type PackTimes,
  packLine,
  parseScrubFile,
  provenAt,
  type ScrubFile,
  type ScrubLedger,
  scrubFrom,
  scrubStanding,
  UNKNOWN_PACK,
} from './scrub-ledger.ts';

const SEED = Number(process.env.HOLDFAST_SEED ?? 20261121);
const tools = nodeTools();
const OF = { vault: 'a'.repeat(32), medium: '12.34' };
const packOf = (at: number): string => at.toString(16).padStart(64, '0');

function parsed(text: string, now = Number.MAX_SAFE_INTEGER): ScrubFile | undefined {
  return parseScrubFile(tools, byteString(text), { ...OF, now });
}

function ledgerOf(given: Readonly<Record<number, Partial<PackTimes>>>): ScrubLedger {
  const packs = Object.entries(given).map(
    ([at, times]) => [packOf(Number(at)), { ...UNKNOWN_PACK, ...times }] as const,
  );
  return { listedAt: undefined, packs: new Map(packs) };
}

interface Reading {
  readonly file: number;
  readonly pack: number;
  readonly waitMs: number;
  readonly how: 'medium' | 'memory' | 'damaged';
}

const reading: fc.Arbitrary<Reading> = fc.record({
  file: fc.nat(2),
  pack: fc.nat(4),
  waitMs: fc.integer({ min: -40, max: 90 }),
  how: fc.constantFrom('medium', 'memory', 'damaged'),
});

test('no pack is ever said to be read later than it was, whatever is lost of the files', () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });
  const flip = fc.option(fc.tuple(fc.nat(2), fc.nat(5000), fc.integer({ min: 1, max: 255 })));
  fc.assert(
    fc.property(fc.array(reading, { maxLength: 40 }), cuts, flip, (history, keep, flipped) => {
      const texts = [0, 1, 2].map((at) => `${firstLine(tools, OF, 1000 + at)}`);
      const readings = new Map<number, number[]>();
      let now = 1000;
      for (const { file, pack, waitMs, how } of history) {
        now = Math.max(1, now + waitMs);
        texts[file] += packLine(tools, { kind: how, at: now, pack: packOf(pack) });
        if (how !== 'damaged') readings.set(pack, [...(readings.get(pack) ?? []), now]);
      }
      const left = texts.map((text, at) => {
        const cut = text.slice(0, Math.ceil(text.length * (keep[at] ?? 1)));
        if (flipped?.[0] !== at) return cut;
        const where = flipped[1] % Math.max(1, cut.length);
        const other = String.fromCharCode(cut.charCodeAt(where) ^ flipped[2]);
        return cut.slice(0, where) + other + cut.slice(where + 1);
      });
      const ledger = mergedFiles(left.flatMap((text) => parsed(text, now) ?? []));
      for (const [pack, times] of ledger.packs) {
        const known = readings.get(Number.parseInt(pack, 16)) ?? [];
        for (const from of ['medium', 'memory'] as const) {
          const at = provenAt(times, from);
          if (at !== undefined) assert.ok(known.includes(at) && at <= now, `${pack} at ${at}`);
        }
      }
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test('of whole files the last reading holds, and damage that was found later', () => {
  fc.assert(
    fc.property(fc.array(reading, { maxLength: 40 }), (history) => {
      const texts = [0, 1, 2].map((at) => `${firstLine(tools, OF, 1000 + at)}`);
      const truth = new Map<string, { read: number; damaged: number }>();
      let now = 1000;
      for (const { file, pack, waitMs, how } of history) {
        now += Math.abs(waitMs) + 1;
        texts[file] += packLine(tools, { kind: how, at: now, pack: packOf(pack) });
        const one = truth.get(packOf(pack)) ?? { read: -1, damaged: -1 };
        truth.set(packOf(pack), { ...one, [how === 'damaged' ? 'damaged' : 'read']: now });
      }
      const { packs } = mergedFiles(texts.flatMap((text) => parsed(text) ?? []));
      assert.equal(packs.size, truth.size);
      for (const [pack, { read, damaged }] of truth) {
        const expected = damaged > read || read === -1 ? undefined : read;
        assert.equal(provenAt(packs.get(pack), 'memory'), expected);
      }
    }),
    { seed: SEED },
  );
});

test('what is damaged comes first, then what never was read, the newest before the others, then the oldest', () => {
  const ledger = ledgerOf({
    1: { seenAt: 1, mediumAt: 90 },
    2: { seenAt: 1, mediumAt: 20 },
    3: { seenAt: 5 },
    4: { seenAt: 80 },
    5: { seenAt: 1, mediumAt: 10, damagedAt: 10 },
    6: { seenAt: 1, memoryAt: 99 },
  });
  const packs = [1, 2, 3, 4, 5, 6, 7].map(packOf);
  const order = inScrubOrder(packs, ledger).map((pack) => Number.parseInt(pack, 16));
  assert.deepEqual(order, [5, 7, 4, 3, 6, 2, 1]);
  assert.equal(isDamaged(ledger.packs.get(packOf(5)) ?? UNKNOWN_PACK), true);
});

test('a reading that memory may have served proves no medium; without any other it is what there is', () => {
  const mixed = ledgerOf({ 1: { mediumAt: 50, seenAt: 1 }, 2: { memoryAt: 60, seenAt: 30 } });
  const packs = [1, 2].map(packOf);
  const of = { now: 100, oldestContent: 1 };
  assert.deepEqual(scrubStanding(packs, mixed, of), {
    ...{ packs: 2, unread: 1, damaged: 0, from: 'medium', readWithinMs: 50, oldestAgeMs: 70 },
  });
  const memory = ledgerOf({ 1: { memoryAt: 50 }, 2: { memoryAt: 60 } });
  assert.deepEqual(scrubStanding(packs, memory, of), {
    ...{ packs: 2, unread: 0, damaged: 0, from: 'memory', readWithinMs: 50, oldestAgeMs: 50 },
  });
  assert.equal(scrubFrom([packOf(2)], mixed), 'memory', 'of packs that are there');
  assert.deepEqual(scrubStanding(packs, ledgerOf({}), { now: 100, oldestContent: 40 }), {
    ...{ packs: 2, unread: 2, damaged: 0, from: 'memory', readWithinMs: undefined },
    oldestAgeMs: 60,
  });
});

test('a time ahead of the clock counts as never, another vault or medium says nothing', () => {
  const text = `${firstLine(tools, OF, 5)}${packLine(tools, { kind: 'medium', at: 500, pack: packOf(1) })}${listedLine(tools, 600)}`;
  assert.equal(parsed(text, 499)?.packs.size, 0);
  assert.equal(parsed(text, 500)?.packs.get(packOf(1))?.mediumAt, 500);
  assert.equal(parsed(text, 500)?.listedAt, undefined);
  for (const other of [{ vault: 'b'.repeat(32) }, { medium: '12.35' }, { medium: '-' }]) {
    const said = parseScrubFile(tools, byteString(text), { ...OF, ...other, now: 999 });
    assert.equal(said, undefined);
  }
  for (const hostile of ['', '\n', 'x', '\0'.repeat(100), text.slice(1), text.toUpperCase()]) {
    assert.equal(parsed(hostile), undefined, JSON.stringify(hostile));
  }
});

test('the golden file is read as it is, and written the same', () => {
  const path = new URL('../../../test/golden/scrub/ledger.txt', import.meta.url);
  const times = { seenAt: 1000, mediumAt: 3000, memoryAt: 2000, damagedAt: 2500 };
  const text = [
    firstLine(tools, OF, 1_800_000_000_000),
    linesOf(tools, packOf(1), times),
    linesOf(tools, packOf(2), { ...UNKNOWN_PACK, seenAt: 1000 }),
    listedLine(tools, 1_800_000_000_000),
    packLine(tools, { kind: 'medium', at: 1_800_000_000_100, pack: packOf(2) }),
    endLine(tools, 1_800_000_600_000),
  ].join('');
  if (process.env.SNAP_UPDATE === '1') fs.writeFileSync(path, text);
  assert.equal(fs.readFileSync(path, 'utf8'), text);
  const file = parsed(text);
  assert.deepEqual([file?.begunAt, file?.isEnded], [1_800_000_000_000, true]);
  assert.equal(file?.listedAt, 1_800_000_000_000);
  assert.deepEqual(file.packs.get(packOf(1)), times);
  assert.equal(file.packs.get(packOf(2))?.mediumAt, 1_800_000_000_100);
});
