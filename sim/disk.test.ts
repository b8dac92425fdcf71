// Goal: the simulated disk is as good as nodeDisk while all goes well, and as bad as a real one may
// be when it does not: what was synced survives every crash, and what was not is really lost, kept,
// torn and reordered. A simulator that is too kind would prove nothing.
// Method: the same random calls on both disks; random programs with an oracle of what was synced;
// for each kind of loss a count of how often it came.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { nodeDisk } from '../src/adapters/node/disk.ts';
import type { ByteString } from '../src/base/bytes.ts';
import { byteString } from '../src/base/bytes.ts';
import { Fault } from '../src/base/fault.ts';
import type { Disk } from '../src/host/disk.ts';
import { SimDisk } from './disk.ts';
import type { CrashMode } from './layers.ts';
import { Seeded } from './seeded.ts';
import { Crash } from './volume.ts';

const SEED = Number(process.env.HOLDFAST_SEED ?? 20260520);
const MODES = ['posix', 'ext4'] satisfies CrashMode[];

const path = (text: string) => byteString(text);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const bytes = (content: string) => new Uint8Array(Buffer.from(content, 'latin1'));

function put(disk: Disk, name: string, content: string): void {
  const file = disk.create(path(name));
  file.write(bytes(content));
  file.sync();
  file.close();
}

/** undefined: absent. */
function contentAt(disk: Disk, name: string): string | undefined {
  return disk.size(path(name)) === undefined ? undefined : text(disk.read(path(name)));
}

/** What each state after a crash shows of one file. */
function outcomes(disk: SimDisk, name: string, count = 60): Set<string | undefined> {
  const seen = new Set<string | undefined>();
  for (const state of disk.statesAfterCrash(SEED, count)) seen.add(contentAt(state, name));
  return seen;
}

/** One random call, told as text: what it answered, or its Fault. */
function randomCall(disk: Disk, root: string, seeded: Seeded): string {
  const name = () => path(`${root}/${seeded.pick(['', 'a/', 'a/b/', 'c/'])}${seeded.below(4)}`);
  const folder = () => path(`${root}${seeded.pick(['', '/a', '/a/b', '/c', '/0'])}`);
  const calls: readonly [() => unknown, ...(() => unknown)[]] = [
    () => disk.makeDir(folder()),
    () => put(disk, name(), 'x'.repeat(seeded.below(9000))),
    () => put(disk, name(), 'y'.repeat(seeded.below(9))),
    () => {
      const [from, to] = [name(), name()];
      return from === to ? 'same' : disk.publish(from, to);
    },
    () => disk.move(name(), name()),
    () => disk.unlink(name()),
    () => disk.syncDir(folder()),
    () => disk.list(folder()),
    () => disk.size(name()),
    // Nothing at all may be read even of a directory.
    () => disk.read(name(), { offset: seeded.below(20), length: 1 + seeded.below(19) }),
    () => disk.openRead(name()).sizeBytes,
  ];
  try {
    return JSON.stringify([seeded.pick(calls)()]);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    return `${cause.code} ${cause.facts.errno}`;
  }
}

test('without a crash it answers as nodeDisk does, the Faults included', (t) => {
  const root = mkdtempSync(`${tmpdir()}/holdfast-sim-`);
  t.after(() => rmSync(root, { recursive: true }));
  const answers = new Set<string>();
  for (let round = 0; round < 40; round++) {
    const [real, simulated] = [nodeDisk(), new SimDisk()];
    const [first, second] = [new Seeded(SEED + round), new Seeded(SEED + round)];
    const folder = `${root}/${round}`;
    real.makeDir(path(folder));
    simulated.makeDir(path(folder));
    for (let call = 0; call < 60; call++) {
      const expected = randomCall(real, folder, first);
      const answer = randomCall(simulated, folder, second);
      assert.equal(answer, expected, `seed ${SEED + round}, call ${call}`);
      answers.add(answer.slice(0, 20));
    }
  }
  for (const kind of ['HF_DISK_ABSENT', 'HF_DISK_FAILED EEXI', '["published"]', '["exists"]']) {
    assert(
      [...answers].some((each) => each.startsWith(kind)),
      `${kind} never came`,
    );
  }
});

