// Goal: a vault behind nothing but an SFTP server is a store like any other, and what it promises
// is so: durable where the server syncs directories, nothing of killed puts is seen, foreign names
// and a directory that is not there are what they are in a directory.
// Method: Debian's own sftp-server behind two pipes; the suite of all stores, then what only this
// store does, also with extensions taken away.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { type TestContext, test } from 'node:test';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import type { SftpStore } from '../../src/adapters/sftp/sftp-store.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { days, MIB, unixMs } from '../../src/base/units.ts';
import { directoryStore } from '../../src/vault/shell/store-directory.ts';
import { missingPackages, needs } from '../run/needs.ts';
import { type SpawnServer, spawnServer, storeOver, wireTo } from './sftp-link.ts';
import { isFault, storeSuite } from './store-suite.ts';

const { hash } = nodeTools();
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const put = (store: SftpStore, name: string, content: Uint8Array) =>
  store.putIfAbsent(name, content, hash.sha256(content));
const unfinished = (at: number) => `${at}-${'0123456789abcdef'.repeat(2)}`;

function emptyDir(t: TestContext, parent = tmpdir()): string {
  const root = fs.mkdtempSync(`${parent}/holdfast-sftp-`);
  t.after(() => fs.rmSync(root, { recursive: true }));
  return root;
}

async function openAt(t: TestContext, root: string, options: SpawnServer = {}) {
  const store = await storeOver(wireTo(spawnServer(options)), root);
  t.after(() => store.close());
  return store;
}

async function overPipes(t: TestContext, options: SpawnServer = {}) {
  const root = emptyDir(t);
  return { root, store: await openAt(t, root, options) };
}

function leaves(root: string): () => void {
  return () => fs.writeFileSync(`${root}/tmp/${unfinished(Date.now())}`, 'half');
}

const canRun = !missingPackages().some(({ name }) => name === 'openssh-sftp-server');
if (!canRun) test('sftp', (t) => void needs(t, 'openssh-sftp-server'));

for (const parent of canRun ? [tmpdir(), '/dev/shm'] : []) {
  storeSuite(`sftp in ${parent}`, async (t) => {
    const root = emptyDir(t, parent);
    return { store: await openAt(t, root), leaveUnfinished: leaves(root) };
  });
}

/** Requests that a server may be told to refuse, and then does not offer. */
const REFUSED = ['fsync', 'hardlink', 'limits', 'statvfs'];
if (canRun) {
  storeSuite('sftp without extensions', async (t) => {
    const { root, store } = await overPipes(t, { refuses: REFUSED });
    return { store, leaveUnfinished: leaves(root) };
  });
}

function sftpTest(name: string, run: (t: TestContext) => Promise<void>): void {
  test(`sftp: ${name}`, { skip: !canRun && 'openssh-sftp-server is not installed' }, run);
}

sftpTest('it is durable where the server syncs, and says so where it does not', async (t) => {
  const { store } = await overPipes(t);
  assert.deepEqual(store.promises, { durable: true, digest: 'none' });
  assert.match(store.says, /delete or change .* vault stdio/);
  const root = `${emptyDir(t)}/not/yet/there`;
  assert.equal((await openAt(t, root)).promises.durable, true);
  const other = await openAt(t, root, { refuses: ['fsync'] });
  assert.equal(other.promises.durable, false);
});

sftpTest('space is that of the file system there, or not known', async (t) => {
  const { root, store } = await overPipes(t);
  const { bsize, blocks } = fs.statfsSync(root);
  assert.equal((await store.space())?.totalBytes, bsize * blocks);
  const later = await openAt(t, `${root}/not/yet`);
  assert.equal((await later.space())?.totalBytes, bsize * blocks);
  const other = await openAt(t, root, { refuses: ['statvfs'] });
  assert.equal(await other.space(), undefined);
});

sftpTest(
  'a root is made with its parents, and one that is not there is no empty vault',
  async (t) => {
    const root = `${emptyDir(t)}/a/b/vault`;
    const store = await openAt(t, root);
    await assert.rejects(store.list('packs/'), isFault('HF_DISK_ABSENT'));
    await assert.rejects(store.list(''), isFault('HF_DISK_ABSENT'));
    assert.equal(await put(store, 'packs/x', bytes('x')), 'stored');
    assert.deepEqual(await store.list('keys/'), []);
    assert.equal(fs.statSync(root).mode & 0o777, 0o700);
    assert.equal(fs.statSync(`${root}/packs/x`).mode & 0o777, 0o600);
  },
);

