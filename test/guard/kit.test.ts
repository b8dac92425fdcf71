// Goal: what `guard kit` prints is valid and really closes the way it is for: the wrapper asks the
// guard, rsyncd refuses, the forced command of ssh refuses, sudo takes the line; the undo takes it
// back. `guard coverage` says open before and closed after.
// Method: mount namespaces with /etc, /usr/local and /root of their own; real rsyncd, sshd, visudo.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { LocalWorld } from '../../src/adapters/discovery/local-world.ts';
import { findWays } from '../../src/adapters/ways/find-ways.ts';
import { kitFor } from '../../src/guard/core/kit.ts';
import { PROGRAM } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { canStartSshd, startSshd } from '../ssh/sshd-fixture.ts';

interface Piece {
  readonly kind: string;
  readonly text: string;
  readonly undo: string;
  readonly file: string;
}
interface Way {
  readonly state: string;
  readonly kind: string;
  readonly where: string;
}

const scratches: string[] = [];
after(() => {
  for (const dir of scratches) fs.rmSync(dir, { recursive: true });
});

function scratch(): string {
  const dir = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'hf-kit-')));
  scratches.push(dir);
  return dir;
}

/**
 * A host of its own: the directories below are those of `dir` for what runs in it, and stay as they
 * were left for the next call.
 */
function onHost(
  dir: string,
  script: string,
): { status: number | null; stdout: string; stderr: string } {
  for (const name of ['local', 'cron.d', 'ssh', 'etc'])
    fs.mkdirSync(path.join(dir, name), { recursive: true });
  const head = [
    'set -e',
    `mount --bind ${dir}/local /usr/local`,
    `mkdir -p /root/.ssh && mount --bind ${dir}/ssh /root/.ssh`,
    `mount --bind ${dir}/cron.d /etc/cron.d`,
    // /etc has no file of its own for a module: an overlay of two directories would need one too.
    `[ ! -e ${dir}/etc/rsyncd.conf ] || { [ -e /etc/rsyncd.conf ] || touch ${dir}/made; cp -a /etc ${dir}/etc-all; cp ${dir}/etc/rsyncd.conf ${dir}/etc-all/; mount --bind ${dir}/etc-all /etc; mount --bind ${dir}/cron.d /etc/cron.d; }`,
    'set +e',
    script,
  ].join('\n');
  const ran = spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', head], {
    encoding: 'utf8',
    env: {
      ...process.env,
      HOLDFAST_STATE: path.join(dir, 'state'),
      HF: PROGRAM,
      LC_ALL: 'C.UTF-8',
    },
  });
  fs.rmSync(path.join(dir, 'etc-all'), { recursive: true, force: true });
  return ran;
}

function kitOf(dir: string): readonly Piece[] {
  const ran = onHost(dir, '"$HF" guard kit --group deployers --json');
  assert.equal(ran.status, 0, ran.stderr);
  return (JSON.parse(ran.stdout) as { pieces: readonly Piece[] }).pieces;
}

function waysOf(dir: string): readonly Way[] {
  const ran = onHost(dir, '"$HF" guard coverage --json');
  assert.equal(ran.status, 0, ran.stderr);
  return (JSON.parse(ran.stdout) as { ways: readonly Way[] }).ways;
}

function stateOf(ways: readonly Way[], where: string): string | undefined {
  return ways.find((way) => way.where === where)?.state;
}

test('a script typed by hand: the wrapper under its name asks the guard, and the undo takes it back', (t) => {
  if (!needs(t, 'root', 'mount', 'rsync')) return;
  const dir = scratch();
  const script = '/usr/local/bin/scap-master-sync';
  const original = `#!/bin/sh\n# from the puppet of the team\n/usr/bin/rsync --archive --delete "$1/" "$2/"\n`;
  fs.mkdirSync(path.join(dir, 'local/bin'), { recursive: true });
  fs.writeFileSync(path.join(dir, 'local/bin/scap-master-sync'), original, { mode: 0o755 });
  for (const name of ['good', 'empty', 'staging']) fs.mkdirSync(path.join(dir, name));
  for (let at = 0; at < 40; at++) fs.writeFileSync(path.join(dir, 'good', `f${at}`), String(at));
  const call = `${script} ${dir}/good ${dir}/staging`;
  assert.equal(stateOf(waysOf(dir), script), 'open');
  const [wrapper] = kitOf(dir).filter(({ kind }) => kind === 'wrapper');
  assert.ok(wrapper !== undefined);
  const kit = path.join(dir, 'kit.sh');
  fs.writeFileSync(kit, wrapper.text);
  assert.equal(spawnSync('sh', ['-n', kit]).status, 0);
  const put = onHost(dir, `sh ${kit}`);
  assert.equal(put.status, 0, put.stderr);
  assert.equal(stateOf(waysOf(dir), script), 'closed');
  assert.equal(fs.statSync(path.join(dir, 'local/bin/scap-master-sync')).mode & 0o777, 0o755);
  // The first run of the pair adopts; then the source is empty, as on a host that was re-imaged.
  assert.equal(onHost(dir, call).status, 0);
  assert.equal(
    fs.readdirSync(path.join(dir, 'staging')).filter((name) => name.startsWith('f')).length,
    40,
  );
  const wiped = onHost(dir, `rm -r ${dir}/good/*; ${call}`);
  assert.notEqual(wiped.status, 0, 'held or denied');
  assert.equal(
    fs.readdirSync(path.join(dir, 'staging')).filter((name) => name.startsWith('f')).length,
    40,
  );
  assert.equal(onHost(dir, wrapper.undo).status, 0);
  assert.equal(fs.readFileSync(path.join(dir, 'local/bin/scap-master-sync'), 'utf8'), original);
  // Without the wrapper the same command empties it: what was shown above is the wrapper's doing.
  assert.equal(onHost(dir, call).status, 0);
  assert.equal(
    fs.readdirSync(path.join(dir, 'staging')).filter((name) => name.startsWith('f')).length,
    0,
  );
});

