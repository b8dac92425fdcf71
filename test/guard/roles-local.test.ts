// Goal: what was enrolled as a source is one until its machine, its installation, its mount, its
// marker or a path that must exist is another; `promote` moves the role, with a reason, and says
// what would be lost.
// Method: the real program; a re-image is another /etc/machine-id in a mount namespace of its own,
// or a state directory that is empty.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { unixMs } from '../../src/base/units.ts';
import { eligibilityOf, targetSynced } from '../../src/main/guard/eligibility.ts';
import { Bench, PROGRAM, type Ran } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';

const benches: Bench[] = [];
after(() => {
  for (const bench of benches) bench.remove();
});

function newBench(): Bench {
  const bench = new Bench();
  benches.push(bench);
  bench.write('tree/wikiversions.php');
  bench.write('tree/php/index.php');
  return bench;
}

function treesOf(bench: Bench, state = bench.state): Parameters<typeof eligibilityOf>[0] {
  return { state: byteString(state), environment: process.env, mayAsk: false };
}

function at(bench: Bench, name = 'tree'): { at: undefined; path: ReturnType<typeof byteString> } {
  return { at: undefined, path: byteString(bench.at(name)) };
}

function enrol(bench: Bench, name = 'tree'): void {
  const ran = bench.run(['promote', bench.at(name), '--must-exist', 'wikiversions.php']);
  assert.equal(ran.status, 0, ran.stderr);
}

/** However it was wrapped. */
function flat({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string {
  return `${stdout}${stderr}`.replaceAll(/\s+/g, ' ');
}

test('never enrolled: unknown; enrolled: a source; enrolled once more: nothing changes', async () => {
  const bench = newBench();
  assert.equal((await eligibilityOf(treesOf(bench), at(bench))).role, 'unknown');
  enrol(bench);
  const known = await eligibilityOf(treesOf(bench), at(bench));
  assert.deepEqual([known.role, known.generation, known.differs], ['source', 1, []]);
  assert.deepEqual(known.sentinels, [{ name: 'wikiversions.php', ok: true }]);
  assert.equal(fs.statSync(bench.at('tree/.holdfast-tree')).mode & 0o777, 0o644);
  const again = bench.json(['promote', bench.at('tree')]);
  assert.deepEqual([again.status, again.said.kind], [0, 'already']);
});

test('what must exist can be named later, and counts from then on', async () => {
  const bench = newBench();
  enrol(bench);
  const added = bench.json(['promote', bench.at('tree'), '--must-exist', 'php/index.php']);
  assert.deepEqual([added.status, added.said.kind], [0, 'adds']);
  const known = await eligibilityOf(treesOf(bench), at(bench));
  assert.deepEqual([known.role, known.generation], ['source', 1]);
  assert.deepEqual(
    known.sentinels.map(({ name }) => name),
    ['wikiversions.php', 'php/index.php'],
  );
  fs.unlinkSync(bench.at('tree/php/index.php'));
  assert.equal((await eligibilityOf(treesOf(bench), at(bench))).role, 'candidate');
});

test('a place that lacks what must exist is not enrolled, and nothing is written', () => {
  const bench = newBench();
  const { status, said } = bench.json(['promote', bench.at('tree'), '--must-exist', 'absent.php']);
  assert.equal(status, 1);
  assert.equal(said.error?.code, 'HF_TREE_NOT_PROMOTED');
  assert.ok(!fs.existsSync(bench.at('tree/.holdfast-tree')));
  assert.equal(bench.run(['promote', bench.at('nowhere')]).status, 1);
});

test('a path that must exist vanishes: a candidate, and the path is named', async () => {
  const bench = newBench();
  enrol(bench);
  fs.unlinkSync(bench.at('tree/wikiversions.php'));
  const { role, differs } = await eligibilityOf(treesOf(bench), at(bench));
  assert.equal(role, 'candidate');
  assert.deepEqual(differs, [{ what: 'missing', was: 'wikiversions.php', is: '' }]);
});

test('a fresh directory, a copy elsewhere, and a marker that is a symbolic link are candidates', async () => {
  const bench = newBench();
  enrol(bench);
  fs.cpSync(bench.at('tree'), bench.at('copy'), { recursive: true });
  assert.equal((await eligibilityOf(treesOf(bench), at(bench, 'copy'))).role, 'candidate');
  fs.renameSync(bench.at('tree'), bench.at('old'));
  bench.write('tree/wikiversions.php');
  const fresh = await eligibilityOf(treesOf(bench), at(bench));
  assert.equal(fresh.role, 'candidate');
  fs.symlinkSync(bench.at('old/.holdfast-tree'), bench.at('tree/.holdfast-tree'));
  assert.equal((await eligibilityOf(treesOf(bench), at(bench))).role, 'candidate');
});

test('another installation, with the tree and its marker brought back: a candidate', async () => {
  const bench = newBench();
  enrol(bench);
  const { role, differs } = await eligibilityOf(treesOf(bench, bench.at('fresh')), at(bench));
  assert.equal(role, 'candidate');
  assert.deepEqual(
    differs.map(({ what }) => what),
    ['machine'],
  );
});

test('another machine-id, with state and tree as they were: a candidate, until it is promoted', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const bench = newBench();
  enrol(bench);
  const id = bench.write('machine-id', '000102030405060708090a0b0c0d0e0f\n');
  const promote = (
    ...args: readonly string[]
  ): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(
      'unshare',
      [
        '--mount',
        'sh',
        '-c',
        'mount --bind "$1" /etc/machine-id && shift && exec "$@"',
        'sh',
        id,
        path.join(import.meta.dirname, '../../bin/holdfast'),
        'promote',
        bench.at('tree'),
        ...args,
      ],
      { encoding: 'utf8', env: { ...process.env, HOLDFAST_STATE: bench.state } },
    );
  const refused = promote();
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /without a reason/);
  const done = promote('--reason', 'moved to new hardware', '--yes', '--json');
  assert.equal(done.status, 0, done.stderr);
  const said = JSON.parse(done.stdout) as { generation: number; differs: { what: string }[] };
  assert.equal(said.generation, 2);
  assert.equal(said.differs[0]?.what, 'machine');
});

