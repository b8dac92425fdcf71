// Goal: what rclone could delete or overwrite is never taken for less than it is. Method: tables of
// command lines, and lines as rclone 1.60 logs them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WrappedChange } from '../../guard/core/wrapped.ts';
import { isLocalPlace, parseRclone, rcloneDryRun, rcloneRun } from './parse-rclone.ts';
import { RcloneLogReader } from './read-dry-run.ts';

const parse = (line: string): ReturnType<typeof parseRclone> => parseRclone(line.split(' '));

test('what it does, by its verb', () => {
  assert.equal(parse('rclone sync a b').risk, 'sync');
  assert.equal(parse('rclone --fast-list sync a b').risk, 'sync');
  assert.equal(parse('rclone copy a b').risk, 'copy');
  assert.equal(parse('rclone sync -n a b').risk, 'none');
  assert.equal(parse('rclone ls a').risk, 'none');
  for (const verb of ['move', 'delete', 'purge', 'bisync', 'dedupe', 'cleanup', 'rcat']) {
    assert.equal(parse(`rclone ${verb} a b`).risk, 'other', verb);
  }
});

test('flags: values parted and joined, and what cannot be told', () => {
  const command = parse('rclone sync --transfers 4 --exclude=*.o -v a b');
  assert.deepEqual(command.places, ['a', 'b']);
  assert.equal(command.filter, '--exclude=*.o');
  assert.deepEqual(parse('rclone sync --s3-acl private a b').notUnderstood, [
    '--s3-acl (write --s3-acl=VALUE)',
  ]);
  assert.deepEqual(parse('rclone sync --s3-acl=private a b').notUnderstood, []);
  assert.deepEqual(parse('rclone sync -i a b').notUnderstood, ['--interactive']);
  assert.deepEqual(parse('rclone sync --dry-run=false a b').notUnderstood, ['--dry-run=false']);
  assert.equal(parse('rclone sync --max-delete 5 a b').deleteMax, 5);
});

test('the run is a copy, without a flag that deletes', () => {
  const command = parse('rclone sync --delete-before --track-renames --max-delete 5 a b');
  const run = rcloneRun(command, { backupDir: '/q' });
  assert.equal(run[0], 'copy');
  assert.ok(run.includes('--backup-dir=/q'));
  assert.ok(!run.some((arg) => arg.includes('delete') || arg.includes('track')));
  const dry = rcloneDryRun(command);
  assert.ok(dry.includes('--dry-run') && dry[0] === 'sync' && !dry.includes('--max-delete=5'));
});

test('places here, and places elsewhere', () => {
  for (const place of ['/srv/x', './a', 'a', '../a:b', '/a:b']) {
    assert.equal(isLocalPlace(place), true, place);
  }
  for (const place of ['s3:b/x', ':s3,env_auth:bucket', 'my remote+1:x'.replace(' ', '_')]) {
    assert.equal(isLocalPlace(place), false, place);
  }
});

test('its log: changes, errors, and names it does not say as they are', () => {
  const changes: WrappedChange[] = [];
  const reader = new RcloneLogReader((change) => changes.push(change));
  for (const line of [
    { level: 'warning', msg: 'x', object: 'new', size: 3, skipped: 'copy' },
    { level: 'warning', msg: 'x', object: 'é', size: 3, skipped: 'delete' },
    { level: 'warning', msg: 'x', object: 'dir', skipped: 'remove directory' },
    { level: 'warning', msg: 'x', object: 'a\u240ab', size: 3, skipped: 'delete' },
    { level: 'error', msg: 'error reading source directory' },
    { level: 'warning', msg: 'x', skipped: 'something new', object: 'o' },
    { level: 'warning', msg: 's', stats: { checks: 10, deletes: 2, errors: 1 } },
  ]) {
    reader.push(JSON.stringify(line));
  }
  const { errors, seen } = reader.end();
  assert.deepEqual(
    changes.map(({ what, path }) => [what, path]),
    [
      ['create', 'new'],
      ['delete', '\xc3\xa9'],
      ['delete', 'dir'],
    ],
  );
  assert.equal(errors.length, 3);
  assert.equal(seen, 10 - 1 + 1);
});
