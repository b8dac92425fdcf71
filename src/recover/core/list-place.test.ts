// Goal: what a person writes leads to the place it is shown as, or was at, and to no other.
// Method: a table for one root, for several, for a root that is a file.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { findPlace, type NamedRoot, shownPath, TOP } from './list-place.ts';

function root(name: string, path: string, isNamed: boolean): NamedRoot {
  return { name: byteString(name), path: byteString(path), isNamed };
}

function said(roots: readonly NamedRoot[], wanted: string): string {
  const found = findPlace(roots, byteString(wanted));
  if (found === undefined || found === TOP) return String(found);
  return `${found.root.name}:${found.path}`;
}

test('one root: its paths have no name before them', () => {
  const roots = [root('data', '/srv/data', false)];
  const cases = {
    '': 'data:',
    '.': 'data:',
    './': 'data:',
    '/': 'data:',
    a: 'data:a',
    'a/b/': 'data:a/b',
    './a': 'data:a',
    'a/.': 'data:a',
    data: 'data:data',
    '/srv/data': 'data:',
    '/srv/data/a': 'data:a',
    '/srv/data2': 'undefined',
    '/etc': 'undefined',
  };
  for (const [wanted, expected] of Object.entries(cases)) {
    assert.equal(said(roots, wanted), expected, wanted);
  }
  assert.equal(said([root('root', '/', false)], '/etc/hosts'), 'root:etc/hosts');
});

test('several roots: the first component is the name of one', () => {
  const roots = [root('srv', '/srv', true), root('deep', '/srv/a/deep', true)];
  const cases = {
    '': 'top',
    srv: 'srv:',
    'srv/x': 'srv:x',
    srvx: 'undefined',
    x: 'undefined',
    'deep/b': 'deep:b',
    '/srv/a/deep/b': 'deep:b',
    '/srv/a/other': 'srv:a/other',
  };
  for (const [wanted, expected] of Object.entries(cases)) {
    assert.equal(said(roots, wanted), expected, wanted);
  }
});

test('a place is shown as it is found', () => {
  const alone = root('data', '/srv/data', false);
  const file = root('dump.sql', '/srv/dump.sql', true);
  assert.equal(shownPath(alone, byteString('a/b')), 'a/b');
  assert.equal(shownPath(file, byteString('')), 'dump.sql');
  assert.equal(said([file], 'dump.sql'), 'dump.sql:');
  assert.equal(said([file], '/srv/dump.sql'), 'dump.sql:');
  assert.equal(said([file], ''), 'top');
});
