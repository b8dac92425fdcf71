// Goal: a new user makes a vault, backs up, sees what is there, and has it back byte for byte; and
// every exit code and every object of `--json` is what DESIGN 14 promises.
// Method: the real program on real directories, each test with a vault of its own.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { Bench, PROGRAM, treeOf } from './run-cli.ts';

/** Lines end where the path of a vault makes them end. */
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

interface Root {
  readonly pathB64?: string;
  readonly nameB64?: string;
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.remove());

function withData(): void {
  bench.write('data/a.txt', 'a');
  bench.write('data/sub/b.bin', Buffer.alloc(300_000, 7));
  bench.write('data/cache/c.tmp', 'left out');
  fs.symlinkSync('../a.txt', bench.at('data/sub/link'));
}

function init(): void {
  const ran = bench.run(['init']);
  assert.equal(ran.status, 0, ran.stderr);
}

test('init says what it made: of which format, and a key that lies on this machine only', () => {
  const ran = bench.run(['init']);
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stdout, /^A vault was made, [0-9a-f]{8}\. It holds no snapshot yet\.\n/);
  assert.match(ran.stdout, /■ key .*only on this\s+machine: lost with it/s);
  assert.match(
    ran.stdout,
    /● format\s+1, read for ever; what is promised: docs\/operating\/vault\.md/,
  );
  assert.match(fs.readFileSync(bench.at('vault/header'), 'utf8'), /"format":1,/);
  assert.match(ran.stdout, /holdfast key sheet/);
  for (const name of [
    'README.txt',
    'FORMAT.md',
    'MANIFEST.md',
    'rescue.mjs',
    'rescue.py',
    'header',
  ]) {
    assert.ok(fs.statSync(bench.at('vault', name)).size > 0, name);
  }
  const [id = ''] = fs.readdirSync(bench.at('state/vaults'));
  assert.equal(fs.statSync(bench.at('state/vaults', id, 'key')).mode & 0o777, 0o600);
  assert.equal(fs.statSync(bench.at('state/vaults', id, 'writer')).mode & 0o777, 0o600);
});

test('init refuses a vault that is there, and a directory that holds other things', () => {
  init();
  const again = bench.json(['init']);
  assert.equal(again.status, 1);
  assert.equal(again.said.error?.code, 'HF_VAULT_EXISTS');
  bench.write('other/thing');
  const taken = bench.json(['init', '--vault', bench.at('other')]);
  assert.equal(taken.status, 1);
  assert.equal(taken.said.error?.code, 'HF_VAULT_PLACE_TAKEN');
  assert.deepEqual(fs.readdirSync(bench.at('other')), ['thing']);
});

test('what was backed up is restored byte for byte, with times, modes and links', () => {
  init();
  withData();
  const before = treeOf(bench.at('data'));
  const backup = bench.run(['backup', 'data']);
  assert.equal(backup.status, 0, backup.stderr);
  assert.match(backup.stdout, /^Snapshot [0-9a-f]{8} of \S+\/data, in /);
  const restore = bench.run(['restore', 'latest', 'back']);
  assert.equal(restore.status, 0, restore.stderr);
  assert.match(restore.stdout, /^Snapshot [0-9a-f]{8} is restored in \S+\/back, in /);
  assert.deepEqual(treeOf(bench.at('back')), before);
});

test('several paths are restored under their names', () => {
  init();
  bench.write('one/x', '1');
  bench.write('two/y', '2');
  bench.write('three', '3');
  assert.equal(bench.run(['backup', 'one', 'two', 'three', '--name', 'all']).status, 0);
  assert.equal(bench.run(['restore', 'latest', 'back', '--data-set', 'all']).status, 0);
  assert.equal(fs.readFileSync(bench.at('back/one/x'), 'utf8'), '1');
  assert.equal(fs.readFileSync(bench.at('back/two/y'), 'utf8'), '2');
  assert.equal(fs.readFileSync(bench.at('back/three'), 'utf8'), '3');
  const collide = bench.json(['backup', 'one', 'back/one']);
  assert.equal(collide.status, 64);
  assert.equal(collide.said.error?.code, 'HF_ROOT_NAMES_COLLIDE');
});

