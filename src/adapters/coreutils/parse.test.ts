// Goal: what rm, mv and find would take away is never taken for less than it is.
// Method: tables of command lines as people write them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFind } from './parse-find.ts';
import { parseMv } from './parse-mv.ts';
import { parseRm } from './parse-rm.ts';

const words = (line: string): readonly string[] => line.split(' ');

test('rm: options in any place, clusters, and the end of options', () => {
  const rm = parseRm(['rm', 'a', '-rf', '--', '-b', 'c d']);
  assert.deepEqual(rm.operands, ['a', '-b', 'c d']);
  assert.ok(rm.isRecursive && rm.isForced && rm.notUnderstood.length === 0);
  assert.deepEqual(parseRm(words('rm -ri a')).notUnderstood, ['-i']);
  assert.deepEqual(parseRm(words('rm --one-file-system a')).notUnderstood, ['--one-file-system']);
  assert.deepEqual(parseRm(words('rm --no-preserve-root -r /')).notUnderstood, [
    '--no-preserve-root',
  ]);
  assert.equal(parseRm(words('rm --help')).informs, true);
  assert.equal(parseRm(words('rm -d a')).takesDirectories, true);
});

test('mv: where it goes, and whether the old is kept by mv itself', () => {
  assert.deepEqual(parseMv(words('mv a b c')), {
    ...{ sources: ['a', 'b'], target: 'c', targetIs: 'found', keepsOld: false, notUnderstood: [] },
    ...{ keepsBackup: false, suffix: undefined },
  });
  assert.equal(parseMv(words('mv -t d a b')).target, 'd');
  assert.equal(parseMv(words('mv -td a')).targetIs, 'directory');
  assert.equal(parseMv(words('mv --target-directory=d a')).target, 'd');
  assert.equal(parseMv(words('mv -T a b')).targetIs, 'name');
  for (const option of [
    '-n',
    '--backup=t',
    '--backup=numbered',
    '--no-clobber',
    '--no-cl',
    '-f -n',
  ]) {
    assert.equal(parseMv(words(`mv ${option} a b`)).keepsOld, true, option);
  }
  // VERSION_CONTROL may say none, a backup may take the place of an older one, and the last word counts.
  for (const option of [
    '-b',
    '--backup',
    '--backup=none',
    '--backup=simple',
    '-n -f',
    '-n -b -f',
  ]) {
    assert.equal(parseMv(words(`mv ${option} a b`)).keepsOld, false, option);
  }
  assert.equal(parseMv(words('mv -b -S .old a b')).suffix, '.old');
  // A beginning that only one option has.
  assert.equal(parseMv(words('mv --target=d a')).target, 'd');
  assert.equal(parseMv(words('mv --targ d a')).targetIs, 'directory');
  assert.deepEqual(parseMv(words('mv -i a b')).notUnderstood, ['-i']);
  assert.equal(parseMv(words('mv a')).target, undefined);
});

test('find: the same question, and nothing that deletes in it', () => {
  const find = parseFind(words('find /srv -name *.o -delete'));
  assert.equal(find.takes, 'delete');
  assert.deepEqual(find.asked, words('find /srv -depth -name *.o -print0'));
  assert.equal(find.printed, undefined);
  const either = parseFind(words('find . ( -name a -o -name b ) -print -delete'));
  assert.deepEqual(either.asked, words('find . -depth ( -name a -o -name b ) -true -print0'));
  assert.deepEqual(either.printed, words('find . -depth ( -name a -o -name b ) -print -true'));
  assert.deepEqual(parseFind(['find', '-delete']).starts, ['.']);
  // A value is no action.
  assert.equal(parseFind(words('find . -name -delete')).takes, 'none');
});

test('find: rm as its action, and nothing else', () => {
  assert.equal(parseFind(words('find a -exec rm {} ;')).takes, 'files');
  assert.equal(parseFind(words('find a -exec rm -f {} +')).takes, 'files');
  assert.equal(parseFind(words('find a -exec rm -rf {} +')).takes, 'tree');
  assert.equal(parseFind(words('find a -type d -exec /bin/rm -r -- {} ;')).takes, 'tree');
  for (const line of [
    'find a -exec sh -c x ;',
    'find a -exec rm -i {} ;',
    'find a -exec rm {} /etc/passwd ;',
    'find a -execdir rm {} ;',
    'find a -fprint x -delete',
    'find -L a -delete',
    'find a -delete -exec rm -r {} ;',
    'find a -print0 -delete',
    'find -files0-from x -delete',
    'find a -ok rm {} ;',
  ]) {
    assert.notDeepEqual(parseFind(words(line)).notUnderstood, [], line);
  }
  assert.deepEqual(parseFind(words('find a -print0')).notUnderstood, []);
  assert.deepEqual(parseFind(words('find -L a -name x')).notUnderstood, []);
});
