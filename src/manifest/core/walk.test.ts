// Goal: a manifest gives back all its entries in order, a subtree costs its own pages, and a tree of
// pages that lies is refused. Method: properties against the list the tree was built from, counted
// loads, and trees damaged in one place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  build,
  dirOf,
  fileOf,
  lineOf,
  MemoryPages,
  someLeaf,
  someModel,
  somePath,
  someRule,
  sortedPaths,
} from '../../../test/manifest/trees.ts';
import { byteString, type Digest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { type Entry, encodeEntry } from './entry.ts';
import { comparePaths, isWithin, parentOf } from './order.ts';
import { encodeRef, type PageRef, TreeBuilder } from './page.ts';
import { pageHeader } from './page-rule.ts';
import { findEntry, leafRefs, totalsOf, walkEntries, walkLines } from './walk.ts';

test('all lines come back in order, and any range of them', () => {
  fc.assert(
    fc.property(someModel, someRule, somePath, somePath, (model, rule, within, from) => {
      const pages = new MemoryPages();
      const manifest = { root: build(model, pages, rule).digest, load: pages.load };
      const all = sortedPaths(model);
      const linesOf = (paths: typeof all) =>
        paths.map((path) => ({ path, line: lineOf(path, model.get(path) ?? { size: 0, pad: 0 }) }));
      assert.deepEqual([...walkLines(manifest)], linesOf(all));
      const below = all.filter((path) => isWithin(within, path));
      assert.deepEqual([...walkLines(manifest, { within })], linesOf(below));
      const later = below.filter((path) => comparePaths(path, from) >= 0);
      assert.deepEqual([...walkLines(manifest, { within, from })], linesOf(later));
      const bytes = below.reduce((sum, path) => sum + (model.get(path)?.size ?? 0), 0);
      const totals = totalsOf(manifest, within);
      assert.deepEqual([totals.entries, totals.bytes], [below.length, BigInt(bytes)]);
      const found = findEntry(manifest, within);
      assert.equal(found?.path, model.has(within) ? within : undefined);
      const entries = [...leafRefs(manifest)].reduce((sum, ref) => sum + ref.entries, 0);
      assert.equal(entries, all.length);
    }),
  );
});

test('a subtree and its totals cost one or two pages a level', () => {
  const pages = new MemoryPages();
  const builder = new TreeBuilder({ emit: pages.emit, rule: { spread: 8, sizeMax: 4000 } });
  for (let dir = 0; dir < 100; dir++) {
    for (let file = 0; file < 100; file++) {
      const path = byteString(`${dir + 100}/${file + 100}`);
      builder.push(path, lineOf(path, { size: 7, pad: 0 }), 7);
    }
  }
  const root = builder.finish();
  const manifest = { root: root.digest, load: pages.load };
  const levels = root.level + 1;
  const cost = (read: () => unknown): number => {
    const before = pages.loadCount;
    read();
    return pages.loadCount - before;
  };
  assert.ok(cost(() => totalsOf(manifest, byteString('150'))) <= 2 * levels);
  assert.deepEqual(totalsOf(manifest, byteString('150')), { entries: 100, bytes: 700n });
  for (const { first } of leafRefs(manifest)) {
    assert.ok(cost(() => findEntry(manifest, first)) <= levels, 'also the first of its page');
  }
  const whole = cost(() => [...walkLines(manifest)]);
  const part = cost(() => [...walkLines(manifest, { within: byteString('150') })]);
  assert.ok(whole > 500 && part < 100 / 2 + 3 * levels, `${part} of ${whole} pages`);
});

const someTree = fc.array(fc.tuple(somePath, someLeaf), { maxLength: 40 }).map((leaves) => {
  const entries = new Map<string, Entry>([['', dirOf(byteString(''))]]);
  for (const [path, leaf] of leaves) if (path !== '') entries.set(path, fileOf(path, leaf));
  for (const path of [...entries.values()].map((entry) => entry.path)) {
    for (let dir = parentOf(path); dir !== undefined; dir = parentOf(dir)) {
      entries.set(dir, dirOf(dir));
    }
  }
  return [...entries.values()].sort((a, b) => comparePaths(a.path, b.path));
});

function keep(entries: readonly Entry[], pages: MemoryPages): Digest {
  const builder = new TreeBuilder({ emit: pages.emit, rule: { spread: 4, sizeMax: 800 } });
  for (const entry of entries) {
    builder.push(entry.path, encodeEntry(entry), entry.type === 'file' ? entry.size : 0);
  }
  return builder.finish().digest;
}

test('entries are parsed, and one that stands below no directory is refused', () => {
  let orphans = 0;
  fc.assert(
    fc.property(someTree, fc.nat(), (entries, where) => {
      const pages = new MemoryPages();
      const lines = (root: Digest) =>
        [...walkEntries({ root, load: pages.load })].map((entry) => encodeEntry(entry));
      assert.deepEqual(lines(keep(entries, pages)), entries.map(encodeEntry));

      const gone = entries[where % entries.length];
      const rest = entries.filter((entry) => entry !== gone);
      if (gone === undefined || rest.length === 0) return;
      const isNeeded = rest.some((entry) => isWithin(gone.path, entry.path));
      const walkRest = () => lines(keep(rest, pages));
      if (isNeeded) {
        orphans += 1;
        assert.throws(walkRest, Fault);
      } else {
        walkRest();
      }
    }),
  );
  assert.ok(orphans > 20);
});

test('pages that are not what their index says are refused', () => {
  const pages = new MemoryPages();
  const leaf = (name: string): PageRef => {
    const first = byteString(name);
    const text = byteString(pageHeader(0) + lineOf(first, { size: 2, pad: 0 }));
    return { first, digest: pages.emit(text), entries: 1, bytes: 2n };
  };
  const index = (...refs: PageRef[]): Digest =>
    pages.emit(byteString(pageHeader(1) + refs.map(encodeRef).join('')));
  const read = (root: Digest) => [...walkLines({ root, load: pages.load })].length;
  const [a, b] = [leaf('a'), leaf('b')];
  assert.equal(read(index(a, b)), 2);
  const ab = pages.emit(
    byteString(pageHeader(0) + ['a', 'b'].map((name) => lineOf(byteString(name), { size: 2, pad: 0 })).join('')), // biome-ignore format: one text
  );
  const bad: Readonly<Record<string, Digest>> = {
    'another first path': index({ ...a, first: byteString('0') }, b),
    'too many entries': index({ ...a, entries: 2 }, b),
    'too many bytes': index({ ...a, bytes: 3n }, b),
    'a page that runs into the next': index({ ...a, digest: ab, entries: 2, bytes: 4n }, b),
    'an index in place of a leaf': index({ ...a, digest: index(a) }, b),
    'a level left out': pages.emit(byteString(pageHeader(2) + encodeRef(a) + encodeRef(b))),
  };
  for (const [why, root] of Object.entries(bad)) {
    assert.throws(
      () => read(root),
      (error) => error instanceof Fault && error.code === 'HF_MANIFEST_CORRUPT',
      why,
    );
  }
});
