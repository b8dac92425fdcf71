// Goal: equal entries give equal roots whatever the history, forced cuts included, and an edit costs
// what it changes. Method: chains of random edits of random trees with tiny pages, each compared
// with a full build; counted pages on a large tree.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  build,
  type Leaf,
  lineOf,
  MemoryPages,
  type Model,
  seeded,
  someLeaf,
  someModel,
  somePath,
  someRule,
} from '../../../test/manifest/trees.ts';
import { type ByteString, byteString, type Digest } from '../../base/bytes.ts';
import { ManifestEditor } from './edit.ts';
import { comparePaths, isWithin } from './order.ts';
import type { PageRule } from './page-rule.ts';
import { leafRefs } from './walk.ts';

type Edit =
  | { readonly kind: 'put'; readonly path: ByteString; readonly leaf: Leaf }
  | { readonly kind: 'remove' | 'removeTree'; readonly path: ByteString }
  | { readonly kind: 'replaceTree'; readonly path: ByteString; readonly leaf: Leaf };

const someEdits: fc.Arbitrary<readonly Edit[]> = fc
  .uniqueArray(
    fc.oneof(
      fc.record({ kind: fc.constant('put' as const), path: somePath, leaf: someLeaf }),
      fc.record({
        kind: fc.constantFrom('remove' as const, 'removeTree' as const),
        path: somePath,
      }),
      fc.record({ kind: fc.constant('replaceTree' as const), path: somePath, leaf: someLeaf }),
    ),
    { maxLength: 12, selector: (edit) => edit.path },
  )
  .map((edits) => edits.sort((a, b) => comparePaths(a.path, b.path)));

/** What the entries are after the edits, by the plainest means. */
function edited(model: Model, edits: readonly Edit[]): Map<ByteString, Leaf> {
  const result = new Map(model);
  for (const edit of edits) {
    if (edit.kind === 'remove') result.delete(edit.path);
    if (edit.kind === 'removeTree' || edit.kind === 'replaceTree') {
      for (const path of model.keys()) if (isWithin(edit.path, path)) result.delete(path);
    }
    if (edit.kind === 'put' || edit.kind === 'replaceTree') result.set(edit.path, edit.leaf);
  }
  return result;
}

interface Old {
  readonly root: Digest | undefined;
  readonly pages: MemoryPages;
  readonly rule: PageRule;
}

function apply({ root, pages, rule }: Old, edits: readonly Edit[]): Digest {
  const { load, emit } = pages;
  const old = root === undefined ? [] : leafRefs({ root, load });
  const editor = new ManifestEditor({ old, load, emit, rule });
  for (const edit of edits) {
    if (edit.kind === 'remove') editor.remove(edit.path);
    if (edit.kind === 'removeTree' || edit.kind === 'replaceTree') editor.removeTree(edit.path);
    if (edit.kind === 'put' || edit.kind === 'replaceTree') {
      editor.put(edit.path, lineOf(edit.path, edit.leaf), edit.leaf.size);
    }
  }
  return editor.finish().digest;
}

test('an edited manifest is the one that a full build gives', () => {
  let changes = 0;
  fc.assert(
    fc.property(
      someModel,
      someRule,
      fc.array(someEdits, { minLength: 1, maxLength: 4 }),
      (first, rule, history) => {
        const pages = new MemoryPages();
        let model: Model = first;
        let root = build(model, pages, rule).digest;
        for (const edits of history) {
          const next = edited(model, edits);
          if (next.size === 0) continue;
          const before = root;
          root = apply({ root, pages, rule }, edits);
          assert.equal(root, build(next, new MemoryPages(), rule).digest);
          if (root !== before) changes += 1;
          model = next;
        }
      },
    ),
    { numRuns: 1500 },
  );
  assert.ok(changes > 1000, 'most edits change something');
});

test('a manifest from nothing is a full build', () => {
  fc.assert(
    fc.property(someModel, someRule, (model, rule) => {
      const edits = [...model]
        .map(([path, leaf]): Edit => ({ kind: 'put', path, leaf }))
        .sort((a, b) => comparePaths(a.path, b.path));
      const pages = new MemoryPages();
      const root = apply({ root: undefined, pages, rule }, edits);
      assert.equal(root, build(model, new MemoryPages(), rule).digest);
    }),
  );
});

for (const rule of [
  { spread: 16, sizeMax: 262_144 },
  { spread: 500, sizeMax: 3000 },
]) {
  test(`edits cost the pages they touch, cut by ${JSON.stringify(rule)}`, () => {
    const seed = 20261120;
    const next = seeded(seed);
    const pages = new MemoryPages();
    const model = new Map<ByteString, Leaf>();
    for (let at = 0; at < 20_000; at++) {
      model.set(byteString(`${next() % 100}/${next()}`), { size: next() % 1000, pad: 0 });
    }
    const root = build(model, pages, rule).digest;
    const leafCount = [...leafRefs({ root, load: pages.load })].length;
    const paths = [...model.keys()];
    // Behind an edit, pages are cut anew up to the next cut by path.
    const perEdit = 3 + (rule.spread * 150) / rule.sizeMax;
    for (const editCount of [0, 1, 10, 25]) {
      const chosen = Array.from({ length: editCount }, () => paths[next() % paths.length]);
      const edits = [...new Set(chosen)]
        .filter((path) => path !== undefined)
        .sort(comparePaths)
        .map((path, at): Edit => {
          if (at % 3 === 0) return { kind: 'remove', path };
          const leaf = { size: 1, pad: 3 };
          return { kind: 'put', path: at % 3 === 1 ? path : byteString(`${path}+`), leaf };
        });
      const before = { loads: pages.loadCount, emits: pages.emitCount };
      apply({ root, pages, rule }, edits);
      const loads = pages.loadCount - before.loads;
      const emits = pages.emitCount - before.emits;
      const most = perEdit * editCount + leafCount / 8 + 2;
      const said = `SEED=${seed}: ${editCount} edits, ${loads} loads, ${emits} emits of ${leafCount}`;
      assert.ok(loads <= most && emits <= most, said);
    }
  });
}
