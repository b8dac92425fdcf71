// Goal: on each file system what a plan took away comes back as it was, whatever lies mounted in
// the tree, and what cannot be set aside is said before anything is done.
// Method: real mounts; trees are compared by what find, getfattr's port and sha256sum see.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MOUNT_ANSWER_MAX, nodeMounts } from '../../src/adapters/node/mounts.ts';
import { TreeFailure, type TreeWriter } from '../../src/host/tree-writer.ts';
import { applyPlan } from '../../src/guard/shell/apply.ts';
import { Quarantine } from '../../src/guard/shell/quarantine.ts';
import type { Wish } from '../../sim/guard-plan.ts';
import { removeTree } from '../fidelity/cleanup.ts';
import { makeOracleTree } from '../fidelity/oracle-tree.ts';
import { walkTree } from '../fidelity/walk.ts';
import { needs } from '../run/needs.ts';
import { byteOf, type RealGuard, realGuard, requestOf } from './real-guard.ts';
import { type RunPlace, runPlace } from './run-place.ts';
import { imageOf, overlay, tmpfsAt } from './scratch-mount.ts';

function lastPlan(place: RunPlace): string {
  const listed = JSON.parse(place.holdfast(['undo', '--json']).stdout) as {
    plans: { id: string }[];
  };
  return listed.plans[0]?.id ?? '';
}

function fill(tree: string): void {
  fs.mkdirSync(join(tree, 'gone/deep/er'), { recursive: true });
  for (const name of ['gone/a', 'gone/deep/b', 'gone/deep/er/c', 'changed', 'moved', 'kind']) {
    fs.writeFileSync(join(tree, name), `content of ${name}`);
  }
  fs.linkSync(join(tree, 'changed'), join(tree, 'same as changed'));
  fs.mkdirSync(join(tree, 'mode'), { mode: 0o711 });
  fs.symlinkSync('/etc/passwd', join(tree, 'link'));
}

const WISHES: readonly Wish[] = [
  { do: 'delete', path: 'gone' },
  { do: 'delete', path: 'link' },
  { do: 'put', path: 'changed', thing: { kind: 'file', content: 'after' } },
  { do: 'put', path: 'kind', thing: { kind: 'dir' } },
  { do: 'put', path: 'kind/in', thing: { kind: 'file', content: 'in' } },
  { do: 'rename', from: 'moved', path: 'kind/moved' },
  { do: 'chmod', path: 'mode', mode: 0o755 },
];

/** Applied, then taken back: the tree is what it was. */
async function demandRoundTrip(guard: RealGuard, wishes: readonly Wish[], tree: string) {
  const before = guard.picture(tree);
  const planned = guard.plan(wishes, tree);
  const report = await guard.apply(planned, {}, tree);
  assert.deepEqual([report.outcome, report.stop], ['applied', undefined]);
  assert.notEqual(guard.picture(tree), before);
  const back = await guard.undo(planned.header.id);
  assert.deepEqual([back.outcome, back.stop], ['applied', undefined]);
  assert.equal(guard.picture(tree), before);
  return planned;
}

for (const type of ['ext4', 'xfs', 'btrfs'] as const) {
  test(`${type}: applied and taken back`, async (t) => {
    if (!needs(t, 'root', 'mount', 'loop')) return;
    if (type !== 'ext4' && !needs(t, type)) return;
    if (type === 'btrfs' && !needs(t, 'btrfs-progs')) return;
    if (type === 'xfs' && !needs(t, 'xfsprogs')) return;
    using image = imageOf(type);
    using guard = realGuard(image.at);
    fill(guard.tree);
    await demandRoundTrip(guard, WISHES, guard.tree);
  });
}

test('a file system mounted in the tree has its own quarantine', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  using guard = realGuard();
  fill(guard.tree);
  using inner = tmpfsAt(join(guard.tree, 'inner'));
  fill(inner.at);
  const wishes = WISHES.flatMap((wish): readonly Wish[] => {
    const path = `inner/${wish.path}`;
    if (wish.do === 'rename') return [wish, { ...wish, path, from: `inner/${wish.from}` }];
    return [wish, { ...wish, path }];
  });
  const { header } = await demandRoundTrip(guard, wishes, guard.tree);
  assert.ok(fs.existsSync(join(inner.at, '.holdfast-undo', header.id)));
  assert.ok(fs.existsSync(join(guard.top, '.holdfast-undo', header.id)));
});

test('a tree that is a bind mount of its own device has its quarantine inside', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  using guard = realGuard();
  const real = join(guard.top, 'real');
  fs.mkdirSync(real);
  fill(real);
  execFileSync('mount', ['--bind', real, guard.tree]);
  try {
    const { header } = await demandRoundTrip(guard, WISHES, guard.tree);
    assert.ok(fs.existsSync(join(real, '.holdfast-undo', header.id)));
    assert.ok(!fs.existsSync(join(guard.top, '.holdfast-undo')), 'nothing is left of the trial');
  } finally {
    execFileSync('umount', [guard.tree]);
  }
});

