// Goal: what bin/holdfast backs up, rescue/rescue.mjs restores, under every Node that is here, and
// rescue/rescue.py too; and every vault carries both.
// Beside it, the other way round: bin/holdfast restores a vault that the documents alone have made.
// Method: a tree of odd names, holes, links and attributes goes through the real command; what
// comes out is compared with the tree by sha256sum, rsync and find, not by code of ours.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import {
  allReaders,
  assertAttributes,
  assertContent,
  bigTree,
  eachReader,
  flip,
  newPlace,
  noise,
  packsIn,
  SCRIPTS,
  rootOf,
} from './run-rescue.ts';
import { needs } from '../run/needs.ts';
import { VaultMaker } from './make-vault.ts';

const HOLDFAST = path.resolve(import.meta.dirname, '../../bin/holdfast');
const NAMES = ['plain', 'ümläut ☃', 'bad\xff\xfename', 'new\nline\\', 'n'.repeat(255)];

interface Made {
  readonly vault: string;
  readonly keyFile: string;
  readonly tree: string;
  readonly other: string;
}

function holdfast(...args: readonly string[]): void {
  const { HOLDFAST_PASSPHRASE: _, HOLDFAST_VAULT: __, ...env } = process.env;
  const got = spawnSync(HOLDFAST, args, {
    encoding: 'utf8',
    env: { ...env, HOLDFAST_STATE: newPlace('state') },
  });
  assert.equal(got.status, 0, `holdfast ${args[0]}: ${got.stdout}${got.stderr}`);
}

function writeTree(tree: string): void {
  for (const dir of ['', 'a', 'a/deep', 'empty']) fs.mkdirSync(path.join(tree, dir));
  for (const [at, name] of NAMES.entries()) {
    const bytes = name.includes('\xff') ? 'latin1' : 'utf8';
    fs.writeFileSync(Buffer.from(`${tree}/a/${name}`, bytes), noise(at * 999, at));
  }
  for (let at = 0; at < 300; at++) fs.writeFileSync(path.join(tree, `a/deep/${at}`), noise(at, at));
  fs.writeFileSync(path.join(tree, 'big'), noise(6_000_000, 1));
  fs.writeFileSync(path.join(tree, 'table.db'), noise(3_000_001, 2));
  const image = fs.openSync(path.join(tree, 'image.raw'), 'wx');
  fs.ftruncateSync(image, 50_000_000);
  fs.writeSync(image, noise(700_000, 3), 0, 700_000, 1_000_001);
  fs.closeSync(image);
  const holes = fs.openSync(path.join(tree, 'holes'), 'wx');
  fs.ftruncateSync(holes, 3_000_000);
  for (let at = 0; at < 60; at++) fs.writeSync(holes, noise(4096, at), 0, 4096, at * 49_152);
  fs.closeSync(holes);
  fs.linkSync(path.join(tree, 'big'), path.join(tree, 'a/again'));
  fs.symlinkSync(Buffer.from('/no/such\xff', 'latin1'), path.join(tree, 'dangling'));
  spawnSync('mkfifo', [path.join(tree, 'pipe')]);
  const marked = path.join(tree, 'a/plain');
  spawnSync('setfattr', ['-n', 'user.mark', '-v', '0xff00', marked]);
  spawnSync('setfacl', ['-m', 'u:12345:r', marked]);
  fs.chmodSync(path.join(tree, 'a/deep/1'), 0o4711);
  fs.lutimesSync(path.join(tree, 'a/deep'), 1_000_000_000, 1_000_000_000);
}

function makeReal(): Made {
  const [vault, keyFile, tree] = [newPlace('vault'), newPlace('key'), newPlace('tree')];
  const other = newPlace('other');
  writeTree(tree);
  fs.mkdirSync(other);
  fs.writeFileSync(path.join(other, 'note'), 'of the second root');
  holdfast('init', '--vault', vault, '--new-key-file', keyFile);
  return { vault, keyFile, tree, other };
}