test('a cron line through the guard is closed', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const dir = scratch();
  fs.mkdirSync(path.join(dir, 'cron.d'));
  const table = path.join(dir, 'cron.d/mirror');
  fs.writeFileSync(table, '5 4 * * * root nice rsync -a --delete /srv/a/ /srv/b/ >/dev/null\n');
  assert.equal(stateOf(waysOf(dir), '/etc/cron.d/mirror'), 'open');
  const [line] = kitOf(dir).filter(({ kind }) => kind === 'line');
  assert.ok(line !== undefined);
  assert.equal(spawnSync('sh', ['-n'], { input: line.text }).status, 0);
  fs.writeFileSync(table, `5 4 * * * root ${line.text}`);
  assert.equal(stateOf(waysOf(dir), '/etc/cron.d/mirror'), 'closed');
});

test('sudo takes the line, for names with what means something to it too', async (t) => {
  if (!needs(t, 'sudo')) return;
  const dir = scratch();
  fs.mkdirSync(path.join(dir, 'usr/local/bin'), { recursive: true });
  const odd = path.join(dir, 'usr/local/bin/sync:it, (now)=1');
  fs.writeFileSync(odd, '#!/bin/sh\nrsync -a --delete /srv/a/ /srv/b/\n', { mode: 0o755 });
  const { ways } = await findWays(new LocalWorld(dir), PROGRAM);
  const options = { holdfast: PROGRAM, group: 'deployers', hasSudo: true, programs: {} };
  const [sudoers] = kitFor(ways, options).filter(({ kind }) => kind === 'sudoers');
  assert.ok(sudoers !== undefined);
  const file = path.join(dir, 'sudoers');
  fs.writeFileSync(file, sudoers.text, { mode: 0o440 });
  const ran = spawnSync('visudo', ['-cf', file], { encoding: 'utf8' });
  assert.equal(ran.status, 0, `${ran.stdout}${ran.stderr}`);
  fs.chmodSync(file, 0o640);
  fs.writeFileSync(file, sudoers.text.replace('ALL=', 'ALL'));
  assert.notEqual(spawnSync('visudo', ['-cf', file]).status, 0, 'visudo looks at it');
});

const KINDS_OF_DELETE = [
  ['--delete'],
  ['--del'],
  ['--delete-before'],
  ['--delete-during'],
  ['--delete-delay'],
  ['--delete-after'],
  ['--delete-excluded'],
  ['--delete-missing-args'],
  ['--force'],
  ['--remove-source-files'],
];

test('rsyncd with the refuse options that are printed refuses each kind of delete, and takes the rest', async (t) => {
  if (!needs(t, 'root', 'mount', 'rsync')) return;
  const dir = scratch();
  for (const name of ['module', 'source', 'etc']) fs.mkdirSync(path.join(dir, name));
  fs.writeFileSync(path.join(dir, 'source/new'), 'new');
  fs.writeFileSync(path.join(dir, 'module/kept'), 'kept');
  const module = `[files]\npath = ${dir}/module\nread only = no\nuse chroot = no\nuid = root\ngid = root\nrefuse options = delete* compress-level\n`;
  fs.writeFileSync(path.join(dir, 'etc/rsyncd.conf'), module);
  assert.equal(stateOf(waysOf(dir), '/etc/rsyncd.conf'), 'open');
  const [piece] = kitOf(dir).filter(({ kind }) => kind === 'rsyncd');
  const refuse = /refuse options = .*/.exec(piece?.text ?? '')?.[0] ?? '';
  assert.match(refuse, /compress-level/, 'what was refused before stays refused');
  const closed = module.replace(/refuse options = .*/, refuse);
  fs.writeFileSync(path.join(dir, 'etc/rsyncd.conf'), closed);
  assert.equal(stateOf(waysOf(dir), '/etc/rsyncd.conf'), 'closed');
  // Over a pair of pipes, as inetd would start it: no port is needed.
  const daemon = path.join(dir, 'etc/rsyncd.conf');
  const connect = `rsync --daemon --config=${daemon}`;
  const push = (options: readonly string[]): ReturnType<typeof spawnSync> =>
    spawnSync('rsync', ['-r', ...options, `${dir}/source/`, 'rsync://host/files/'], {
      env: { ...process.env, RSYNC_CONNECT_PROG: connect },
      encoding: 'utf8',
    });
  for (const options of KINDS_OF_DELETE) {
    const ran = push(options);
    assert.notEqual(ran.status, 0, options.join(' '));
    assert.match(String(ran.stderr) + String(ran.stdout), /refuse/, options.join(' '));
    assert.ok(fs.existsSync(path.join(dir, 'module/kept')), options.join(' '));
  }
  const plain = push([]);
  assert.equal(plain.status, 0, String(plain.stderr));
  assert.equal(fs.readFileSync(path.join(dir, 'module/new'), 'utf8'), 'new');
  // And with what stood there before, it is deleted: the refusals are the kit's.
  fs.writeFileSync(daemon, module.replace(/refuse options = .*\n/, ''));
  assert.equal(push(['--delete']).status, 0);
  assert.ok(!fs.existsSync(path.join(dir, 'module/kept')));
});

