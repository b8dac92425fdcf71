// Goal: on a machine that has nothing but a bare Debian and what README.txt in a vault asks for, both
// readers get all of it back.
// Method: debootstrap makes a Debian in a directory, from the mirror of this machine; there, by
// chroot, the readers of the vault itself restore a vault made from the documents alone, one made by
// bin/holdfast and one that each released format left, and Debian's own sha256sum compares.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { debianMirror } from '../run/debian-mirror.ts';
import { needs } from '../run/needs.ts';
import { type GoldenVault, goldenVaults } from '../vault/golden-vaults.ts';
import { bigTree, makeVault, newPlace, PASSPHRASE, rootOf, SCRIPTS, sumsOf } from './run-rescue.ts';

const HOLDFAST = path.resolve(import.meta.dirname, '../../bin/holdfast');
const TREE = path.resolve(import.meta.dirname, '../../docs');
// The last but one is what python3-cryptography needs: debootstrap does not see that it does.
const PACKAGES = 'nodejs,python3,python3-cryptography,python3-cffi-backend,zstd';

function must(program: string, args: readonly string[], env = {}, status = 0): string {
  const got = spawnSync(program, args, {
    encoding: 'utf8',
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, ...env },
    maxBuffer: 64 << 20,
  });
  const said = `${program} ${args.join(' ')}: ${got.error ?? ''}${got.stderr}`;
  assert.equal(got.status, status, `${said}${got.stdout.slice(-2000)}`);
  return got.stdout;
}

/** In a mount namespace of its own: what is mounted there ends with it. */
const OWN = ['--mount', '--propagation', 'private'];
const INSIDE = 'mount -t proc none "$0/proc"; exec chroot "$0" "$@"';

function makeDebian(): string {
  const mirror = debianMirror();
  assert.ok(mirror !== undefined);
  const root = newPlace('debian');
  const words = ['debootstrap', '--variant=minbase', `--include=${PACKAGES}`];
  must('unshare', [...OWN, ...words, mirror.suite, root, mirror.uri]);
  return root;
}

/** Vaults, and the list of what is in each. @returns what each is called, and what opens it */
function putVaults(root: string): readonly (readonly string[])[] {
  const { vault, writer } = makeVault({});
  vault.backup({ writer, roots: [rootOf(bigTree())] });
  fs.renameSync(vault.directory, path.join(root, 'documents'));
  fs.writeFileSync(path.join(root, 'documents.sums'), sumsOf(bigTree()));
  for (const script of SCRIPTS) {
    fs.copyFileSync(script, path.join(root, 'documents', path.basename(script)));
  }
  const place = ['--vault', path.join(root, 'real')];
  const keyFile = path.join(root, 'key');
  const env = { HOLDFAST_STATE: newPlace('state') };
  must(HOLDFAST, ['init', ...place, '--new-key-file', keyFile], env);
  must(HOLDFAST, ['backup', ...place, '--key-file', keyFile, TREE], env);
  const list = 'cd "$0" && find . -type f -print0 | sort -z | xargs -0 sha256sum >"$1"';
  must('sh', ['-c', list, TREE, path.join(root, 'real.sums')]);
  const golden = goldenVaults().map((each) => putGolden(root, each));
  return [['documents'], ['real', '--key-file', '/key'], ...golden];
}

function putGolden(root: string, golden: GoldenVault): readonly string[] {
  const name = path.basename(golden.folder);
  fs.cpSync(golden.vault, path.join(root, name), { recursive: true });
  for (const script of SCRIPTS) {
    fs.copyFileSync(script, path.join(root, name, path.basename(script)));
  }
  fs.copyFileSync(golden.keys[0], path.join(root, `${name}.key`));
  const files = Object.entries(golden.content.latest).filter(([, is]) => !is.startsWith('->'));
  const sums = files.map(([file, digest]) => `${digest}  ./${file}\n`);
  fs.writeFileSync(path.join(root, `${name}.sums`), sums.join(''));
  return [name, '--key-file', `/${name}.key`];
}

test('both readers restore in a bare Debian', (t) => {
  if (!needs(t, 'root', 'debootstrap', 'debian-mirror')) return;
  const root = makeDebian();
  const vaults = putVaults(root);
  const env = { HOLDFAST_PASSPHRASE: PASSPHRASE };
  for (const [vault = '', ...key] of vaults) {
    for (const [program, script] of [
      ['node', 'rescue.mjs'],
      ['python3', 'rescue.py'],
    ] as const) {
      const [reader, target] = [`/${vault}/${script}`, `/${vault}-${program}`];
      const words = [reader, 'restore', `/${vault}`, 'latest', target, ...key];
      // Node cannot set attributes, and setfattr is in no bare Debian: that is a gap, by name.
      const isBare = program === 'node' && vault === 'documents';
      const args = [...OWN, 'sh', '-euc', INSIDE, root, program, ...words];
      const said = must('unshare', args, env, isBare ? 6 : 0);
      assert.deepEqual(said.match(/^GAPS: .*(?=:)/gm), isBare ? ['GAPS: xattr'] : null);
      const check =
        'cd "$0" && sha256sum --quiet --strict -c "$1" && find . -type f -printf . | wc -c';
      const count = must('chroot', [root, 'sh', '-c', check, target, `/${vault}.sums`]);
      const sums = fs.readFileSync(path.join(root, `${vault}.sums`), 'latin1');
      assert.equal(Number(count), sums.split('\n').length - 1, `${vault}: ${script}: all of it`);
      t.diagnostic(`${vault}: ${script}: ${Number(count)} files`);
    }
  }
});