test('unmounted: what lies below the mount point is no source', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const bench = newBench();
  const program = path.join(import.meta.dirname, '../../bin/holdfast');
  const script = [
    'set -e; mkdir "$1/disk"; mount -t tmpfs tmpfs "$1/disk"; : >"$1/disk/file"',
    '"$2" promote "$1/disk" >/dev/null; cp "$1/disk/.holdfast-tree" "$1/kept"',
    'umount "$1/disk"; cp "$1/kept" "$1/disk/.holdfast-tree"',
    '"$2" promote "$1/disk" --reason r --yes --json',
  ].join('\n');
  const ran = spawnSync('unshare', ['--mount', 'sh', '-c', script, 'sh', bench.scratch, program], {
    encoding: 'utf8',
    env: { ...process.env, HOLDFAST_STATE: bench.state },
  });
  assert.equal(ran.status, 0, ran.stderr);
  const { differs } = JSON.parse(ran.stdout) as { differs: { what: string; was: string }[] };
  assert.equal(differs[0]?.what, 'mount');
  assert.match(differs[0].was, /^tmpfs at /);
});

test('a clone with machine-id and state: a candidate by its hardware, until it is promoted', (t) => {
  if (process.getuid?.() !== 0) return void t.skip('only root reads which hardware it is');
  const bench = newBench();
  const on = (board: string, args: readonly string[]): Ran => {
    const script = [
      'mount -t tmpfs none /sys/class && mkdir -p /sys/class/dmi/id',
      'echo "$1" > /sys/class/dmi/id/product_uuid && chmod 400 /sys/class/dmi/id/product_uuid',
      'shift && exec "$@"',
    ].join(' && ');
    const words = ['--mount', 'sh', '-c', script, 'sh', board, PROGRAM, ...args];
    return spawnSync('unshare', words, {
      encoding: 'utf8',
      env: { ...process.env, HOLDFAST_STATE: bench.state },
    });
  };
  const [one, other] = [
    '4C4C4544-0038-3510-8057-B4C04F4A4E31',
    '11111111-0038-3510-8057-B4C04F4A4E31',
  ];
  const look = ['promote', bench.at('tree'), '--json'];
  const kindOf = (ran: Ran): string => (JSON.parse(ran.stdout) as { kind: string }).kind;
  assert.equal(kindOf(on(one, look)), 'enrol');
  assert.equal(kindOf(on(one, look)), 'already');
  // Who cannot read it sees no other machine.
  assert.equal(kindOf(on('', look)), 'already');
  const clone = on(other, look);
  assert.equal(clone.status, 1, clone.stdout);
  assert.match(clone.stdout, /without a reason; .* now it is the same on hardware/);
  const taken = on(other, [...look, '--reason', 'cloned on purpose', '--yes']);
  const { kind, generation, differs } = JSON.parse(taken.stdout) as {
    kind: string;
    generation: number;
    differs: readonly { readonly is: string }[];
  };
  assert.deepEqual([kind, generation], ['promote', 2]);
  assert.match(differs[0]?.is ?? '', /a clone of it/);
  assert.equal(kindOf(on(other, look)), 'already');
  assert.match(on(one, look).stdout, /now it is the same on hardware/);
});