for (const mode of MODES) {
  test(`what was synced, name and content, is in every state (${mode})`, (t) => {
    let promises = 0;
    let states = 0;
    for (let round = 0; round < 60; round++) {
      const { disk, promised } = randomProgram(mode, new Seeded(SEED + round));
      promises += promised.size;
      for (const state of disk.statesAfterCrash(SEED + round, 20)) {
        states += 1;
        for (const [name, content] of promised) {
          assert.equal(contentAt(state, name), content, `seed ${SEED + round}, ${name}`);
        }
      }
    }
    t.diagnostic(`seed ${SEED}, ${promises} promises, ${states} states`);
    assert(promises > 60 && states > 200, `${promises} promises, ${states} states`);
  });
}

/** Random calls; `promised` is what was synced, name and content, and not touched since. */
function randomProgram(mode: CrashMode, seeded: Seeded) {
  const disk = new SimDisk({ mode });
  disk.makeDir(path('/d'));
  disk.makeDir(path('/e'));
  const promised = new Map<string, string>();
  const live = new Map<string, { content: string; isSynced: boolean }>();
  for (let call = 0; call < 25; call++) {
    const folder = seeded.pick(['/d', '/e']);
    const name = `${folder}/${seeded.below(5)}`;
    const there = live.get(name);
    const act = seeded.below(4);
    if (act === 0 && there === undefined) {
      const content = String.fromCharCode(65 + call).repeat(1 + seeded.below(9000));
      const file = disk.create(path(name));
      file.write(bytes(content));
      const isSynced = seeded.isTrue(0.7);
      if (isSynced) file.sync();
      live.set(name, { content, isSynced });
    } else if (act === 1 && there !== undefined) {
      disk.unlink(path(name));
      live.delete(name);
      promised.delete(name);
    } else if (act === 2 && there !== undefined) {
      const target = `${seeded.pick(['/d', '/e'])}/p${call}`;
      disk.publish(path(name), path(target));
      live.delete(name);
      promised.delete(name);
      live.set(target, there);
    } else {
      disk.syncDir(path(folder));
      for (const [each, { content, isSynced }] of live) {
        if (each.startsWith(folder) && isSynced) promised.set(each, content);
      }
    }
  }
  return { disk, promised };
}

for (const mode of MODES) {
  test(`what was not synced is lost, kept and torn (${mode})`, () => {
    const content = Array.from({ length: 5 }, (_, at) => String(at).repeat(4096)).join('');
    const disk = new SimDisk({ mode });
    disk.create(path('/f')).write(bytes(content));
    const seen = outcomes(disk, '/f');
    assert(seen.has(undefined), 'the name was never lost');
    assert(seen.has(content), 'it never survived');
    assert(seen.has(''), 'there was never a name without content');
    const torn = [...seen].filter((each) => each !== undefined && each !== content && each !== '');
    assert(torn.length > 2, 'it was never torn');
    const isFront = (each: string | undefined) => content.startsWith(each ?? '');
    if (mode === 'ext4') assert(torn.every(isFront), 'delayed allocation writes from the front');
    else assert(!torn.every(isFront), 'there were never zeros or gaps');
  });

  test(`a name that was synced with no content behind it is empty or torn (${mode})`, () => {
    const disk = new SimDisk({ mode });
    disk.create(path('/f')).write(bytes('abc'));
    disk.syncDir(path('/'));
    const seen = outcomes(disk, '/f');
    assert(!seen.has(undefined), 'the name is durable');
    assert(seen.has('') && seen.has('abc'));
  });
}

