// Goal: what a command line of rsync can delete or overwrite is never taken for less than it is.
// Method: tables of command lines as people write them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRsync } from './parse-rsync.ts';
import { dryRunArguments, remoteShellOf, runArguments } from './rsync-arguments.ts';
import { parseRsyncPlace } from './rsync-place.ts';

const parse = (line: string): ReturnType<typeof parseRsync> => parseRsync(line.split(' '));

test('every way to delete is seen', () => {
  for (const option of `--delete --del --delete-before --delete-during --delete-delay --delete-after
    --delete-excluded --delete-missing-args --remove-source-files`.split(/\s+/)) {
    assert.equal(parse(`rsync -a ${option} a/ b/`).deletes, true, option);
    assert.equal(parse(`rsync a/ b/ ${option} -a`).deletes, true, `${option} behind the places`);
  }
  assert.equal(parse('rsync -a a/ b/').deletes, false);
});

test('what overwrites nothing is told from what does', () => {
  assert.equal(parse('rsync -a a/ b/').overwrites, true);
  assert.equal(parse('rsync -a --ignore-existing a/ b/').overwrites, false);
  assert.equal(parse('rsync -an --delete a/ b/').deletes, false);
  assert.equal(parse('rsync --dry-run --delete -a a/ b/').overwrites, false);
  assert.equal(parse('rsync --list-only a/ b/').overwrites, false);
  assert.equal(parse('rsync a/').target, undefined);
  // A value that looks like an option is a value.
  assert.equal(parse('rsync -a --exclude -n a/ b/').overwrites, true);
  assert.equal(parse('rsync -ae -n a/ b/').overwrites, true);
});

test('clusters, joined and parted values, and the end of options', () => {
  const command = parseRsync(['rsync', '-avzPe', 'ssh -p 2222', '--exclude=*.o', '--', '-x/', 'b']);
  assert.deepEqual(command.sourceTexts, ['-x/']);
  assert.equal(command.targetText, 'b');
  assert.deepEqual(
    command.options.map(({ name }) => name),
    ['archive', 'verbose', 'compress', 'partial-progress', 'rsh', 'exclude'],
  );
  assert.equal(command.filter, '--exclude=*.o');
  assert.deepEqual(remoteShellOf(command.options, {}), ['ssh', '-p', '2222']);
  assert.deepEqual(remoteShellOf([], { RSYNC_RSH: 'ssh -i "a b"' }), ['ssh', '-i', 'a b']);
});

test('what is not understood is named', () => {
  for (const [option, named] of [
    ['--no-such', '--no-such'],
    ['--delete=5', '--delete=5'],
    ['-aQ', '-Q'],
    ['--remove-source-files', '--remove-source-files'],
    ['--read-batch=f', '--read-batch=f'],
    ['--iconv=.', '--iconv=.'],
    ['-K', '--keep-dirlinks'],
    ['-M--delete', '--remote-option=--delete'],
    ['--no-dry-run', '--no-dry-run'],
  ] as const) {
    assert.deepEqual(parse(`rsync ${option} a/ b/`).notUnderstood, [named], option);
  }
  assert.deepEqual(
    parse('rsync -a --iconv=- --no-perms --no-i-r -M--fake-super a b').notUnderstood,
    [],
  );
  assert.deepEqual(parse('rsync -a --exclude-from=- a b').notUnderstood, []);
  assert.equal(parse('rsync -a --exclude-from=- a b').readsStdin, true);
});

test('places: a colon before the first slash is a host, two are a daemon', () => {
  assert.deepEqual(parseRsyncPlace('host:/srv'), { kind: 'ssh', host: 'host', path: '/srv' });
  assert.deepEqual(parseRsyncPlace('ann@[::1]:x'), { kind: 'ssh', host: 'ann@[::1]', path: 'x' });
  assert.equal(parseRsyncPlace('host::mod/x').kind, 'daemon');
  assert.equal(parseRsyncPlace('rsync://host/mod').kind, 'daemon');
  assert.deepEqual(parseRsyncPlace('./a:b'), { kind: 'local', path: './a:b' });
  assert.deepEqual(parseRsyncPlace('/a:b'), { kind: 'local', path: '/a:b' });
  const several = parse('rsync -a h1:/a :/b /t');
  assert.deepEqual(several.sources[1], { kind: 'ssh', host: 'h1', path: '/b' });
});

test('a filter narrows the deletes too, but with --delete-excluded', () => {
  assert.equal(parse('rsync -a --delete --exclude x a/ b/').filterNarrowsDeletes, true);
  assert.equal(parse('rsync -a --delete-excluded --exclude x a/ b/').filterNarrowsDeletes, false);
  assert.equal(parse('rsync -a --delete a/ b/').filter, null);
  assert.equal(parse('rsync -a --delete --max-delete=7 a/ b/').deleteMax, 7);
});

test('the dry run asks for all that the run would do, and prints only for us', () => {
  const args = dryRunArguments(
    parse('rsync -avP --delete --max-delete=3 --force --ignore-errors --out-format=%n a/ b/'),
    false,
  );
  assert.ok(args.includes('--delete') && args.includes('--dry-run'));
  for (const gone of ['--verbose', '-P', '--max-delete=3', '--force', '--out-format=%n']) {
    assert.ok(!args.includes(gone), gone);
  }
  assert.deepEqual(args.slice(-3), ['--', 'a/', 'b/']);
});

test('the run has no option that deletes', () => {
  const line = `rsync -a --del --delete --delete-before --delete-excluded --delete-missing-args --force
    --max-delete=1 --ignore-errors -v a/ b/`;
  const args = runArguments(parseRsync(line.split(/\s+/)), { backupDir: '/q' });
  assert.deepEqual(
    args.filter((arg) => !arg.startsWith('--filter=')),
    ['--archive', '--verbose', '--backup', '--backup-dir=/q', '--', 'a/', 'b/'],
  );
  const creates = runArguments(parse('rsync -a --delete a/ b/'), { createsOnly: true });
  assert.ok(creates.includes('--ignore-existing') && !creates.includes('--delete'));
});

test('content that is changed where it lies, and backups of the user, are kept by a copy', () => {
  for (const option of ['--inplace', '--append', '--append-verify', '-b', '--backup-dir=x']) {
    assert.equal(parse(`rsync -a ${option} a/ b/`).needsCopies, true, option);
  }
  assert.equal(parse('rsync -a a/ b/').needsCopies, false);
});