test('promotion: compared, held until somebody says yes, needs a reason, steps the former down', async () => {
  const bench = newBench();
  enrol(bench);
  bench.write('next/wikiversions.php', 'another');
  bench.write('next/only-here');
  const args = ['promote', bench.at('next'), '--instead-of', bench.at('tree')];
  const bare = bench.json(args);
  assert.equal(bare.said.error?.code, 'HF_TREE_NOT_PROMOTED');
  const held = bench.run([...args, '--reason', 'it is the better one']);
  assert.equal(held.status, 2);
  assert.match(held.stdout, /php\/index\.php/);
  assert.match(held.stdout, /Nothing was changed/);
  assert.equal((await eligibilityOf(treesOf(bench), at(bench))).role, 'source');
  const done = bench.json([...args, '--reason', 'it is the better one', '--yes']);
  assert.equal(done.status, 0);
  const now = await eligibilityOf(treesOf(bench), at(bench, 'next'));
  const former = await eligibilityOf(treesOf(bench), at(bench));
  assert.deepEqual([now.role, now.generation], ['source', 2]);
  assert.deepEqual([former.role, former.generation], ['candidate', 1]);
  assert.equal(now.identity, former.identity);
  assert.deepEqual(now.sentinels, [{ name: 'wikiversions.php', ok: true }], 'inherited');
  // Back: the way is known now, and what must exist still has to.
  fs.unlinkSync(bench.at('tree/wikiversions.php'));
  assert.equal(bench.run(['promote', bench.at('tree'), '--reason', 'back', '--yes']).status, 1);
  bench.write('tree/wikiversions.php');
  assert.equal(bench.run(['promote', bench.at('tree'), '--reason', 'back', '--yes']).status, 0);
  assert.equal((await eligibilityOf(treesOf(bench), at(bench))).generation, 3);
});

test('equal trees: nothing is asked', () => {
  const bench = newBench();
  enrol(bench);
  fs.cpSync(bench.at('tree'), bench.at('twin'), { recursive: true, preserveTimestamps: true });
  const args = ['promote', bench.at('twin'), '--instead-of', bench.at('tree'), '--reason', 'moved'];
  assert.equal(bench.run(args).status, 0);
});

test('a target that was synced is a replica of the generation of its source, and no source', async () => {
  const bench = newBench();
  enrol(bench);
  bench.write('copy/a');
  const source = await eligibilityOf(treesOf(bench), at(bench));
  await targetSynced(treesOf(bench), byteString(bench.at('copy')), { source, at: unixMs(1) });
  const copy = await eligibilityOf(treesOf(bench), at(bench, 'copy'));
  assert.deepEqual([copy.role, copy.generation, copy.identity], ['replica', 1, source.identity]);
  const unknown = await eligibilityOf(treesOf(bench), at(bench, '.'));
  bench.write('plain/a');
  await targetSynced(treesOf(bench), byteString(bench.at('plain')), {
    source: unknown,
    at: unixMs(1),
  });
  assert.ok(!fs.existsSync(bench.at('plain/.holdfast-tree')), 'of a source that nobody enrolled');
});