test('a key with the forced command that is printed copies, and deletes nothing', async (t) => {
  if (!canStartSshd(t) || !needs(t, 'rsync', 'python3')) return;
  const sshd = await startSshd();
  try {
    const dir = scratch();
    for (const name of ['source', 'target', 'ssh']) fs.mkdirSync(path.join(dir, name));
    fs.mkdirSync(path.join(dir, 'target/directory'));
    fs.writeFileSync(path.join(dir, 'target/directory/kept'), 'kept');
    fs.writeFileSync(path.join(dir, 'source/directory'), 'a file of the same name');
    const publicKey = fs.readFileSync(path.join(sshd.dir, 'client-key.pub'), 'utf8').trim();
    const before = `command="/usr/bin/rrsync ${dir}/target" ${publicKey}`;
    fs.writeFileSync(path.join(dir, 'ssh/authorized_keys'), `${before}\n`);
    assert.equal(stateOf(waysOf(dir), '/root/.ssh/authorized_keys'), 'open');
    const [piece] = kitOf(dir).filter(({ kind }) => kind === 'authorized-keys');
    assert.ok(piece !== undefined);
    fs.writeFileSync(path.join(dir, 'ssh/authorized_keys'), piece.text);
    assert.equal(stateOf(waysOf(dir), '/root/.ssh/authorized_keys'), 'closed');
    const authorized = path.join(sshd.dir, 'authorized_keys');
    const rsync = (
      options: readonly string[],
      from = `${dir}/source/`,
    ): ReturnType<typeof spawnSync> =>
      spawnSync('rsync', ['-r', '-e', sshOf(sshd), ...options, from, `${sshd.host}:`], {
        encoding: 'utf8',
        timeout: 60_000,
      });
    fs.writeFileSync(authorized, piece.text);
    const kept = path.join(dir, 'target/directory/kept');
    for (const options of [...KINDS_OF_DELETE.slice(0, 8), ['--force'], ['--force', '--delete']]) {
      const ran = rsync(options);
      assert.notEqual(ran.status, 0, `${options.join(' ')}: ${String(ran.stdout)}`);
      assert.ok(fs.existsSync(kept), options.join(' '));
    }
    fs.unlinkSync(path.join(dir, 'source/directory'));
    fs.writeFileSync(path.join(dir, 'source/new'), 'new');
    const plain = rsync([]);
    assert.equal(plain.status, 0, String(plain.stderr));
    assert.equal(fs.readFileSync(path.join(dir, 'target/new'), 'utf8'), 'new');
    fs.writeFileSync(authorized, `${before}\n`);
    assert.equal(rsync(['--delete']).status, 0);
    assert.ok(!fs.existsSync(kept), 'with the line of before it is deleted');
  } finally {
    await sshd.stop();
  }
});

function sshOf({
  environment,
  port,
}: {
  environment: Readonly<Record<string, string | undefined>>;
  port: number;
}): string {
  return `${environment.HOLDFAST_SSH ?? ''} -p ${port}`;
}

test('on a terminal both read as sentences with what to do next', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const dir = scratch();
  fs.mkdirSync(path.join(dir, 'cron.d'));
  fs.writeFileSync(
    path.join(dir, 'cron.d/mirror'),
    '5 4 * * * root rsync -a --delete /srv/a/ /srv/b/\n',
  );
  const coverage = onHost(dir, '"$HF" guard coverage');
  assert.match(coverage.stdout, /way goes around the guard/);
  assert.match(coverage.stdout, /holdfast guard kit/);
  assert.equal(onHost(dir, '"$HF" guard coverage --exit-code').status, 5);
  const kit = onHost(dir, '"$HF" guard kit');
  assert.match(kit.stdout, /Nothing was changed/);
  assert.match(kit.stdout, /^\S*holdfast guard run -- rsync -a --delete \/srv\/a\/ \/srv\/b\/$/m);
  assert.equal(onHost(dir, '"$HF" guard kit --group "a b"').status, 64);
});
