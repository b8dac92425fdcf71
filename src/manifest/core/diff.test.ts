// Goal: a diff says exactly what differs, and costs what differs. Method: properties against a
// comparison of two maps, with tiny pages; counted loads on a large tree; a table of what counts
// as content.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  build,
  dirOf,
  fileOf,
  type Leaf,
  MemoryPages,
  type Model,
  seeded,
  sha256,
  someModel,
  someRule,
} from '../../../test/manifest/trees.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { changed, diffManifests } from './diff.ts';
import type { Entry } from './entry.ts';
import { comparePaths } from './order.ts';

function naive(before: Model, after: Model): string[] {
  const all = new Set([...before.keys(), ...after.keys()]);
  const lines: string[] = [];
  for (const path of [...all].sort(comparePaths)) {
    const [a, b] = [before.get(path), after.get(path)];
    const name = JSON.stringify(path);
    if (a === undefined) lines.push(`+ ${name}`);
    else if (b === undefined) lines.push(`- ${name}`);
    else if (a.size !== b.size || a.pad !== b.pad) {
      lines.push(`! ${name} ${a.size !== b.size} ${a.pad !== b.pad}`);
    }
  }
  return lines;
}

function said(
  before: Model,
  after: Model,
  pages: MemoryPages,
): (rule: { spread: number; sizeMax: number }) => string[] {
  return (rule) => {
    const [a, b] = [build(before, pages, rule).digest, build(after, pages, rule).digest];
    return [...diffManifests({ before: a, after: b, load: pages.load })].map((one) => {
      const name = JSON.stringify(one.path);
      if (one.kind === 'changed') return `! ${name} ${one.content} ${one.meta}`;
      return `${one.kind === 'added' ? '+' : '-'} ${name}`;
    });
  };
}

test('a diff is the difference of the entries', () => {
  fc.assert(
    fc.property(someModel, someModel, someRule, (before, after, rule) => {
      const pages = new MemoryPages();
      assert.deepEqual(said(before, after, pages)(rule), naive(before, after));
    }),
  );
  // Near ones, where most pages are equal.
  fc.assert(
    fc.property(someModel, someModel, someRule, fc.nat({ max: 3 }), (model, other, rule, count) => {
      const after = new Map([...model, ...[...other].slice(0, count)]);
      for (const path of [...model.keys()].slice(0, count)) if (after.size > 1) after.delete(path);
      const pages = new MemoryPages();
      assert.deepEqual(said(model, after, pages)(rule), naive(model, after));
    }),
  );
});

test('the cost of a diff follows the difference', () => {
  const seed = 20261121;
  const next = seeded(seed);
  const rule = { spread: 16, sizeMax: 262_144 };
  const pages = new MemoryPages();
  const model = new Map<ByteString, Leaf>();
  for (let at = 0; at < 20_000; at++) {
    model.set(byteString(`${next() % 100}/${next()}`), { size: next() % 1000, pad: 0 });
  }
  const { digest: before, level } = build(model, pages, rule);
  const paths = [...model.keys()];
  assert.ok(pages.pages.size > 1000);
  for (const count of [0, 1, 5, 25]) {
    const after = new Map(model);
    for (let at = 0; at < count; at++) {
      const path = paths[next() % paths.length] ?? byteString('0');
      if (at % 3 === 0) after.delete(path);
      else after.set(at % 3 === 1 ? path : byteString(`${path}+`), { size: 2000, pad: 0 });
    }
    const root = build(after, pages, rule).digest;
    pages.loadCount = 0;
    const found = [...diffManifests({ before, after: root, load: pages.load })].length;
    assert.equal(found, naive(model, after).length);
    // A removed or added first path of a page makes two pages of one, on every level.
    const loadsMax = 2 + 4 * count * (level + 1);
    const said = `SEED=${seed}: ${count} changes, ${pages.loadCount} loads, at most ${loadsMax}`;
    assert.ok(pages.loadCount <= (count === 0 ? 0 : loadsMax), said);
  }
});

test('trees of different height are compared', () => {
  const pages = new MemoryPages();
  const small: Model = new Map([[byteString('m'), { size: 1, pad: 0 }]]);
  const large = new Map(small);
  for (let at = 0; at < 500; at++) large.set(byteString(`${at}`), { size: 1, pad: 0 });
  const rule = { spread: 4, sizeMax: 500 };
  assert.equal(said(small, large, pages)(rule).length, 500);
  assert.equal(said(large, small, pages)(rule).length, 500);
});

test('what counts as content, and what does not', () => {
  const path = byteString('a');
  const file = fileOf(path, { size: 3, pad: 0 });
  const blocks = sha256('b');
  const image: Entry = {
    ...file,
    size: 9_000_000n,
    sha256: undefined,
    blocks,
    cut: 'fixed-131072',
  };
  const link: Entry = { ...dirOf(path), type: 'symlink', target: byteString('x') };
  const device: Entry = { ...dirOf(path), type: 'char', major: 1, minor: 3 };
  const holes = [{ offset: 0n, length: 1n }];
  const cases: readonly (readonly [string, Entry, Entry, string])[] = [
    ['bytes', file, fileOf(path, { size: 2, pad: 0 }), 'content'],
    ['time', file, { ...file, mtime: 1n }, 'meta'],
    ['mode', file, { ...file, mode: 0 }, 'meta'],
    ['holes', file, { ...file, holes }, 'meta'],
    ['how it went', file, { ...file, inFlux: true }, 'meta'],
    ['target', link, { ...link, target: byteString('y') }, 'content'],
    ['device', device, { ...device, minor: 4 }, 'content'],
    ['kind of device', device, { ...device, type: 'block' }, 'content'],
    ['type', file, { ...dirOf(path), mode: file.mode }, 'content'],
    ['both', file, { ...fileOf(path, { size: 2, pad: 0 }), uid: 1 }, 'content meta'],
    ['read whole or not', image, { ...image, sha256: sha256('w') }, ''],
    ['blocks', image, { ...image, blocks: sha256('c') }, 'content'],
    ['no longer readable', file, { ...file, sha256: undefined, unreadable: 'EIO' }, 'content meta'],
  ];
  for (const [why, before, after, expected] of cases) {
    const { content, meta } = changed(before, after);
    const names = [content ? 'content' : '', meta ? 'meta' : ''].filter((name) => name !== '');
    assert.equal(names.join(' '), expected, why);
  }
});

test('equal manifests are not even loaded', () => {
  const pages = new MemoryPages();
  const model: Model = new Map([[byteString(''), { size: 1, pad: 0 }]]);
  const root = build(model, pages, { spread: 4, sizeMax: 500 }).digest;
  assert.deepEqual([...diffManifests({ before: root, after: root, load: pages.load })], []);
  assert.equal(pages.loadCount, 0);
});
