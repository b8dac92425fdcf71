// Goal: what somebody marked is restored, all of it, or refused; nothing is left out silently.
// Method: as many paths as there may be, in both forms, and one more.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Fault } from '../../base/fault.ts';
import { PATHS_MAX } from '../../watch/core/files/wants.ts';
import { pathsAsked } from './files-reading.ts';

const many = (count: number): readonly string[] => Array.from({ length: count }, () => 'YQ');

test('as many as there may be, in both forms together', () => {
  assert.deepEqual(pathsAsked({}), []);
  assert.deepEqual(pathsAsked({ paths: ['b'], paths64: ['YQ', ''] }), ['b', 'a', '']);
  const half = many(PATHS_MAX / 2);
  assert.equal(pathsAsked({ paths: half, paths64: half }).length, PATHS_MAX);
  for (const paths of [many(PATHS_MAX), many(PATHS_MAX + 1)]) {
    assert.throws(
      () => pathsAsked({ paths: ['b'], paths64: paths }),
      (error) => error instanceof Fault && error.code === 'HF_API_INPUT',
    );
  }
});
