// Goal: from a bare clone `npm start -- --once` shows its answer, to an ordinary user and to root,
// whatever Node the system has; what it keeps lies in the clone, and nothing outside is written.
// Method: a real clone with the packages of this checkout, a home and a temporary directory of its
// own, a user who has nothing else; restored, compared by diff, and searched for by find.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const ROOT = path.join(import.meta.dirname, '../..');
const PACKAGES = path.join(ROOT, 'node_modules');
const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin';
/** Whom nothing belongs to. */
const STRANGER = 64_999;
const IS_ROOT = process.getuid?.() === 0;

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-clone-'));
fs.chmodSync(scratch, 0o755);
after(() => fs.rmSync(scratch, { recursive: true, force: true }));

class Clone {
  readonly #uid: number | undefined;
  readonly base: string;
  readonly folder: string;

  /** @param uid who owns and runs it; undefined: we */
  constructor(name: string, uid: number | undefined) {
    this.#uid = uid;
    this.base = path.join(scratch, name);
    this.folder = path.join(this.base, 'holdfast');
    for (const each of ['home', 'tmp'])
      fs.mkdirSync(path.join(this.base, each), { recursive: true });
    // What was not committed yet is tested as well.
    const script = `git clone -q --no-hardlinks "$1" "$2" && cd "$1" &&
      git ls-files -z -c -o --exclude-standard | tar --null -T - --ignore-failed-read -cf - |
      tar -xf - -C "$2"`;
    const made = spawnSync('sh', ['-c', script, 'sh', ROOT, this.folder], { encoding: 'utf8' });
    assert.equal(made.status, 0, made.stderr);
    // A link for each package: what is written beside them lies in the clone.
    fs.mkdirSync(path.join(this.folder, 'node_modules'));
    for (const each of fs.readdirSync(PACKAGES)) {
      if (each === '.cache') continue;
      fs.symlinkSync(path.join(PACKAGES, each), path.join(this.folder, 'node_modules', each));
    }
    fs.utimesSync(path.join(this.folder, 'package-lock.json'), 1e9, 1e9);
    if (uid !== undefined) spawnSync('chown', ['-Rh', `${uid}:${uid}`, this.base]);
  }

  run(command: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    const drop = ['setpriv', `--reuid=${this.#uid}`, `--regid=${this.#uid}`, '--clear-groups'];
    const [program = '', ...args] = this.#uid === undefined ? command : [...drop, ...command];
    const env = {
      ...{ PATH: SYSTEM_PATH, LANG: 'C.UTF-8', HOME: path.join(this.base, 'home') },
      ...{ TMPDIR: path.join(this.base, 'tmp'), npm_config_update_notifier: 'false' },
    };
    return spawnSync(program, args, { cwd: this.folder, env, encoding: 'utf8' });
  }
}

function reasonNotTo(uid: number | undefined): string | false {
  if (!fs.existsSync(path.join(ROOT, '.git'))) return 'this is no checkout';
  if (spawnSync('npm', ['--version'], { env: { PATH: SYSTEM_PATH } }).status !== 0) {
    return 'the system has no npm';
  }
  if (uid === undefined) return false;
  if (!IS_ROOT) return 'only root can be somebody else';
  const drop = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  const seen = spawnSync('setpriv', [
    ...drop,
    'test',
    '-r',
    path.join(PACKAGES, '.package-lock.json'),
  ]);
  return seen.status === 0 ? false : 'others may not read this checkout';
}

for (const [who, uid] of [
  ['an ordinary user', IS_ROOT ? STRANGER : undefined],
  ['root', undefined],
] as const) {
  const skip = who === 'root' && !IS_ROOT ? 'we are not root' : reasonNotTo(uid);
  test(`npm start -- --once from a bare clone, as ${who}`, { skip }, () => {
    const clone = new Clone(who.replaceAll(' ', '-'), uid);
    const ran = clone.run(['npm', 'start', '--', '--once']);
    assert.equal(ran.status, 0, `${ran.stdout}\n${ran.stderr}`);
    assert.match(ran.stdout, /● drill +restored to scratch: /);
    assert.match(ran.stdout, /left out +.* by\s+\/node_modules\//);
    assert.match(ran.stdout, /the files in it/);
    assert.match(ran.stdout, /\.\/bin\/holdfast key sheet/);
    assert.ok(fs.existsSync(path.join(clone.folder, '.holdfast/vault/header')));

    const target = path.join(clone.folder, 'node_modules/restored');
    const restored = clone.run(['./bin/holdfast', 'restore', 'latest', target]);
    // 6: it says that Holdfast's own state is not in it.
    assert.ok(restored.status === 0 || restored.status === 6, restored.stderr);
    const left = ['-x', 'node_modules', '-x', '.holdfast'];
    const args = ['-r', '--no-dereference', ...left, clone.folder, target];
    const differs = spawnSync('diff', args, { encoding: 'utf8' });
    assert.equal(differs.stdout, '');
    assert.equal(differs.status, 0);

    assert.deepEqual(fs.readdirSync(path.join(clone.base, 'tmp')), []);
    // npm keeps a log of its own.
    const home = fs.readdirSync(path.join(clone.base, 'home'));
    assert.deepEqual(
      home.filter((name) => name !== '.npm'),
      [],
    );
    if (uid !== undefined) assert.deepEqual(foundOutside(clone.base, uid), []);
    if (who !== 'root') gapIsNamed(clone);
  });
}

/** Who may not read a file is told so, and gets 6. */
function gapIsNamed(clone: Clone): void {
  fs.writeFileSync(path.join(clone.folder, 'locked'), 'x', { mode: 0 });
  fs.mkdirSync(path.join(clone.folder, 'closed'), { mode: 0 });
  const ran = clone.run(['npm', 'start', '--', '--once']);
  assert.equal(ran.status, 6, ran.stderr);
  assert.match(ran.stdout, /▲ not kept +locked: this user may not read it/);
  assert.match(ran.stdout, /▲ not kept +closed: this user may not read it/);
  assert.match(ran.stdout, /● drill +restored to scratch: /);
  assert.match(ran.stdout, /Exit 6: kept with gaps/);
}

/** Everything that belongs to this user and lies elsewhere. */
function foundOutside(base: string, uid: number): readonly string[] {
  const places = ['/tmp', '/var', '/dev/shm', '/run', '/home', '/root', '/etc', '/opt', '/srv'];
  const args = ['-xdev', '-uid', String(uid), '-not', '-path', `${base}*`, '-print'];
  const found = spawnSync('find', [...places, ...args], { encoding: 'utf8' });
  return found.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('/proc/'));
}