test('a restore goes into a new place, refuses a full one, and in place asks and keeps', () => {
  init();
  withData();
  bench.run(['backup', 'data']);
  bench.write('data/a.txt', 'changed');
  bench.write('data/new', 'stays');
  const full = bench.json(['restore', 'latest', 'data']);
  assert.equal(full.status, 1);
  assert.equal(full.said.error?.code, 'HF_TARGET_NOT_EMPTY');
  assert.equal(fs.readFileSync(bench.at('data/a.txt'), 'utf8'), 'changed');
  const asked = bench.json(['restore', 'latest', 'data', '--in-place']);
  assert.equal(asked.status, 2);
  assert.equal(fs.readFileSync(bench.at('data/a.txt'), 'utf8'), 'changed');
  const inPlace = bench.json(['restore', 'latest', 'data', '--in-place', '--yes']);
  assert.equal(inPlace.status, 0);
  assert.equal(fs.readFileSync(bench.at('data/a.txt'), 'utf8'), 'a');
  assert.equal(fs.readFileSync(bench.at('data/new'), 'utf8'), 'stays');
  assert.equal(bench.run(['undo', idOf(inPlace.said.plan)]).status, 0);
  assert.equal(fs.readFileSync(bench.at('data/a.txt'), 'utf8'), 'changed');
});

function idOf(plan: unknown): string {
  assert.ok(typeof plan === 'object' && plan !== null && 'id' in plan);
  return String(plan.id);
}

test('excludes are counted by rule, and what matches first comes first', () => {
  init();
  withData();
  const { status, said } = bench.json(['backup', 'data', '--exclude', '*.tmp']);
  assert.equal(status, 0);
  assert.deepEqual(said.backups?.[0]?.excluded, [
    { rule: '*.tmp', entries: 1, bytes: 8, isAtLeast: false },
  ]);
  const restored = bench.json(['restore', 'latest', 'back', '--first', 'sub/']);
  assert.equal(restored.status, 0);
  assert.equal(typeof restored.said.firstMs, 'number');
  assert.ok(!fs.existsSync(bench.at('back/cache/c.tmp')));
});

test('what cannot be read is named, in the snapshot too, and the exit code is 6', () => {
  init();
  withData();
  const secret = bench.write('data/secret', 'not for everybody');
  fs.chmodSync(secret, 0);
  for (const each of ['vault', 'state']) chownAll(bench.at(each));
  fs.chmodSync(bench.scratch, 0o755);
  const ran = bench.run(['backup', 'data'], { asNobody: true });
  assert.equal(ran.status, 6, ran.stderr);
  assert.match(
    ran.stdout,
    /^▲ Snapshot [0-9a-f]{8} .* without\s+1\s+entry\s+that\s+could\s+not\s+be\s+read/s,
  );
  assert.match(ran.stdout, /▲ not kept +secret: this user may not read it \(EACCES\)/);
  const { said } = bench.json(['snapshots'], { asNobody: true });
  assert.equal(said.snapshots?.[0]?.gapCount, 1);
  assert.deepEqual(said.snapshots[0].gaps, [{ path: 'secret', why: 'EACCES' }]);
});

/** Nobody is to write here as the tests may. */
function chownAll(root: string): void {
  if (process.getuid?.() !== 0) return;
  for (const name of ['', ...fs.readdirSync(root, { recursive: true, encoding: 'utf8' })]) {
    fs.chownSync(`${root}/${name}`, 65534, 65534);
  }
}

test('what a command prints is a snapshot, unless the command fails', () => {
  init();
  const good = bench.run(['backup', '--stdin', 'dump.sql', '--', 'sh', '-c', 'echo rows']);
  assert.equal(good.status, 0, good.stderr);
  assert.equal(bench.run(['restore', 'latest', 'back']).status, 0);
  assert.equal(fs.readFileSync(bench.at('back/dump.sql'), 'utf8'), 'rows\n');
});

test('the failure of a command is an error with its status, and makes no snapshot', () => {
  init();
  // The `--json` that the bench adds stands behind `--`: it is the command's own.
  const ran = bench.json(['backup', '--json', '--stdin', 'x', '--', 'sh', '-c', 'echo a; exit 3']);
  assert.equal(ran.status, 1);
  assert.equal(ran.said.error?.code, 'HF_COMMAND_FAILED');
  assert.match(ran.said.error.message, /ended with 3/);
  const none = bench.json(['backup', '--json', '--stdin', 'x', '--', '/no/such/program']);
  assert.equal(none.status, 1);
  assert.equal(none.said.error?.code, 'HF_COMMAND_FAILED');
  assert.deepEqual(bench.json(['snapshots']).said.snapshots, []);
  const nothing = bench.json(['backup', '--stdin', 'x']);
  assert.equal(nothing.status, 64);
});