test('a bind mount of the same device in the tree has its own quarantine, and does not go along', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const place = runPlace(t);
  const [real, bound] = [join(place.dir, 'real'), join(place.target, 'top/bound')];
  for (const dir of [real, bound]) fs.mkdirSync(dir, { recursive: true });
  fs.writeFileSync(join(real, 'file'), 'content');
  fs.writeFileSync(join(place.target, 'top/other'), 'other');
  execFileSync('mount', ['--bind', real, bound]);
  try {
    const before = place.listing();
    const ran = place.guard(['rm', '-r', join(bound, 'file'), join(place.target, 'top/other')]);
    assert.equal(ran.status, 0, ran.stderr);
    assert.ok(!fs.existsSync(join(real, 'file')));
    assert.deepEqual(fs.readdirSync(join(real, '.holdfast-undo')).length, 1);
    const undone = place.holdfast(['undo', lastPlan(place)]);
    assert.equal(undone.status, 0, undone.stderr);
    assert.deepEqual(place.listing(), before);
    const whole = place.guard(['rm', '-r', join(place.target, 'top')]);
    assert.match(whole.stderr, /another file system is mounted at/);
    assert.equal(fs.readFileSync(join(bound, 'file'), 'utf8'), 'content');
  } finally {
    execFileSync('umount', [bound]);
  }
});

test('a directory with something mounted in it does not go', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  using guard = realGuard();
  fill(guard.tree);
  using inner = tmpfsAt(join(guard.tree, 'gone/inner'));
  fs.writeFileSync(join(inner.at, 'x'), 'x');
  const report = await guard.apply(guard.plan([{ do: 'delete', path: 'gone' }]));
  assert.equal(report.outcome, 'stale');
  assert.match(report.stop?.why ?? '', /mounted in it/);
  assert.ok(fs.existsSync(join(inner.at, 'x')));
});

test('a directory that got a bind mount of its own device since does not go', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  using guard = realGuard();
  fill(guard.tree);
  const planned = guard.plan([{ do: 'delete', path: 'gone' }]);
  const bound = join(guard.tree, 'gone/deep');
  execFileSync('mount', ['--bind', bound, bound]);
  try {
    const mounts = nodeMounts({ answerMax: MOUNT_ANSWER_MAX });
    const ports = { ...guard.ports, mounts };
    const target = byteOf(guard.tree);
    const report = await applyPlan(ports, requestOf(planned, { target, ports, more: {} }));
    assert.deepEqual([report.outcome, report.done], ['stale', 0]);
    assert.match(report.stop?.why ?? '', /mounted in it/);
  } finally {
    execFileSync('umount', [bound]);
  }
});

test('a btrfs subvolume in the tree is another mount', async (t) => {
  if (!needs(t, 'root', 'mount', 'loop', 'btrfs', 'btrfs-progs')) return;
  using image = imageOf('btrfs');
  using guard = realGuard(image.at);
  fill(guard.tree);
  execFileSync('btrfs', ['-q', 'subvolume', 'create', join(guard.tree, 'sub')]);
  fs.writeFileSync(join(guard.tree, 'sub/x'), 'x');
  await demandRoundTrip(guard, [{ do: 'delete', path: 'sub/x' }], guard.tree);
});

test('what lies in the lower layer of an overlay goes piece by piece, and comes back', async (t) => {
  if (!needs(t, 'root', 'mount', 'overlay')) return;
  using mounted = overlay((lower) => {
    fs.mkdirSync(join(lower, 'tree'));
    fill(join(lower, 'tree'));
  });
  using guard = realGuard();
  await demandRoundTrip(guard, WISHES, join(mounted.at, 'tree'));
});

test('all that an entry can have comes back, down to its inode: the oracle tree', async (t) => {
  if (!needs(t, 'python3')) return;
  using guard = realGuard();
  await makeOracleTree(guard.tree);
  await using _cleared = { [Symbol.asyncDispose]: () => removeTree(guard.top) };
  const before = await walkTree(guard.tree);
  const wishes = fs.readdirSync(guard.tree, { encoding: 'latin1' }).map((path, at): Wish => {
    const thing = { kind: 'file', content: 'instead' } as const;
    return at % 2 === 0 ? { do: 'delete', path } : { do: 'put', path, thing };
  });
  const planned = guard.plan(wishes);
  const report = await guard.apply(planned);
  assert.deepEqual([report.outcome, report.stop], ['applied', undefined]);
  assert.equal((await guard.undo(planned.header.id)).outcome, 'applied');
  assert.deepEqual((await walkTree(guard.tree)).entries, before.entries);
  t.diagnostic(`${wishes.length} entries at the top, ${before.entries.length} in all`);
  assert.ok(wishes.length > 10, 'liveness');
});