sftpTest('a place below the home directory is found there', async (t) => {
  const dir = emptyDir(t);
  const wire = wireTo(spawnServer({ cwd: dir }));
  const store = await storeOver(wire, '~/vault/');
  t.after(() => store.close());
  await put(store, 'header', bytes('here'));
  assert.equal(fs.readFileSync(`${dir}/vault/header`, 'utf8'), 'here');
});

sftpTest('a put leaves nothing in tmp, whether it stored, met another, or failed', async (t) => {
  const { root, store } = await overPipes(t);
  await Promise.all(['1', '2', '3'].map((each) => put(store, 'a', bytes(each))));
  await put(store, 'a', bytes('4'));
  fs.mkdirSync(`${root}/folder`);
  await assert.rejects(put(store, 'folder', bytes('x')), isFault('HF_STORE_FAILED'));
  fs.writeFileSync(`${root}/file`, '');
  await assert.rejects(put(store, 'file/below', bytes('x')), Fault);
  assert.deepEqual(fs.readdirSync(`${root}/tmp`), []);
});

sftpTest('a sweep removes what is older than a day, and only what is ours', async (t) => {
  const { root, store } = await overPipes(t);
  const now = unixMs(1_800_000_000_000);
  assert.equal(await store.sweepTemporary(now), 0);
  await put(store, 'a', bytes('1'));
  const kept = [unfinished(now - days(1)), unfinished(now + 5), 'notes.txt', `x${unfinished(1)}`];
  for (const name of [...kept, unfinished(now - days(1) - 1), unfinished(0)]) {
    fs.writeFileSync(`${root}/tmp/${name}`, '');
  }
  assert.equal(await store.sweepTemporary(now), 2);
  assert.deepEqual(fs.readdirSync(`${root}/tmp`).sort(), kept.sort());
});

sftpTest(
  'a list is that of the directory store, also of foreign names and many pages',
  async (t) => {
    const { root, store } = await overPipes(t);
    const elsewhere = emptyDir(t);
    fs.symlinkSync(elsewhere, `${root}/packs`);
    for (let at = 0; at < 1234; at++) fs.writeFileSync(`${root}/packs/${at}`, 'x'.repeat(at % 7));
    fs.symlinkSync('1', `${root}/packs/link`);
    fs.symlinkSync('nowhere', `${root}/packs/dangling`);
    for (const foreign of ['.nfs0001', 'a~', 'ä', 'a b'])
      fs.writeFileSync(`${root}/${foreign}`, '');
    fs.mkdirSync(`${root}/lost+found`);
    const ports = { disk: nodeDisk(), random: nodeTools().random, clock: { now: () => unixMs(0) } };
    const near = directoryStore({ ...ports, root: byteString(root) });
    for (const prefix of ['', 'packs/', 'packs/12', 'p', 'keys/']) {
      const listed = await store.list(prefix);
      const isSame = near.listSync(prefix).filter(({ name }) => name !== 'packs/dangling');
      assert.deepEqual(listed, isSame, prefix);
    }
    assert.deepEqual(await store.get('packs/link'), await store.get('packs/1'));
    fs.symlinkSync('.', `${root}/loop`);
    await assert.rejects(store.list(''), /lead into each other/);
  },
);

sftpTest('round trips are few, and counted', async (t) => {
  const { root, store } = await overPipes(t);
  const steps: [string, number, () => Promise<unknown>][] = [
    ['beginning', 2, async () => undefined],
    ['first put: root found, its folder and tmp made', 8, () => put(store, 'packs/a', bytes('a'))],
    ['another put there', 4, () => put(store, 'packs/b', new Uint8Array(3 << 20))],
    ['one that is present', 2, () => put(store, 'packs/b', bytes('b'))],
    ['a small object', 2, () => store.get('packs/a')],
    ['a range', 2, () => store.get('packs/b', { offset: 5, length: 500_000 })],
    ['all of a large one', 3, () => store.get('packs/b')],
    ['a list', 2, () => store.list('packs/')],
    [
      'three lists at once',
      2,
      () => Promise.all(['packs/', 'keys/', 'x/'].map((at) => store.list(at))),
    ],
  ];
  let before = 0;
  for (const [what, count, act] of steps) {
    await act();
    const trips = store.roundTrips() - before;
    assert.ok(trips <= count, `${what}: ${trips}`);
    before = store.roundTrips();
  }
  const second = await openAt(t, root);
  before = second.roundTrips();
  await put(second, 'packs/c', bytes('c'));
  // Two chains of requests run side by side, and one may wait for the other: five or six.
  const trips = second.roundTrips() - before;
  assert.ok(trips <= 6, `first put of a session into a vault that is there: ${trips}`);
});

