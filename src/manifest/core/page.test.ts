// Goal: pages are cut by content alone, hold to their bound, and building always comes to an end;
// a page that is not one is refused. Method: properties with tiny pages against a cut written
// straight from manifest.md 6, and damaged pages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  build,
  lineOf,
  MemoryPages,
  someModel,
  somePath,
  someRule,
  sortedPaths,
} from '../../../test/manifest/trees.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { isLeaf, type Page, PageCutter, parsePage, TreeBuilder } from './page.ts';
import { isBoundary, pageHeader } from './page-rule.ts';

/** The boundary as the format says it, in integers of any size. */
function isCutByFormat(level: number, path: string, spread: number): boolean {
  const low = (value: bigint) => value & 0xffff_ffffn;
  let f = 2166136261n;
  for (const byte of Buffer.from(path, 'latin1')) f = low((f ^ BigInt(byte)) * 16777619n);
  let x = f ^ low(BigInt(level) * 0x9e3779b9n);
  x ^= x >> 16n;
  x = low(x * 0x85ebca6bn);
  x ^= x >> 13n;
  x = low(x * 0xc2b2ae35n);
  x ^= x >> 16n;
  return x % BigInt(spread) === 0n;
}

test('a boundary is where the format puts it', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 12 }),
      somePath,
      fc.constantFrom(2, 7, 128),
      (level, path, spread) => {
        const rule = { spread, sizeMax: 1000 };
        assert.equal(isBoundary(level, path, rule), isCutByFormat(level, path, spread));
      },
    ),
    { numRuns: 500 },
  );
});

test('leaf pages are cut as the format says, and hold to their bound', () => {
  let forced = 0;
  fc.assert(
    fc.property(someModel, someRule, (model, rule) => {
      const expected: string[] = [];
      let open = '';
      for (const path of sortedPaths(model)) {
        const line = lineOf(path, model.get(path) ?? { size: 0, pad: 0 });
        const isNatural = isCutByFormat(0, path, rule.spread);
        if (open !== '' && (isNatural || open.length + line.length > rule.sizeMax)) {
          expected.push(open);
          open = '';
          if (!isNatural) forced += 1;
        }
        open = (open === '' ? pageHeader(0) : open) + line;
      }
      expected.push(open);

      const pages: Page[] = [];
      const cutter = new PageCutter({ level: 0, rule, onPage: (page) => pages.push(page) });
      for (const path of sortedPaths(model)) {
        const leaf = model.get(path) ?? { size: 0, pad: 0 };
        cutter.push(path, lineOf(path, leaf), { entries: 1, bytes: leaf.size });
      }
      cutter.flush();
      assert.deepEqual(pages.map((page) => page.text), expected); // biome-ignore format: one thought
      for (const page of pages) {
        const isOneLine = page.entries === 1;
        assert.ok(page.text.length <= rule.sizeMax || isOneLine, 'a page is too large');
        const parsed = parsePage(page.text);
        assert.ok(isLeaf(parsed) && parsed.paths[0] === page.first);
        assert.equal(page.startsNaturally, isBoundary(0, page.first, rule));
      }
    }),
  );
  assert.ok(forced > 50, 'cuts by size happened');
});

test('a page may be exactly as large as the bound', () => {
  const names = ['a', 'b'].map(byteString);
  const lines = names.map((path) => lineOf(path, { size: 1, pad: 0 }));
  const sizeMax = pageHeader(0).length + lines.join('').length;
  const pagesFor = (rule: { spread: number; sizeMax: number }) => {
    let count = 0;
    const cutter = new PageCutter({ level: 0, rule, onPage: () => (count += 1) });
    for (const [at, path] of names.entries()) {
      cutter.push(path, lines[at] ?? byteString(''), { entries: 1, bytes: 1 });
    }
    cutter.flush();
    return count;
  };
  assert.deepEqual([sizeMax, sizeMax - 1].map((max) => pagesFor({ spread: 997, sizeMax: max })), [1, 2]); // biome-ignore format: one thought
});

test('totals of an index are those of its leaves, also beyond 2^53', () => {
  const pages = new MemoryPages();
  const builder = new TreeBuilder({ emit: pages.emit, rule: { spread: 2, sizeMax: 300 } });
  let sum = 0n;
  for (let at = 0; at < 300; at++) {
    const path = byteString(`f${String(at).padStart(3, '0')}`);
    const bytes = at % 3 === 0 ? 2n ** 60n + BigInt(at) : at % 3 === 1 ? 2 ** 51 + at : at;
    sum += BigInt(bytes);
    builder.push(path, byteString('{}\n'), bytes);
  }
  const root = builder.finish();
  assert.deepEqual([root.entries, root.bytes], [300, sum]);
  const top = parsePage(pages.load(root.digest));
  assert.ok(!isLeaf(top) && top.level === root.level && root.level >= 3);
});

test('paths longer than a page do not make levels without end', () => {
  const pages = new MemoryPages();
  const long = 'x'.repeat(500);
  const model = new Map(
    Array.from({ length: 40 }, (_, at) => [byteString(`${long}${at}`), { size: 1, pad: 0 }]),
  );
  const root = build(model, pages, { spread: 1000, sizeMax: 200 });
  assert.equal(root.entries, 40);
  assert.ok(root.level <= 6, `${root.level} levels`);
});

test('one entry is one page, and its root has level 0', () => {
  const pages = new MemoryPages();
  const root = build(new Map([[byteString(''), { size: 5, pad: 0 }]]), pages, {
    spread: 2,
    sizeMax: 100,
  });
  assert.deepEqual([root.level, root.entries, root.bytes, pages.pages.size], [0, 1, 5n, 1]);
});

test('what is no page is refused', () => {
  const a = lineOf(byteString('a'), { size: 1, pad: 0 });
  const b = lineOf(byteString('b'), { size: 1, pad: 0 });
  const ref = (first: string, more = '') =>
    `{"first":"${first}","sha256":"${'0a'.repeat(32)}","entries":1,"bytes":"2"${more}}\n`;
  const good = [pageHeader(0) + a + b, pageHeader(1) + ref('') + ref('a'), pageHeader(3) + ref('')];
  for (const text of good) parsePage(byteString(text));
  const bad: Readonly<Record<string, string>> = {
    empty: '',
    'header alone': pageHeader(0),
    'no header': a,
    'another version': pageHeader(0).replace('"version":0', '"version":1') + a,
    'level too high': pageHeader(41) + ref(''),
    'level with a zero before it': pageHeader(0).replace('"level":0', '"level":00') + a,
    'wrong order': pageHeader(0) + b + a,
    'a path twice': pageHeader(0) + a + a,
    'cut off': pageHeader(0) + a + b.slice(0, -1),
    'refs in a leaf': pageHeader(0) + ref('a'),
    'entries in an index': pageHeader(1) + a,
    'refs out of order': pageHeader(1) + ref('b') + ref('a'),
    'a ref without digest': pageHeader(1) + ref('a').replace('sha256', 'sha255'),
    'a ref with a negative sum': pageHeader(1) + ref('a').replace('"2"', '"-2"'),
    'a path that never ends': `${pageHeader(0)}{"path":"a\\n`,
  };
  for (const [why, text] of Object.entries(bad)) {
    assert.throws(
      () => parsePage(byteString(text)),
      (error) => error instanceof Fault && error.code === 'HF_MANIFEST_CORRUPT',
      why,
    );
  }
});
