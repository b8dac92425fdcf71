// Goal: an upload that is cut at any byte goes on from what the peer holds; what was acknowledged is
// whole and durable; a peer that fails says so and keeps nothing half.
// Method: a proxy that breaks the line after so many bytes; the peer's disk made to fail at a call.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Fault } from '../../src/base/fault.ts';
import { MIB } from '../../src/base/units.ts';
import type { DiskFile } from '../../src/host/disk.ts';
import { parseReceived } from '../../src/vault/core/received-record.ts';
import { isFault } from '../conformance/store-suite.ts';
import { startProxy } from '../ssh/delaying-proxy.ts';
import {
  filesBelow,
  headOf,
  halfBytes,
  heldOf,
  ports,
  putFields,
  rawAsk,
  startPeerBench,
  until,
} from './peer-fixture.ts';

const { hash, random } = ports.tools;
/** Around the head, around a piece of 1 MiB, and in the middle. */
const CUTS = [0, 1, 700, 900, 5000, MIB, MIB + 700, 2 * MIB + 1, 3 * MIB + 900];

test('a line that breaks after any byte: the upload goes on, and sends little twice', async (t) => {
  const bench = await startPeerBench(t);
  const content = random.bytes(4 * MIB + 3);
  for (const [nth, cutAfterBytes] of CUTS.entries()) {
    const proxy = await startProxy({ to: bench.peer, cutAfterBytes: 3000 + cutAfterBytes });
    t.after(() => proxy.stop());
    const store = await bench.open(bench.access(`cut${nth}`, proxy));
    const putting = store.putIfAbsent('packs/a', content, hash.sha256(content));
    // The proxy lets nothing through behind that byte, so it is replaced where it listens.
    const outcome = await Promise.race([
      putting,
      until(() => proxy.sentBytes() >= 3000 + cutAfterBytes).then(() => 'cut'),
    ]);
    assert.equal(outcome, 'cut', 'liveness: it was cut');
    await proxy.letThrough();
    // `present`: it had come whole and only the answer was lost, so it was sent once more.
    const twiceMax = (await putting) === 'stored' ? 2 * MIB : content.length + 2 * MIB;
    assert.ok(proxy.sentBytes() < content.length + twiceMax, `${proxy.sentBytes()} were sent`);
    assert.deepEqual(await store.get('packs/a'), content);
    await store.close();
    assert.deepEqual([...filesBelow(bench.root(`cut${nth}`)).keys()], ['packs/a']);
  }
  assert.deepEqual(bench.bugs, []);
});

test('of an upload the peer says to the byte what it holds, and takes the rest of it only', async (t) => {
  const bench = await startPeerBench(t);
  const access = bench.access('web1');
  const content = random.bytes(2 * MIB + 10);
  const id = 'ef'.repeat(16);
  let held = 0;
  const send = (to: number, more: Record<string, string | number> = {}) => {
    const fields = { ...putFields(content), 'content-length': content.length - held };
    const upload = { 'holdfast-upload': id, 'holdfast-offset': held };
    const head = headOf(access, 'PUT web1/objects/packs/a', { ...fields, ...upload, ...more });
    return rawAsk(bench.peer, [head, content.subarray(held, to)], 300);
  };
  for (const next of [1, 2, 4096, MIB - 1, MIB, MIB + 1, 2 * MIB + 9]) {
    await send(next);
    await until(() => halfBytes(bench.root('web1')) === next);
    assert.equal(await heldOf(bench, access, id), next);
    held = next;
  }
  const other = putFields(random.bytes(3))['holdfast-sha256'];
  const wrong = await send(content.length, { 'holdfast-sha256': other });
  assert.equal(wrong.status, 409, 'other facts');
  assert.equal((await send(content.length)).status, 201);
  assert.equal(await heldOf(bench, access, id), 0);
  assert.deepEqual(
    new Uint8Array(fs.readFileSync(path.join(bench.root('web1'), 'packs/a'))),
    content,
  );
});

test('a second request for an upload ends the first, whose line may be dead', async (t) => {
  const bench = await startPeerBench(t);
  const access = bench.access('web1');
  const content = random.bytes(MIB);
  const fields = { ...putFields(content), 'holdfast-upload': 'aa'.repeat(16) };
  const head = headOf(access, 'PUT web1/objects/packs/a', fields);
  const first = rawAsk(bench.peer, [head, content.subarray(0, 100)], 60_000);
  const tmp = path.join(bench.root('web1'), 'tmp');
  await until(() => fs.existsSync(tmp) && fs.readdirSync(tmp).length > 0);
  assert.equal((await rawAsk(bench.peer, [head, content])).status, 201);
  await bench.peer.close();
  assert.notEqual((await first).status, 201);
  assert.deepEqual(bench.bugs, []);
});

