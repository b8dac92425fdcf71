// Goal: what only changed its name is told, and what merely looks like it is not.
// Method: small trees by hand, and every change of one of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { matchRenames, TreePrint } from './match-renames.ts';
import type { WrappedCreate } from './wrapped.ts';

type File = readonly [path: string, size: number, mtimeS: number];

const TREE: readonly File[] = [
  ['a', 3, 1000],
  ['sub/b', 4, 2000],
];

function print(files: readonly File[]): string {
  const made = new TreePrint();
  for (const [path, size, mtimeS] of files) made.add(byteString(path), size, mtimeS);
  return made.text();
}

function creates(top: string, files: readonly File[]): readonly WrappedCreate[] {
  const dir = (path: string): WrappedCreate => {
    return { what: 'create', path: byteString(path), isDir: true, size: 4096, mtimeS: 1 };
  };
  return [
    dir(top),
    dir(`${top}/sub`),
    ...files.map(([path, size, mtimeS]): WrappedCreate => {
      return { what: 'create', path: byteString(`${top}/${path}`), isDir: false, size, mtimeS };
    }),
  ].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

const going = (path: string, files: readonly File[], isDir = true) => {
  return { path: byteString(path), isDir, print: print(files) };
};

test('a renamed directory is told by what lies in it, in any order', () => {
  const seen = matchRenames([going('old', TREE.toReversed())], creates('new', TREE));
  assert.deepEqual(seen, [{ from: 'old', to: 'new' }]);
});

test('one size, time, name or file more or less is another tree', () => {
  const others: readonly (readonly File[])[] = [
    [
      ['a', 3, 1000],
      ['sub/b', 5, 2000],
    ],
    [
      ['a', 3, 1000],
      ['sub/b', 4, 2001],
    ],
    [
      ['a', 3, 1000],
      ['sub/c', 4, 2000],
    ],
    [['a', 3, 1000]],
    [...TREE, ['z', 1, 1]],
    [
      ['a', 4, 2000],
      ['sub/b', 3, 1000],
    ],
  ];
  for (const files of others) {
    assert.deepEqual(matchRenames([going('old', TREE)], creates('new', files)), []);
  }
});

test('two that look alike tell nothing, and empty ones neither', () => {
  const twice = [...creates('new', TREE), ...creates('newer', TREE)];
  assert.deepEqual(matchRenames([going('old', TREE)], twice), []);
  assert.deepEqual(matchRenames([going('a', TREE), going('b', TREE)], creates('new', TREE)), []);
  assert.deepEqual(matchRenames([going('old', [])], creates('new', [])), []);
});

test('a single file keeps its name and goes elsewhere', () => {
  const file = (path: string): WrappedCreate => {
    return { what: 'create', path: byteString(path), isDir: false, size: 9, mtimeS: 50 };
  };
  const old = going('x/name', [['', 9, 50]], false);
  assert.deepEqual(matchRenames([old], [file('y/name')]), [{ from: 'x/name', to: 'y/name' }]);
  // Files of one build often share a size and a time.
  assert.deepEqual(matchRenames([old], [file('y/other')]), []);
});