/** Content by sha256sum, the rest by rsync where it is installed, and by find. */
function assertSame(from: string, to: string): void {
  const both = { from, to };
  const sums = `cd "$from" && find . -type f -print0 | sort -z | xargs -0 sha256sum >"$to.sums"
    cd "$to" && sha256sum --quiet --strict -c "$to.sums"`;
  const shape = `for at in "$from" "$to"; do
      (cd "$at" && find . ! -type d -printf '%y %m %U %G %s %n %Ts %l %p\\0' | sort -z | md5sum)
      (cd "$at" && find . -type d -printf '%m %U %G %Ts %p\\0' | sort -z | md5sum)
      (cd "$at" && getfattr -R -h -d -m - -e hex . 2>&1 | md5sum)
    done`;
  for (const script of [
    sums,
    `command -v rsync || exit 0; rsync -aHAX -n -i --delete "$from/" "$to/"`,
  ]) {
    const got = spawnSync('sh', ['-c', script], {
      encoding: 'utf8',
      env: { ...process.env, ...both },
    });
    assert.equal(got.status, 0, got.stderr);
    assert.equal(got.stdout.replace(/^.*\/rsync\n/, ''), '', 'what rsync would still change');
  }
  const got = spawnSync('sh', ['-c', shape], {
    encoding: 'utf8',
    env: { ...process.env, ...both },
  });
  const lines = got.stdout.trim().split('\n');
  assert.equal(lines.length, 6, got.stderr);
  assert.deepEqual(lines.slice(0, 3), lines.slice(3));
}

test('one root: all of it comes back, by every reader', (t) => {
  const { vault, keyFile, tree } = makeReal();
  holdfast('backup', '--tag', 'release', '--vault', vault, '--key-file', keyFile, tree);
  for (const reader of allReaders()) {
    if (reader.isPython && !needs(t, 'python3', 'python3-cryptography', 'zstd')) return;
    const to = newPlace('target');
    const args = ['restore', vault, 'latest', to, '--key-file', keyFile];
    const got = reader.run(args, { HOLDFAST_PASSPHRASE: undefined });
    assert.equal(got.status, 0, `${reader.name}: ${got.err}`);
    assertSame(tree, to);
    t.diagnostic(`restored by ${reader.name}`);
  }
});

eachReader(
  'several roots, one file, an older snapshot by its id, and both readers in the vault',
  (reader) => {
    const { vault, keyFile, tree, other } = makeReal();
    const key = ['--vault', vault, '--key-file', keyFile];
    holdfast('backup', ...key, tree, other);
    const [first = ''] = fs.readdirSync(path.join(vault, 'snapshots'));
    holdfast('backup', ...key, path.join(tree, 'big'));
    for (const script of SCRIPTS) {
      const kept = fs.readFileSync(path.join(vault, path.basename(script)));
      assert.ok(kept.equals(fs.readFileSync(script)), script);
    }
    const [file, roots] = [newPlace('target'), newPlace('target')];
    const latest = reader.run(['restore', vault, 'latest', file, '--key-file', keyFile]);
    assert.equal(latest.status, 0, latest.err);
    const big = fs.readFileSync(path.join(file, 'big'));
    assert.ok(big.equals(fs.readFileSync(path.join(tree, 'big'))));
    const id = first.slice(28, 36);
    const older = reader.run(['restore', vault, id, roots, '--key-file', keyFile]);
    assert.equal(older.status, 0, older.err);
    assertSame(tree, path.join(roots, path.basename(tree)));
    assertSame(other, path.join(roots, path.basename(other)));
  },
);

eachReader(
  'a flipped byte in a pack of content: what it hits is named, all else is there',
  (reader) => {
    const { vault, keyFile, tree } = makeReal();
    holdfast('backup', '--vault', vault, '--key-file', keyFile, tree);
    const [pack = ''] = packsIn(vault, 1);
    flip(pack, Math.floor(fs.statSync(pack).size / 2));
    const to = newPlace('target');
    const got = reader.run(['restore', vault, 'latest', to, '--key-file', keyFile]);
    assert.equal(got.status, 6, got.err);
    const lost = got.err.match(/^rescue: gap: file: /gm)?.length ?? 0;
    const count = (at: string): number =>
      spawnSync('find', [at, '-type', 'f', '-printf', '.']).stdout.length;
    assert.ok(lost > 0, got.err);
    assert.equal(count(to), count(tree) - lost);
  },
);

test('bin/holdfast reads a vault that it has not written, with and without its index', () => {
  const vault = new VaultMaker(newPlace('vault'));
  const [keyFile, entries] = [newPlace('key'), bigTree()];
  vault.addKeyFile(keyFile);
  vault.backup({ writer: vault.addWriter(), roots: [rootOf(entries)] });
  const key = ['--vault', vault.directory, '--key-file', keyFile];
  holdfast('vault', 'check', '--read-data', ...key);
  for (const isIndexThere of [true, false]) {
    if (!isIndexThere) fs.rmSync(path.join(vault.directory, 'index'), { recursive: true });
    const to = newPlace('target');
    holdfast('restore', ...key, 'latest', to);
    assertContent(to, entries);
    assertAttributes(to, entries);
  }
});