test('a peer that was started anew holds nothing of before: it is sent from its beginning', async (t) => {
  const bench = await startPeerBench(t);
  const content = random.bytes(3 * MIB);
  const proxy = await startProxy({ to: bench.peer, cutAfterBytes: MIB });
  t.after(() => proxy.stop());
  const store = await bench.open(bench.access('web1', proxy));
  const putting = store.putIfAbsent('packs/a', content, hash.sha256(content));
  await until(() => proxy.sentBytes() >= MIB);
  await bench.peer.close();
  await proxy.letThrough(await bench.again());
  assert.match(await putting, /^(stored|present)$/);
  assert.deepEqual(await store.get('packs/a'), content);
});

test('what the disk refuses, at any call, is no "stored", and nothing half remains', async (t) => {
  const calls = ['create', 'write', 'sync', 'publish', 'syncDir'] as const;
  for (const failing of calls) {
    let isBroken = false;
    const failed = (): void => {
      if (isBroken) throw new Fault('HF_DISK_FULL', 'full', { path: '/x', errno: 'ENOSPC' });
    };
    const before =
      (call: (typeof calls)[number]) =>
      <A extends readonly unknown[], R>(act: (...args: A) => R) =>
      (...args: A): R => {
        if (call === failing) failed();
        return act(...args);
      };
    const ofFile = (file: DiskFile): DiskFile => ({
      write: before('write')((bytes: Uint8Array) => file.write(bytes)),
      sync: before('sync')(() => file.sync()),
      close: () => file.close(),
    });
    const { disk: real } = ports;
    const disk = {
      ...real,
      create: before('create')((file: Parameters<typeof real.create>[0]) =>
        ofFile(real.create(file)),
      ),
      publish: before('publish')(real.publish),
      syncDir: before('syncDir')(real.syncDir),
    };
    const bench = await startPeerBench(t, { disk });
    const store = await bench.open(bench.access('web1'));
    const content = random.bytes(2 * MIB);
    const sha256 = hash.sha256(content);
    assert.equal(await store.putIfAbsent('packs/first', content, sha256), 'stored');
    isBroken = true;
    const refused = store.putIfAbsent('packs/a', content, sha256);
    await assert.rejects(refused, isFault('HF_DISK_FULL'), failing);
    isBroken = false;
    const left = [...filesBelow(bench.root('web1')).keys()];
    // Behind a directory that could not be synced the object may be there or not; it was not acknowledged.
    const allowed = failing === 'syncDir' ? ['packs/a', 'packs/first'] : ['packs/first'];
    assert.deepEqual(left, allowed, failing);
    const again = await store.putIfAbsent('packs/a', content, sha256);
    assert.equal(again, failing === 'syncDir' ? 'present' : 'stored');
    assert.deepEqual(bench.bugs, []);
  }
});

test('when a snapshot arrived is the peer’s own time, and is there before it', async (t) => {
  const now = 1_800_000_000_000;
  const bench = await startPeerBench(t, { clock: { ...ports.clock, now: () => now as never } });
  const store = await bench.open(bench.access('web1'));
  const content = new Uint8Array(Buffer.from('{"time":"1999"}'));
  assert.equal(await store.putIfAbsent('snapshots/a', content, hash.sha256(content)), 'stored');
  const noted = await store.get('received/a');
  assert.equal(parseReceived(ports.tools, { object: 'snapshots/a', bytes: noted }), now);
  await assert.rejects(
    store.putIfAbsent('received/b', content, hash.sha256(content)),
    isFault('HF_STORE_NAME'),
  );
});

test('a pack that lies there damaged is not taken for the one that was to be put', async (t) => {
  const bench = await startPeerBench(t);
  const store = await bench.open(bench.access('web1'));
  const content = random.bytes(MIB);
  const sha256 = hash.sha256(content);
  const name = `packs/${putFields(content)['holdfast-sha256']}`;
  assert.equal(await store.putIfAbsent(name, content, sha256), 'stored');
  assert.equal(await store.putIfAbsent(name, content, sha256), 'present');
  fs.writeFileSync(path.join(bench.root('web1'), name), random.bytes(MIB));
  await assert.rejects(store.putIfAbsent(name, content, sha256), isFault('HF_STORE_CORRUPT'));
});