test('the vault is never filled to the brim: it is refused before anything is written', () => {
  init();
  withData();
  const { status, said } = bench.json(['backup', 'data', '--min-free', '100%']);
  assert.equal(status, 1);
  assert.equal(said.error?.code, 'HF_VAULT_FLOOR');
  assert.match(said.error.message, /^no snapshot was made: .* are free where the vault lies/);
  assert.deepEqual(bench.json(['snapshots']).said.snapshots, []);
  assert.equal(bench.run(['backup', 'data', '--min-free', '1KiB']).status, 0);
  assert.equal(bench.run(['backup', 'data', '--min-free', 'much']).status, 64);
});

test('its own vault and state are not in a backup of what holds them', () => {
  init();
  withData();
  assert.equal(bench.run(['backup', '.', '--name', 'all']).status, 0);
  const said = bench.json(['ls', 'latest', '-r']).said.entries as readonly { path: string }[];
  const paths = said.map(({ path }) => path);
  assert.ok(paths.includes('data/a.txt'));
  assert.deepEqual(
    paths.filter((path) => /^(?:vault|state)\//.test(path)),
    [],
  );
});

test('what nobody vouches for is listed as such, and restored only when that is said', () => {
  init();
  withData();
  assert.equal(bench.run(['backup', 'data']).status, 0);
  for (const folder of ['vault/writers', 'vault/copy/writers']) {
    fs.rmSync(bench.at(folder), { recursive: true });
  }
  assert.match(bench.run(['snapshots']).stdout, /▲ .*nobody vouches/);
  const refused = bench.json(['restore', 'latest', 'back']);
  assert.equal(refused.said.error?.code, 'HF_SNAPSHOT_UNTRUSTED');
  assert.ok(!fs.existsSync(bench.at('back')));
  const ran = bench.run(['restore', 'latest', 'back', '--unsigned']);
  assert.equal(ran.status, 0, ran.stderr);
});

test('a backup says when the vault shares its file system, and quiet is quiet', () => {
  init();
  withData();
  const ran = bench.run(['backup', 'data']);
  assert.match(ran.stdout, /▲ vault +on the same file system .*helps\s+against\s+deletion,\s+not/s);
  const quiet = bench.run(['backup', 'data', '--quiet']);
  assert.deepEqual([quiet.status, quiet.stdout, quiet.stderr], [0, '', '']);
});

test('a data set whose path is not there costs the others nothing, and is named', () => {
  init();
  withData();
  bench.write('holdfast.yaml', 'datasets: {gone: {paths: gone}, here: {paths: data}}\n');
  const ran = bench.run(['backup', '--json']);
  assert.notEqual(ran.status, 0);
  const { backups } = JSON.parse(ran.stdout) as {
    backups: readonly { error?: { code: string } }[];
  };
  assert.deepEqual(
    backups.map(({ error }) => error?.code),
    ['HF_SOURCE_ABSENT', undefined],
  );
  assert.equal(bench.run(['backup', 'gone']).status, 64, 'typed by hand it is refused at once');
});

test('names that are no UTF-8 come through the command line, the vault and JSON', () => {
  init();
  const name = Buffer.concat([Buffer.from(`${bench.scratch}/`), Buffer.from([0x62, 0xff, 0x61])]);
  fs.mkdirSync(name);
  fs.writeFileSync(Buffer.concat([name, Buffer.from('/x')]), 'x');
  // A shell hands the bytes over as they are; Node's own spawn could not.
  fs.writeFileSync(
    bench.at('go.sh'),
    Buffer.concat([Buffer.from('exec "$1" backup --json "'), name, Buffer.from('"\n')]),
  );
  const ran = bench.run([bench.at('go.sh'), PROGRAM], { program: 'sh' });
  assert.equal(ran.status, 0, ran.stderr);
  const said = JSON.parse(ran.stdout) as { backups: readonly { roots: readonly Root[] }[] };
  const root = said.backups[0]?.roots[0];
  assert.equal(Buffer.from(root?.pathB64 ?? '', 'base64').compare(name), 0);
  assert.equal(root?.nameB64, Buffer.from([0x62, 0xff, 0x61]).toString('base64'));
});

test('JSON of backup, snapshots and restore has the promised members', () => {
  init();
  withData();
  const backup = bench.json(['backup', 'data']).said;
  assert.deepEqual(Object.keys(backup), ['vault', 'backups']);
  assert.deepEqual(Object.keys(backup.backups?.[0] ?? {}), [
    ...[
      'snapshot',
      'dataSet',
      'seq',
      'writer',
      'unchanged',
      'isSnapshotNew',
      'seenAt',
      'started',
      'finished',
      'roots',
      'readBytes',
    ],
    ...['newBytes', 'storedBytes', 'gapCount', 'gaps', 'torn', 'inFluxCount'],
    ...['changedSilently', 'excluded', 'notEntered', 'readInFull', 'besideVault'],
  ]);
  const list = bench.json(['snapshots']).said;
  assert.deepEqual(Object.keys(list), ['vault', 'snapshots', 'findings', 'problems']);
  assert.deepEqual(Object.keys(list.snapshots?.[0] ?? {}), [
    ...['id', 'time', 'writer', 'seq', 'trust', 'seenAt', 'dataSet', 'host', 'started', 'finished'],
    ...['roots', 'gapCount', 'gaps', 'torn', 'inFluxCount', 'version'],
  ]);
  assert.equal(list.snapshots?.[0]?.id, backup.backups?.[0]?.snapshot);
  const restored = bench.json(['restore', 'latest', 'back']).said;
  for (const name of ['entries', 'files', 'bytes', 'failures', 'unset', 'gaps', 'target']) {
    assert.ok(name in restored, name);
  }
});

test('a vault that was emptied is no scrub, and nothing of it is proven', () => {
  withData();
  init();
  const [ofVault = ''] = fs.readdirSync(bench.at('state/vaults'));
  const keyOf = fs.readFileSync(bench.at('state/vaults', ofVault, 'key'));
  const rotate = ['vault', 'check', '--rotate', '100%'];
  const nothing = bench.run(rotate);
  assert.equal(nothing.status, 6);
  assert.match(nothing.stderr, /no snapshot that anybody vouches for: nothing was proven/);
  assert.equal(bench.run(['backup', bench.at('data')]).status, 0);
  const read = bench.run(rotate);
  assert.deepEqual([read.status, read.stderr], [0, '']);
  const ledgers = () => {
    const names = fs.readdirSync(bench.at('state/scrub'), { recursive: true, encoding: 'utf8' });
    return names
      .filter((name) => name.endsWith('.log'))
      .map((name) => fs.readFileSync(bench.at('state/scrub', name), 'utf8'));
  };
  const before = ledgers();
  assert.equal(before.length, 1);
  empty();
  assert.equal(bench.run(rotate).status, 1);
  assert.deepEqual(ledgers(), before);
  // What was kept before there was a ledger is evidence too.
  const id = /^holdfast-scrub-0 ([0-9a-f]+) /.exec(before[0] ?? '')?.[1] ?? '';
  fs.rmSync(bench.at('state'), { recursive: true });
  fs.mkdirSync(bench.at('state'));
  const rotation = '{"format":"holdfast-rotation-0","begunAt":1,"readAt":[null,1800003600000]}\n';
  const key = { env: { HOLDFAST_KEY_FILE: bench.at('key') } };
  fs.writeFileSync(bench.at('key'), Buffer.from(keyOf));
  assert.equal(bench.run(['vault', 'check'], key).status, 0);
  fs.writeFileSync(bench.at('state', `rotation-${id}.json`), rotation);
  assert.equal(bench.run(['vault', 'check'], key).status, 1);
});

/** As it is after somebody has removed what is in it. */
function empty(): void {
  for (const part of ['packs', 'index', 'snapshots']) {
    fs.rmSync(bench.at('vault', part), { recursive: true });
    fs.mkdirSync(bench.at('vault', part));
  }
}

test('a new vault is fine; one that was emptied or set back is damaged, whoever knows that', () => {
  withData();
  const key = bench.at('key');
  const env = { HOLDFAST_KEY_FILE: key };
  assert.equal(bench.run(['init', '--new-key-file', key]).status, 0);
  const check = ['vault', 'check'];
  const read = [...check, '--read-data'];
  for (const args of [check, read]) {
    const fresh = bench.run(args, { env });
    assert.equal(fresh.status, 0, fresh.stderr);
    assert.match(flat(fresh.stdout), /holds no snapshots yet: there is nothing to prove/);
    assert.equal(bench.json(args, { env }).said.isKept, false);
  }
  assert.equal(bench.run(['backup', bench.at('data')], { env }).status, 0);
  assert.equal(bench.json(check, { env }).said.isKept, false, 'the structure alone is no proof');
  // Others that never wrote: one drilled, one read all, one read in turn, one saw nothing.
  const other = (name: string) => ({ env: { ...env, HOLDFAST_STATE: bench.at(name) } });
  assert.equal(bench.run(['drill', 'latest'], other('drilled')).status, 0);
  assert.equal(bench.json(read, other('read')).said.isKept, true);
  assert.equal(bench.json([...check, '--rotate', '100%'], other('turned')).said.isKept, true);
  assert.equal(bench.run(check, { env }).status, 0);

  // The newest is taken away, and the chain before it is whole: only who wrote it knows.
  const before = new Set(fs.readdirSync(bench.at('vault/snapshots')));
  bench.write('data/new', 'more');
  assert.equal(bench.run(['backup', bench.at('data')], { env }).status, 0);
  const [last = ''] = fs.readdirSync(bench.at('vault/snapshots')).filter((n) => !before.has(n));
  fs.renameSync(bench.at('vault/snapshots', last), bench.at('taken'));
  const setBack = bench.run(check, { env });
  assert.equal(setBack.status, 1);
  assert.match(flat(setBack.stdout), /is damaged: 1 snapshot that it had is gone; it has 1\./);
  assert.match(
    flat(setBack.stdout),
    /this host wrote [0-9a-f]{8}, its number 2, and it is not here/,
  );
  fs.renameSync(bench.at('taken'), bench.at('vault/snapshots', last));
  assert.equal(bench.run(check, { env }).status, 0);

  empty();
  for (const options of [{ env }, other('drilled'), other('read'), other('turned')]) {
    for (const args of [check, read]) {
      const { status, stdout } = bench.run(args, options);
      assert.equal(status, 1, stdout);
      assert.match(flat(stdout), /has lost its snapshots: it had some, and has none/);
      assert.match(flat(stdout), /do find out who or what emptied it/);
      const { said } = bench.json(args, options);
      assert.deepEqual([said.isSound, said.isKept], [false, false]);
    }
  }
  assert.equal(bench.run(check, other('none')).status, 0);
});

test('a data set that had entries and is empty now is said, a gap, and no good evidence', () => {
  init();
  const dir = bench.at('mnt');
  fs.mkdirSync(dir);
  const backup = ['backup', '--name', 'www', dir];
  const never = bench.run(backup);
  assert.equal(never.status, 0, 'nobody knows that it is to hold something');
  assert.match(
    flat(never.stdout),
    /▲ empty it is empty: is what it is read from there, and mounted\?/,
  );
  bench.write('mnt/page', 'page');
  assert.equal(bench.run([...backup, '--quiet']).stdout, '');
  fs.rmSync(bench.at('mnt/page'));
  // And again: what is empty for long is not good for that.
  for (const _ of [1, 2]) {
    const emptied = bench.run([...backup, '--quiet']);
    assert.equal(emptied.status, 6, emptied.stdout);
    assert.match(flat(emptied.stdout), /of www.*, which is empty now, in/);
    assert.match(
      flat(emptied.stdout),
      /not kept \S+: it is empty, and had 2 entries before: is what/,
    );
  }
  const { status, said } = bench.json(backup);
  assert.deepEqual(
    [status, said.backups?.[0]?.emptiedFrom, said.backups?.[0]?.gapCount],
    [6, 2, 1],
  );
  // Drilled, it would be a recovery point without a flaw: of nothing.
  const shown = (): string => {
    assert.equal(bench.run(['drill', 'latest']).status, 0);
    return bench.run(['exposure']).stdout;
  };
  assert.match(shown(), /the directory.* at least .*drilled/);
  bench.write('mnt/page', 'page');
  assert.equal(bench.run(backup).status, 0);
  assert.match(shown(), /the directory +[0-9.]+ to [0-9.]+ .*drilled/);
});