test('a put without syncDir loses its object in some state, with it in none', () => {
  const disk = new SimDisk();
  put(disk, '/tmp-1', 'whole');
  disk.publish(path('/tmp-1'), path('/name'));
  assert.deepEqual(outcomes(disk, '/name'), new Set([undefined, 'whole']));
  disk.syncDir(path('/'));
  assert.deepEqual(outcomes(disk, '/name'), new Set(['whole']));
});

test('names change independently of each other under posix, in order under ext4', () => {
  for (const mode of MODES) {
    const disk = new SimDisk({ mode });
    put(disk, '/1', 'one');
    put(disk, '/2', 'two');
    let isReordered = false;
    for (const state of disk.statesAfterCrash(SEED, 40)) {
      const names = (state.list(path('/')) ?? []).join();
      isReordered ||= names === '2';
    }
    assert.equal(isReordered, mode === 'posix', mode);
  }
});

test('under ext4 any sync makes all names durable, under posix only those of its directory', () => {
  for (const mode of MODES) {
    const disk = new SimDisk({ mode });
    put(disk, '/1', 'one');
    disk.makeDir(path('/d'));
    const file = disk.create(path('/d/x'));
    file.sync();
    const seen = outcomes(disk, '/d/x');
    assert.equal(seen.has(undefined), mode === 'posix', mode);
  }
});

test('a move over a file leaves the old or the new content, never a mixture', () => {
  const disk = new SimDisk();
  put(disk, '/config', 'old');
  disk.syncDir(path('/'));
  put(disk, '/new', 'new');
  disk.move(path('/new'), path('/config'));
  assert.deepEqual(outcomes(disk, '/config'), new Set(['old', 'new']));
});

test('a failed sync says so once, and what it lost stays lost', () => {
  const disk = new SimDisk();
  const file = disk.create(path('/f'));
  disk.syncDir(path('/'));
  file.write(bytes('abc'));
  disk.failAt(disk.calls + 1, 'EIO');
  assert.throws(() => file.sync(), Fault);
  file.sync();
  assert.equal(contentAt(disk, '/f'), 'abc', 'the page cache shows it');
  assert.deepEqual(outcomes(disk, '/f'), new Set(['\0\0\0']));
});

test('a full disk takes what fits, says so, and has room again after an unlink', () => {
  const disk = new SimDisk({ capacityBytes: 100 });
  put(disk, '/a', 'x'.repeat(60));
  const file = disk.create(path('/b'));
  assert.throws(
    () => file.write(bytes('y'.repeat(60))),
    (error) => error instanceof Fault && error.code === 'HF_DISK_FULL',
  );
  assert.deepEqual(disk.space(path('/')), { freeBytes: 0, totalBytes: 100 });
  disk.unlink(path('/a'));
  assert.equal(disk.space(path('/')).freeBytes, 60);
  file.write(bytes('z'));
  assert.equal(contentAt(disk, '/b'), `${'y'.repeat(40)}z`);
});

test('a planned failure leaves at most half a write, and later calls go on', () => {
  const disk = new SimDisk();
  const file = disk.create(path('/f'));
  disk.failAt(2, 'ENOSPC');
  disk.failAt(4, 'EIO');
  assert.throws(() => file.write(bytes('abcd')), Fault);
  file.write(bytes('e'));
  assert.throws(() => disk.unlink(path('/f')), Fault);
  assert.equal(contentAt(disk, '/f'), 'abe');
});

/** Some calls of every kind. */
function program(disk: SimDisk): void {
  disk.makeDir(path('/a/b'));
  put(disk, '/a/1', 'one'.repeat(3000));
  disk.publish(path('/a/1'), path('/a/b/1'));
  disk.mark('published');
  disk.syncDir(path('/a/b'));
  disk.mark('synced');
  put(disk, '/a/2', 'two');
  disk.move(path('/a/2'), path('/a/b/2'));
  disk.unlink(path('/a/b/1'));
}