sftpTest('more than may be under way at once goes through, several at a time', async (t) => {
  const { store } = await overPipes(t);
  const content = new Uint8Array(new SharedArrayBuffer(21 * MIB + 1)).map((_, at) => at % 251);
  const names = ['a', 'b', 'c'].map((each) => `packs/${each}`);
  const answers = await Promise.all(names.map((name) => put(store, name, content)));
  assert.deepEqual(answers, ['stored', 'stored', 'stored']);
  for (const got of await Promise.all(names.map((name) => store.get(name)))) {
    assert.ok(Buffer.from(got.buffer).equals(content));
  }
});

sftpTest('what the server may not do is said as refused', async (t) => {
  const root = emptyDir(t);
  const store = await openAt(t, root, { isReadOnly: true });
  await assert.rejects(put(store, 'a', bytes('x')), isFault('HF_DISK_DENIED'));
  fs.writeFileSync(`${root}/a`, 'there');
  assert.deepEqual(await store.get('a'), bytes('there'));
});

sftpTest('a server that dies is a link that is lost, and nothing waits for ever', async (t) => {
  const server = spawnServer();
  const store = await storeOver(wireTo(server), emptyDir(t));
  t.after(() => store.close());
  await put(store, 'a', bytes('x'));
  server.kill('SIGSTOP');
  const under = [put(store, 'b', new Uint8Array(20 << 20)), store.get('a'), store.list('')];
  server.kill('SIGKILL');
  for (const each of await Promise.allSettled(under)) {
    assert.ok(each.status === 'rejected');
    isFault('HF_STORE_LINK_LOST')(each.reason);
  }
  await assert.rejects(store.list(''), isFault('HF_STORE_LINK_LOST'));
});

const PACK = nodeTools().random.bytes(3 * MIB + 7);
const SMALL_MIB = 12;

function quietly(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

interface SmallDisk {
  readonly mount: (at: string, image: string) => void;
  readonly needs: readonly ['mount', ...('loop' | 'e2fsprogs')[]];
}

const SMALL_DISKS: Readonly<Record<string, SmallDisk>> = {
  tmpfs: {
    mount: (at) => quietly('mount', '-t', 'tmpfs', '-o', `size=${SMALL_MIB}m`, 'tmpfs', at),
    needs: ['mount'],
  },
  ext4: {
    mount(at, image) {
      fs.writeFileSync(image, '');
      fs.truncateSync(image, SMALL_MIB * MIB);
      quietly('mkfs.ext4', '-q', '-m', '0', image);
      quietly('mount', '-o', 'loop', image, at);
    },
    needs: ['mount', 'loop', 'e2fsprogs'],
  },
};

/** A store on a file system of its own; both are gone when it is disposed of. */
async function onSmallDisk(disk: SmallDisk) {
  const dir = fs.mkdtempSync(`${tmpdir()}/holdfast-sftp-`);
  const at = `${dir}/disk`;
  fs.mkdirSync(at);
  disk.mount(at, `${dir}/image`);
  const root = `${at}/vault`;
  const store = await storeOver(wireTo(spawnServer()), root);
  const dispose = async () => {
    await store.close();
    quietly('umount', at);
    fs.rmSync(dir, { recursive: true });
  };
  return { root, store, [Symbol.asyncDispose]: dispose };
}

for (const [name, disk] of Object.entries(SMALL_DISKS)) {
  sftpTest(`a full far disk (${name}) is said, leaves nothing half, and passes`, async (t) => {
    if (!needs(t, ...disk.needs)) return;
    await using small = await onSmallDisk(disk);
    const { root, store } = small;
    const [first] = await Promise.allSettled([put(store, 'packs/0', PACK)]);
    assert.equal(first.status, 'fulfilled');
    const faults: Fault[] = [];
    for (let nth = 1; faults.length === 0; nth++) {
      assert.ok(nth < SMALL_MIB, 'it never got full');
      const names = ['a', 'b', 'c'].map((each) => `packs/${nth}${each}`);
      const puts = names.map((each) => put(store, each, PACK));
      for (const each of await Promise.allSettled(puts)) {
        if (each.status === 'fulfilled') continue;
        assert.ok(each.reason instanceof Fault, String(each.reason));
        faults.push(each.reason);
      }
    }
    for (const { code, message } of faults) assert.equal(code, 'HF_DISK_FULL', message);
    assert.deepEqual(fs.readdirSync(`${root}/tmp`), [], 'room is given back');
    const stored = await store.list('packs/');
    for (const each of stored) assert.equal(each.sizeBytes, PACK.length, each.name);
    assert.equal(await put(store, 'packs/0', PACK), 'present');
    fs.unlinkSync(`${root}/packs/0`);
    assert.equal(await put(store, 'packs/again', PACK), 'stored');
    t.diagnostic(`${name}: full after ${stored.length} objects, ${faults.length} said so`);
  });
}
