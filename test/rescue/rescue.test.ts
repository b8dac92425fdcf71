// Goal: rescue/rescue.mjs, under every Node that is here, and rescue/rescue.py get all out of a
// vault that a writer made from the documents alone, and name what they cannot.
// Method: vaults from make-vault.ts; what comes out is compared by sha256sum, stat and getfattr.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import type { TreeEntry } from './make-manifest.ts';
import {
  allReaders,
  assertAttributes,
  assertContent,
  bigTree,
  eachReader,
  makeVault,
  newPlace,
  NODE,
  noise,
  PASSPHRASE,
  pythonWithoutZstd,
  Reader,
  rootOf,
  scratch,
  tiny,
} from './run-rescue.ts';

eachReader(
  'one of everything',
  (reader) => {
    const { vault, writer } = makeVault();
    const entries = bigTree();
    vault.backup({ writer, roots: [rootOf(entries)] });
    const got = reader.restore(vault);
    assert.equal(got.status, 0, got.err);
    assertContent(got.to, entries);
    assertAttributes(got.to, entries);
    const stat = (file: string): fs.Stats => fs.statSync(path.join(got.to, file));
    assert.equal(stat('link-1').ino, stat('link-2').ino);
    assert.ok(stat('image.raw').blocks * 512 < 2_500_000, 'holes are kept');
    assert.ok(stat('image2.raw').blocks * 512 > 9_000_000, 'zeros that are no holes are written');
    assert.ok(stat('holes').blocks * 512 < 250_000, 'holes of a hole list are kept');
    const dump = spawnSync('getfattr', ['-d', '-e', 'hex', 'marked', 'image2.raw'], {
      cwd: got.to,
      encoding: 'latin1',
    });
    assert.match(dump.stdout, /user\.a=0x0001ff0a\nuser\.empty(=0x)?\n/);
    assert.match(dump.stdout, /user\.(\\376|\xfe)(\\075|=)(\\377|\xff)=0x6f6464206e616d65\n/);
    assert.match(dump.stdout, /user\.note=/);
  },
  [...allReaders(), pythonWithoutZstd()],
);

eachReader('list shows what is there, and who signed it', (reader) => {
  const { vault, writer } = makeVault();
  const name = vault.backup({ writer, roots: [rootOf(tiny())] });
  const got = reader.run(['list', vault.directory]);
  assert.equal(got.status, 0, got.err);
  assert.ok(got.out.includes(name) && got.out.includes(writer.fingerprint), got.out);
  assert.match(got.out, /"\/srv\/data": 2 entries, 3 bytes/);
});

eachReader('a root that is a single file goes below TARGET under its name', (reader) => {
  const { vault, writer } = makeVault();
  const content = noise(1_500_000, 9);
  const entries: TreeEntry[] = [{ path: '', type: 'file', content, cut: 'gear-1', mode: 0o600 }];
  vault.backup({ writer, roots: [rootOf(entries, 'one.bin')] });
  const got = reader.restore(vault);
  assert.equal(got.status, 0, got.err);
  assertContent(got.to, [{ path: 'one.bin', type: 'file', content }]);
});

eachReader('what could not be read, or cannot be made, is named', (reader) => {
  const { vault, writer } = makeVault();
  const entries: TreeEntry[] = [
    ...tiny(),
    { path: 'locked', type: 'file', content: Buffer.from('x'), unreadable: 'EACCES' },
    { path: 'sock', type: 'socket' },
  ];
  vault.backup({ writer, roots: [rootOf(entries)] });
  const got = reader.restore(vault);
  assert.equal(got.status, 6);
  assert.match(got.err, /"locked": could not be read by the backup: EACCES/);
  assert.match(got.err, /gap: socket: "sock"/);
});

eachReader(
  'without the tools it starts, what they would have made is named',
  (reader) => {
    const { vault, writer } = makeVault();
    vault.backup({ writer, roots: [rootOf(bigTree())] });
    const target = newPlace('target');
    const got = reader.run(['restore', vault.directory, 'latest', target], { PATH: '/nowhere' });
    assert.equal(got.status, 6);
    assert.match(got.err, /gap: xattr: .*\/marked: /);
    assert.match(got.err, /gap: fifo: /);
    assertContent(
      target,
      bigTree().filter((entry) => entry.type !== 'fifo'),
    );
  },
  [NODE],
);

// Node has no way to go down directory by directory; Python has.
eachReader('a path longer than the system takes at once is restored, or named', (reader) => {
  const { vault, writer } = makeVault();
  const entries: TreeEntry[] = [{ path: '', type: 'dir' }];
  let deep = '';
  for (let at = 0; at < 60; at++) {
    deep = path.join(deep, `${'d'.repeat(120)}${at}`);
    entries.push({ path: deep, type: 'dir' });
  }
  vault.backup({ writer, roots: [rootOf(entries)] });
  const got = reader.restore(vault);
  assert.equal(got.status, reader.isPython ? 0 : 6, got.err);
  if (!reader.isPython) assert.match(got.err, /gap: dir: .*ENAMETOOLONG/);
  const depth = reader.isPython ? 60 : 30;
  const found = spawnSync('find', ['.', '-mindepth', `${depth}`, '-name', 'd*'], { cwd: got.to });
  assert.ok(found.stdout.length > 0, 'all that can be');
});

eachReader('an ordinary user restores all but owners', (reader, t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root to start');
  const { vault, writer } = makeVault();
  const entries = bigTree().map((entry) => ({ ...entry, uid: 12345, gid: 12345 }));
  vault.backup({ writer, roots: [rootOf(entries)] });
  const owned = reader.restore(vault);
  assert.equal(owned.status, 0, owned.err);
  assert.equal(fs.statSync(path.join(owned.to, 'a/b')).uid, 12345);
  assertAttributes(owned.to, entries);
  fs.chmodSync(scratch, 0o755);
  const target = newPlace('target');
  fs.mkdirSync(target);
  fs.chownSync(target, 65534, 65534);
  const [program = '', ...words] = reader.command;
  const got = spawnSync(program, [...words, 'restore', vault.directory, 'latest', target], {
    env: { PATH: process.env.PATH, HOLDFAST_PASSPHRASE: PASSPHRASE },
    uid: 65534,
    gid: 65534,
    encoding: 'utf8',
  });
  assert.equal(got.status, 0, got.stderr);
  assert.match(got.stdout, /note: owner not set/);
  assertContent(target, entries);
  // What would run with the rights of its owner does not with those of another.
  const dropped = entries.map(({ mode, ...entry }) =>
    mode === undefined ? entry : { ...entry, mode: mode & 0o1777 },
  );
  assertAttributes(target, dropped);
});

eachReader('an owner that root cannot set is a gap, and so no setuid is left', (reader, t) => {
  const own = ['--user', '--map-root-user'];
  if (spawnSync('unshare', [...own, 'true']).status !== 0) return t.skip('needs user namespaces');
  const { vault, writer } = makeVault();
  const [root, file] = tiny();
  assert.ok(root !== undefined && file !== undefined);
  vault.backup({ writer, roots: [rootOf([root, { ...file, uid: 12345, mode: 0o6755 }])] });
  const inside = new Reader(reader.name, ['unshare', ...own, ...reader.command]);
  const got = inside.restore(vault);
  assert.equal(got.status, 6, got.err);
  assert.match(got.err, /gap: attribute: "a": .*EINVAL/);
  assertAttributes(got.to, [{ ...file, mode: 0o755 }]);
});