test('a crash comes at the call it was planned for, at all after it, and is no Fault', () => {
  const whole = new SimDisk();
  program(whole);
  for (let call = 1; call <= whole.calls; call++) {
    const disk = new SimDisk();
    disk.crashAt(call);
    assert.throws(() => program(disk), Crash, `call ${call}`);
    assert.equal(disk.calls, call);
    assert.throws(() => disk.list(path('/')), Crash);
    assert.throws(() => disk.unlink(path('/nothing')), Crash);
    disk.restart();
    assert(disk.list(path('/')) !== undefined);
  }
});

test('one run gives the states of all crash points: the same as a run for each', () => {
  for (const mode of MODES) {
    const whole = new SimDisk({ mode });
    program(whole);
    const points: { calls: number; marks: number; states: string[] }[] = [];
    for (const { calls, marks, disks } of whole.crashPoints()) {
      const states = [...disks(SEED, 12)].map((each) => each.fingerprint());
      points.push({ calls, marks: marks.length, states });
    }
    assert.deepEqual(
      points.map((point) => point.calls),
      Array.from({ length: whole.calls + 1 }, (_, at) => at),
    );
    assert.deepEqual([points[0]?.marks, points.at(-1)?.marks], [0, 2]);
    for (const { calls, states } of points.slice(1)) {
      const disk = new SimDisk({ mode });
      disk.crashAt(calls);
      assert.throws(() => program(disk), Crash);
      const crashed = [...disk.statesAfterCrash(SEED, 12)].map((each) => each.fingerprint());
      // A sync that was cut short leaves what there was before it.
      const before = points[calls - 1]?.states.join();
      const isOneOf = [states.join(), before].includes(crashed.join());
      assert(isOneOf, `${mode}, call ${calls}: ${crashed.length} states`);
    }
  }
});

test('states follow from the seed, are distinct, and whole disks of their own', () => {
  const disk = new SimDisk();
  for (let at = 0; at < 6; at++) disk.create(path(`/${at}`)).write(bytes('x'.repeat(2000)));
  const prints = (seed: number) => [...disk.statesAfterCrash(seed, 30)].map((s) => s.fingerprint());
  assert.deepEqual(prints(SEED), prints(SEED));
  assert.notDeepEqual(prints(SEED), prints(SEED + 1));
  assert.equal(new Set(prints(SEED)).size, 30);
  const [state] = disk.statesAfterCrash(SEED, 1);
  assert(state !== undefined);
  put(state, '/later', 'z');
  assert.equal(contentAt(disk, '/later'), undefined);
  assert.equal(contentAt(disk, '/0')?.length, 2000);
  const [next] = state.statesAfterCrash(SEED, 1); // The harshest: nothing that was not synced.
  assert.deepEqual(next?.list(path('/')), []);
});

test('a lying medium loses what was synced', () => {
  const disk = new SimDisk({ isLying: true });
  put(disk, '/f', 'x');
  disk.syncDir(path('/'));
  assert(outcomes(disk, '/f').has(undefined));
});

test('damage turns one bit, on the medium too', () => {
  const disk = new SimDisk();
  put(disk, '/f', 'aaa');
  disk.syncDir(path('/'));
  disk.volume.damage(path('/f'), 8);
  assert.equal(contentAt(disk, '/f'), 'a`a');
  assert.deepEqual(outcomes(disk, '/f'), new Set(['a`a']));
});

test('the caller may use its buffers again', () => {
  const disk = new SimDisk();
  const buffer = bytes('mine');
  const file = disk.create(path('/f'));
  file.write(buffer);
  buffer.fill(0);
  const read: Uint8Array = disk.read(path('/f') satisfies ByteString);
  assert.equal(text(read), 'mine');
  read.fill(0);
  assert.equal(contentAt(disk, '/f'), 'mine');
});
