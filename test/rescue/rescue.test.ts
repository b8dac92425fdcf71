// Goal: rescue/rescue.mjs gets all out of a vault that a writer made from the documents alone,
// under every Node that is here, and names what it cannot.
// Method: vaults from make-vault.ts; what comes out is compared by sha256sum, stat and getfattr.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import type { TreeEntry } from './make-manifest.ts';
import {
  assertAttributes,
  assertContent,
  bigTree,
  makeVault,
  newPlace,
  NODE,
  nodes,
  noise,
  PASSPHRASE,
  RESCUE,
  restore,
  rootOf,
  run,
  scratch,
  tiny,
} from './run-rescue.ts';

for (const [name, node] of nodes()) {
  test(`one of everything, under Node ${name}`, () => {
    const { vault, writer } = makeVault();
    const entries = bigTree();
    vault.backup({ writer, roots: [rootOf(entries)] });
    const got = restore(vault, [], [...node]);
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
  });
}

test('list shows what is there, and who signed it', () => {
  const { vault, writer } = makeVault();
  const name = vault.backup({ writer, roots: [rootOf(tiny())] });
  const got = run(NODE, ['list', vault.directory]);
  assert.equal(got.status, 0, got.err);
  assert.ok(got.out.includes(name) && got.out.includes(writer.fingerprint), got.out);
  assert.match(got.out, /"\/srv\/data": 2 entries, 3 bytes/);
});

test('a root that is a single file goes below TARGET under its name', () => {
  const { vault, writer } = makeVault();
  const content = noise(1_500_000, 9);
  const entries: TreeEntry[] = [{ path: '', type: 'file', content, cut: 'gear-1', mode: 0o600 }];
  vault.backup({ writer, roots: [rootOf(entries, 'one.bin')] });
  const got = restore(vault);
  assert.equal(got.status, 0, got.err);
  assertContent(got.to, [{ path: 'one.bin', type: 'file', content }]);
});

test('what could not be read, or cannot be made, is named', () => {
  const { vault, writer } = makeVault();
  const entries: TreeEntry[] = [
    ...tiny(),
    { path: 'locked', type: 'file', content: Buffer.from('x'), unreadable: 'EACCES' },
    { path: 'sock', type: 'socket' },
  ];
  vault.backup({ writer, roots: [rootOf(entries)] });
  const got = restore(vault);
  assert.equal(got.status, 6);
  assert.match(got.err, /"locked": could not be read by the backup: EACCES/);
  assert.match(got.err, /gap: socket: "sock"/);
  const noTools = newPlace('target');
  fs.mkdirSync(newPlace('bin'));
  const { vault: other, writer: second } = makeVault();
  other.backup({ writer: second, roots: [rootOf(bigTree())] });
  const bare = run(NODE, ['restore', other.directory, 'latest', noTools], { PATH: '/nowhere' });
  assert.equal(bare.status, 6);
  assert.match(bare.err, /gap: xattr: .*\/marked: /);
  assert.match(bare.err, /gap: fifo: /);
  assertContent(
    noTools,
    bigTree().filter((entry) => entry.type !== 'fifo'),
  );
});

test('a path longer than the system takes at once is named, and what is above it restored', () => {
  const { vault, writer } = makeVault();
  const entries: TreeEntry[] = [{ path: '', type: 'dir' }];
  let deep = '';
  for (let at = 0; at < 60; at++) {
    deep = path.join(deep, `${'d'.repeat(120)}${at}`);
    entries.push({ path: deep, type: 'dir' });
  }
  vault.backup({ writer, roots: [rootOf(entries)] });
  const got = restore(vault);
  assert.equal(got.status, 6, got.err);
  assert.match(got.err, /gap: dir: .*ENAMETOOLONG/);
  const found = spawnSync('find', ['.', '-mindepth', '30', '-name', 'd*'], { cwd: got.to });
  assert.ok(found.stdout.length > 0, 'all that can be');
});

test('an ordinary user restores all but owners', {
  skip: process.getuid?.() !== 0 && 'needs root to start',
}, () => {
  const { vault, writer } = makeVault();
  const entries = bigTree().map((entry) => ({ ...entry, uid: 12345, gid: 12345 }));
  vault.backup({ writer, roots: [rootOf(entries)] });
  const owned = restore(vault);
  assert.equal(owned.status, 0, owned.err);
  assert.equal(fs.statSync(path.join(owned.to, 'a/b')).uid, 12345);
  assertAttributes(owned.to, entries);
  fs.chmodSync(scratch, 0o755);
  const target = newPlace('target');
  fs.mkdirSync(target);
  fs.chownSync(target, 65534, 65534);
  const got = spawnSync(process.execPath, [RESCUE, 'restore', vault.directory, 'latest', target], {
    env: { PATH: process.env.PATH, HOLDFAST_PASSPHRASE: PASSPHRASE },
    uid: 65534,
    gid: 65534,
    encoding: 'utf8',
  });
  assert.equal(got.status, 0, got.stderr);
  assert.match(got.stdout, /note: owner not set/);
  assertContent(target, entries);
});