test('a registry that is not as it was written is an error, and never taken for none', () => {
  const bench = newBench();
  enrol(bench);
  const [name = ''] = fs.readdirSync(path.join(bench.state, 'guard/trees'));
  fs.appendFileSync(path.join(bench.state, 'guard/trees', name), ' ');
  assert.equal(bench.json(['promote', bench.at('tree')]).said.error?.code, 'HF_TREE_INVALID');
});

test('guard run: a source that lost its role, or lacks what must exist, deletes nothing', (t) => {
  if (!needs(t, 'rsync')) return;
  const bench = newBench();
  for (let at = 0; at < 30; at++) bench.write(`tree/f${at}`);
  enrol(bench);
  fs.mkdirSync(bench.at('mirror'));
  const names = (): number =>
    fs.readdirSync(bench.at('mirror')).filter((name) => /^f/.test(name)).length;
  const sync = (): ReturnType<Bench['run']> =>
    bench.run([
      'guard',
      'run',
      '--',
      'rsync',
      '-a',
      '--delete',
      bench.at('tree/'),
      bench.at('mirror/'),
    ]);
  assert.equal(sync().status, 0);
  assert.equal(names(), 30);
  fs.unlinkSync(bench.at('tree/f0'));
  assert.equal(sync().status, 0, 'an ordinary day');
  assert.equal(names(), 29);
  assert.ok(!fs.existsSync(bench.at('mirror/.holdfast-tree')), 'the marker is of the place');
  fs.unlinkSync(bench.at('tree/f1'));
  fs.unlinkSync(bench.at('tree/wikiversions.php'));
  const refused = sync();
  assert.equal(refused.status, 121, refused.stdout + refused.stderr);
  assert.match(flat(refused), /wikiversions\.php must be there, and is not/);
  assert.equal(names(), 29);
});

test('guard run: nothing that is not of the tree deletes in a tree that is enrolled', (t) => {
  if (!needs(t, 'rsync')) return;
  const bench = newBench();
  enrol(bench);
  bench.write('other/index.php', 'something else');
  const args = ['rsync', '-a', '--delete', bench.at('other/'), bench.at('tree/')];
  const run = (): ReturnType<Bench['run']> => bench.run(['guard', 'run', '--', ...args]);
  const refused = run();
  assert.equal(refused.status, 121, refused.stdout + refused.stderr);
  assert.match(flat(refused), /is of no tree, and is no source for it/);
  // Enrolled by itself it is another tree, and the second run has one before it.
  assert.equal(bench.run(['promote', bench.at('other')]).status, 0);
  const other = run();
  assert.equal(other.status, 121, other.stdout + other.stderr);
  assert.match(flat(other), /is of tree t-[0-9a-f]{16}, and is no source for it/);
  assert.ok(fs.existsSync(bench.at('tree/wikiversions.php')));
  // Promoted in its place, it is.
  bench.write('other/wikiversions.php');
  const promote = [
    'promote',
    bench.at('other'),
    '--instead-of',
    bench.at('tree'),
    '--reason',
    'r',
    '--yes',
  ];
  assert.equal(bench.run(promote).status, 0);
  const eligible = run();
  assert.doesNotMatch(flat(eligible), /is no source for it|may be synced to/);
});

test('must-exist of the configuration counts, for a place that was never enrolled too', (t) => {
  if (!needs(t, 'rsync')) return;
  const bench = newBench();
  for (let at = 0; at < 30; at++) bench.write(`tree/f${at}`);
  bench.write(
    'holdfast.yaml',
    `guard:\n  trees:\n    staging: {place: ${bench.at('tree/')}, must-exist: wikiversions.php}\n`,
  );
  fs.mkdirSync(bench.at('mirror'));
  const args = [
    'guard',
    'run',
    '--',
    'rsync',
    '-a',
    '--delete',
    bench.at('tree/'),
    bench.at('mirror/'),
  ];
  assert.equal(bench.run(args).status, 0);
  fs.unlinkSync(bench.at('tree/wikiversions.php'));
  fs.unlinkSync(bench.at('tree/f1'));
  assert.equal(bench.run(args).status, 121);
  assert.ok(fs.existsSync(bench.at('mirror/f1')));
  const promoted = bench.json(['promote', bench.at('tree')]);
  assert.equal(promoted.said.error?.code, 'HF_TREE_NOT_PROMOTED');
});
