// Goal: the children of a directory are exactly the entries that lie directly in it, and asking for
// them costs what they are, not what lies below them.
// Method: a property over trees with tiny pages, against a filter of all paths; counted loads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dirOf, fileOf, MemoryPages, somePath, someRule } from '../../../test/manifest/trees.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { encodeEntry } from '../../manifest/core/entry.ts';
import { comparePaths, parentOf } from '../../manifest/core/order.ts';
import { TreeBuilder } from '../../manifest/core/page.ts';
import type { PageRule } from '../../manifest/core/page-rule.ts';
import type { Manifest } from '../../manifest/core/walk.ts';
import { childrenOf } from './list-children.ts';

/** Every path with all directories above it. */
function closed(paths: readonly ByteString[]): ByteString[] {
  const all = new Set<ByteString>([byteString('')]);
  for (const path of paths) {
    for (let at: ByteString | undefined = path; at !== undefined; at = parentOf(at)) all.add(at);
  }
  return [...all].sort(comparePaths);
}

function manifestOf(
  paths: readonly ByteString[],
  rule: PageRule,
): Manifest & { readonly pages: MemoryPages } {
  const pages = new MemoryPages();
  const parents = new Set(paths.map(parentOf));
  const builder = new TreeBuilder({ emit: pages.emit, rule });
  for (const path of paths) {
    const isDir = path === '' || parents.has(path);
    const entry = isDir ? dirOf(path) : fileOf(path, { size: 1, pad: 0 });
    builder.push(path, encodeEntry(entry), isDir ? 0 : 1);
  }
  return { root: builder.finish().digest, load: pages.load, pages };
}

test('children are what lies directly in a directory', () => {
  fc.assert(
    fc.property(fc.array(somePath, { maxLength: 60 }), someRule, (some, rule) => {
      const paths = closed(some);
      const manifest = manifestOf(paths, rule);
      for (const dir of [...paths, byteString('nowhere')]) {
        const naive = paths.filter((path) => path !== '' && parentOf(path) === dir);
        const found = [...childrenOf(manifest, dir)].map(({ path }) => path);
        assert.deepEqual(found, naive, JSON.stringify(dir));
      }
    }),
  );
});

test('what lies below the children is not read', () => {
  const some = Array.from({ length: 30_000 }, (_, at) => byteString(`${at % 3}/x/${at}`));
  const manifest = manifestOf(closed(some), { spread: 16, sizeMax: 262_144 });
  manifest.pages.loadCount = 0;
  const found = [...childrenOf(manifest, byteString(''))].map(({ path }) => path);
  assert.deepEqual(found, ['0', '1', '2']);
  assert.ok(manifest.pages.pages.size > 1500, `${manifest.pages.pages.size} pages`);
  assert.ok(manifest.pages.loadCount < 40, `${manifest.pages.loadCount} loads`);
});

test('an entry that stands in no directory is damage', () => {
  const paths = [byteString(''), byteString('a'), byteString('b/c')];
  const manifest = manifestOf(paths, { spread: 16, sizeMax: 1000 });
  const isDamage = (error: unknown): boolean =>
    error instanceof Fault && error.code === 'HF_MANIFEST_CORRUPT';
  assert.throws(() => [...childrenOf(manifest, byteString(''))], isDamage);
});
