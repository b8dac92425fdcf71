// Goal: a restore is the tree that was backed up, in every respect that tools which are not ours can
// see; and what this user may not set is counted in the report.
// Method: the oracle tree through backup and restore, inline and by threads, as the user the test
// runs as and (where that is root) as an ordinary one; compared by rsync, tar, getfattr, getfacl,
// find, sha256sum and a walk.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { loadIndex } from '../../src/vault/shell/vault-index.ts';
import { restoreCrew, restorePorts } from '../../src/main/run-restore.ts';
import { restore } from '../../src/recover/shell/restore.ts';
import { removeTree } from '../fidelity/cleanup.ts';
import { compareTrees, missingTools } from '../fidelity/compare.ts';
import { makeOracleTree } from '../fidelity/oracle-tree.ts';
import { isBeyond64Bits, vaultFixture } from './restore-fixture.ts';

const isRoot = process.getuid?.() === 0;
const skip = missingTools().length > 0 ? `not installed: ${missingTools().join(', ')}` : false;

for (const size of [1, 2]) {
  test(`the oracle tree comes back equal, with ${size} workers`, { skip }, async () => {
    await using fixture = await vaultFixture();
    const tree = await makeOracleTree(join(fixture.dir, 'tree'));
    await fixture.backup(tree.dir);
    const target = join(fixture.dir, 'out');
    const { session } = fixture;
    const { access } = await loadIndex(session.vault);
    const crew = restoreCrew(session, access, size);
    try {
      const report = await restore(
        { ...restorePorts(session, access), crew },
        { snapshot: await fixture.latest(), target: byteString(target) },
      );
      assert.deepEqual(report.failures, []);
      assert.deepEqual(report.gaps, []);
      if (isRoot) assert.deepEqual(report.unset, []);
      assert.equal(report.isWhole, true);
      assert.equal(typeof report.syncMs, 'number');
    } finally {
      await crew.close();
    }
    assert.deepEqual(await compareTrees(tree.dir, target, { ignore: isBeyond64Bits }), []);
    assert.equal(fs.existsSync(join(target, '.holdfast-restore')), false);
  });
}

test('an ordinary user restores its own tree equal', { skip: skip || !isRoot }, async () => {
  const dir = fs.mkdtempSync(join(tmpdir(), 'holdfast-user-'));
  fs.chmodSync(dir, 0o777);
  try {
    const script = join(import.meta.dirname, 'restore-as-user.ts');
    const done = spawnSync(
      'setpriv',
      ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, script, dir],
      { encoding: 'utf8', env: { PATH: process.env.PATH, HOME: dir } },
    );
    assert.equal(done.status, 0, done.stderr + done.stdout);
    assert.deepEqual(JSON.parse(done.stdout), { differences: [], unset: [], failures: [] });
  } finally {
    await removeTree(dir);
  }
});

test('a tree of others is restored by an ordinary user, and what it may not set is said', {
  skip: !isRoot,
}, async () => {
  await using fixture = await vaultFixture();
  const tree = join(fixture.dir, 'tree');
  fs.mkdirSync(tree);
  fs.writeFileSync(join(tree, 'suid'), 'content');
  fs.chownSync(join(tree, 'suid'), 1234, 1234);
  fs.chmodSync(join(tree, 'suid'), 0o4755);
  fs.mkdirSync(join(tree, 'd'));
  fs.chownSync(join(tree, 'd'), 1234, 1234);
  await fixture.backup(tree);
  for (const dir of ['vault', 'state']) spawnSync('chmod', ['-R', 'a+rX', join(fixture.dir, dir)]);
  fs.chmodSync(fixture.dir, 0o777);
  const script = join(import.meta.dirname, 'restore-as-user.ts');
  const done = spawnSync(
    'setpriv',
    [
      ...['--reuid=65534', '--regid=65534', '--clear-groups'],
      ...[process.execPath, script, fixture.dir, 'restore-only'],
    ],
    { encoding: 'utf8', env: { PATH: process.env.PATH, HOME: fixture.dir } },
  );
  assert.equal(done.status, 0, done.stderr + done.stdout);
  const { unset, failures } = JSON.parse(done.stdout);
  assert.deepEqual(failures, []);
  const counts = Object.fromEntries(
    unset.map((each: { what: string; count: number }) => [each.what, each.count]),
  );
  // The root directory, the file and `d`; setuid is not given to the wrong owner.
  assert.deepEqual(counts, { owner: 3, setuid: 1 });
  assert.equal(fs.statSync(join(fixture.dir, 'out/suid')).mode & 0o7777, 0o755);
});