test('a full disk stops it with nothing lost', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  using disk = tmpfsAt(fs.mkdtempSync('/tmp/hf-full-'), '8m');
  using guard = realGuard();
  const tree = join(disk.at, 'tree');
  fs.mkdirSync(tree);
  fill(tree);
  const before = guard.picture(tree);
  const planned = guard.plan(
    [
      { do: 'put', path: 'changed', thing: { kind: 'file', content: 'after' } },
      { do: 'put', path: 'large', thing: { kind: 'file', content: 'x'.repeat(9_000_000) } },
      { do: 'delete', path: 'gone' },
    ],
    tree,
  );
  const report = await guard.apply(planned, {}, tree);
  assert.equal(report.outcome, 'stopped');
  assert.match(report.stop?.why ?? '', /ENOSPC/);
  assert.ok(fs.existsSync(join(tree, 'gone/a')), 'deletes come last');
  const back = await guard.undo(planned.header.id);
  assert.deepEqual([back.outcome, back.stop], ['applied', undefined]);
  assert.equal(guard.picture(tree), before);
});

test('more than its share is not set aside, and that is said beforehand', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  using disk = tmpfsAt(fs.mkdtempSync('/tmp/hf-share-'), '16m');
  using guard = realGuard();
  const tree = join(disk.at, 'tree');
  fs.mkdirSync(tree);
  fs.writeFileSync(join(tree, 'large'), Buffer.alloc(9_000_000));
  const request = { target: byteOf(tree), planId: 'p-00000000', now: guard.ports.clock.now() };
  const quarantine = Quarantine.open(guard.ports, request);
  const proof = quarantine.prove({ path: byteOf('large'), bytes: 9_000_000 });
  const smaller = quarantine.prove({ path: byteOf('large'), bytes: 1000 });
  quarantine.close();
  assert.deepEqual([proof.kind, proof.verified], ['none', false]);
  assert.match(proof.why ?? '', /^8\.58 MiB more would be kept aside/);
  assert.equal(smaller.kind, 'quarantine');
});

test('over a quota in the middle, it stops, and what was done is taken back', async () => {
  using guard = realGuard();
  fill(guard.tree);
  const before = guard.picture();
  const planned = guard.plan(WISHES);
  let writes = 0;
  const limited: TreeWriter = {
    ...guard.ports.tree,
    exchange: (one, other) => {
      writes += 1;
      if (writes > 1) throw new TreeFailure('EDQUOT');
      guard.ports.tree.exchange(one, other);
    },
  };
  const request = requestOf(planned, { target: byteOf(guard.tree), ports: guard.ports });
  const report = await applyPlan({ ...guard.ports, tree: limited }, request);
  assert.deepEqual([report.outcome, report.stop?.why], ['stopped', 'EDQUOT']);
  assert.equal((await guard.undo(planned.header.id)).outcome, 'applied');
  assert.equal(guard.picture(), before);
});

test('over a quota at any call that takes space, what was done is whole and is taken back', async (t) => {
  const LAST = 400;
  let stopped = 0;
  for (let at = 1; at <= LAST; at++) {
    using guard = realGuard();
    fill(guard.tree);
    const before = guard.picture();
    const planned = guard.plan(WISHES);
    const quota = overQuotaAt(guard.ports.tree, at);
    const ports = { ...guard.ports, tree: quota.tree };
    const target = byteOf(guard.tree);
    const report = await applyPlan(ports, requestOf(planned, { target, ports, more: {} }));
    if (!quota.wasMet()) {
      assert.equal(report.outcome, 'applied');
      t.diagnostic(`${at - 1} calls take space; ${stopped} applies were stopped by one`);
      return;
    }
    if (report.outcome !== 'applied') stopped += 1;
    if (report.done > 0) await guard.undo(planned.header.id);
    assert.equal(guard.picture(), before, `call ${at}: ${report.outcome} ${report.stop?.why}`);
  }
  assert.fail('it never came to its end');
});

/** The call of this number, of those that take space, is refused once. */
function overQuotaAt(tree: TreeWriter, at: number) {
  let calls = 0;
  const limited = <A extends readonly unknown[], R>(act: (...args: A) => R) => {
    return (...args: A): R => {
      calls += 1;
      if (calls === at) throw new TreeFailure('EDQUOT');
      return act(...args);
    };
  };
  const { makeDir, createFile, write, makeSymlink, makeLink, rename, exchange } = tree;
  return {
    wasMet: () => calls >= at,
    tree: {
      ...tree,
      makeDir: limited(makeDir),
      createFile: limited(createFile),
      write: limited(write),
      makeSymlink: limited(makeSymlink),
      makeLink: limited(makeLink),
      rename: limited(rename),
      exchange: limited(exchange),
    },
  };
}
