// Goal: what a host may keep, how fast it may ask and how long it may take are bounded; beyond it is
// refused with a code, nothing half remains, and others are served meanwhile.
// Method: small limits; a real peer, lines of our own that stand still, trickle or send too much.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import tls from 'node:tls';
import type { Fault } from '../../src/base/fault.ts';
import { days, MIB, unixMs } from '../../src/base/units.ts';
import { PEER_LIMITS } from '../../src/adapters/peer/peer-limits.ts';
import { openPeerStore } from '../../src/adapters/peer/peer-store.ts';
import type { RemoteStore } from '../../src/adapters/ssh/remote-store.ts';
import { KEYS_MAX } from '../../src/vault/shell/few-keys.ts';
import { isFault } from '../conformance/store-suite.ts';
import { startProxy } from '../ssh/delaying-proxy.ts';
import {
  filesBelow,
  headOf,
  halfBytes,
  ports,
  putFields,
  rawAsk,
  startPeerBench,
  until,
} from './peer-fixture.ts';

const { hash, random } = ports.tools;
const put = (store: RemoteStore, name: string, content: Uint8Array) =>
  store.putIfAbsent(name, content, hash.sha256(content));
const total = (files: ReadonlyMap<string, string>): number =>
  [...files.values()].reduce((sum, each) => sum + each.length, 0);

test('a quota of bytes and of objects: refused with a code, and nothing half remains', async (t) => {
  const bench = await startPeerBench(t);
  const store = await bench.open(bench.access('web1'));
  const other = await bench.open(bench.access('web2'));
  bench.home.setQuota('web1', { bytes: 3 * MIB, objects: 4 });
  const piece = random.bytes(MIB);
  assert.equal(await put(store, 'packs/a', piece), 'stored');
  assert.equal(await put(store, 'packs/b', piece), 'stored');
  await assert.rejects(put(store, 'packs/c', random.bytes(MIB + 1)), (error: Fault) => {
    assert.equal(error.code, 'HF_PEER_QUOTA');
    assert.match(error.message, /the quota of web1 is 3 MiB; it holds 2 MiB/);
    assert.match(error.remedy, /vault serve token web1 --quota/);
    return true;
  });
  assert.equal(total(filesBelow(bench.root('web1'))), 2 * MIB, 'nothing half');
  // Many at once do not slip through together.
  const answers = await Promise.allSettled(
    [1, 2, 3, 4, 5].map((at) => put(store, `packs/at-once-${at}`, random.bytes(MIB / 2 + at))),
  );
  assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal(await put(store, 'header', new Uint8Array(1)), 'stored');
  await assert.rejects(put(store, 'keys/one', new Uint8Array(1)), /4 objects/);
  assert.equal(await put(store, 'packs/a', piece), 'present', 'what is there costs nothing');
  assert.equal(await put(other, 'packs/a', random.bytes(4 * MIB)), 'stored');
  bench.home.setQuota('web1', { bytes: 9 * MIB, objects: 9 });
  assert.equal(await put(store, 'packs/c', piece), 'stored', 'a quota holds from now on');
});

test('who has sent much hears why it is refused, and not that the line broke', async (t) => {
  const bench = await startPeerBench(t);
  const proxy = await startProxy({ to: bench.peer, delayMs: 25 });
  t.after(() => proxy.stop());
  bench.home.setQuota('web1', { bytes: MIB, objects: 9 });
  const store = await bench.open(bench.access('web1', proxy));
  await assert.rejects(put(store, 'packs/a', random.bytes(24 * MIB)), isFault('HF_PEER_QUOTA'));
  assert.equal(total(filesBelow(bench.root('web1'))), 0);
  assert.equal(await put(store, 'packs/b', random.bytes(10)), 'stored');
});

test('half uploads count against the quota until a day has passed', async (t) => {
  let now = 1_800_000_000_000;
  const clock = { ...ports.clock, now: () => unixMs(now) };
  const bench = await startPeerBench(t, { clock });
  const access = bench.access('web1');
  bench.home.setQuota('web1', { bytes: 2 * MIB, objects: 9 });
  const content = random.bytes(MIB + MIB / 2);
  const id = 'cd'.repeat(16);
  const head = headOf(access, 'PUT web1/objects/packs/half', {
    ...{ ...putFields(content), 'holdfast-upload': id },
  });
  await rawAsk(bench.peer, [head, content.subarray(0, 1000)], 300);
  await until(() => halfBytes(bench.root('web1')) === 1000);
  const store = await bench.open(access);
  await assert.rejects(put(store, 'packs/next', random.bytes(MIB)), isFault('HF_PEER_QUOTA'));
  assert.equal(total(filesBelow(bench.root('web1'))), 1000);
  // A peer that is started anew holds nothing of it, but what lies there counts until it is swept.
  await bench.peer.close();
  assert.equal(total(filesBelow(bench.root('web1'))), 0, 'one that is told to stop leaves nothing');
  fs.writeFileSync(path.join(bench.root('web1'), 'tmp', `${now}-${'ab'.repeat(16)}`), content);
  const anew = await bench.again();
  const second = await bench.open(bench.access('web1', anew));
  await assert.rejects(put(second, 'packs/next', random.bytes(MIB)), isFault('HF_PEER_QUOTA'));
  now += days(1) + 1;
  const swept = await bench.again();
  const third = await bench.open(bench.access('web1', swept));
  assert.equal(await put(third, 'packs/next', random.bytes(MIB)), 'stored');
});

test('the space that stays free is never touched, also by what is on its way', async (t) => {
  let freeBytes = 10 * MIB;
  const space = () => ({ freeBytes, totalBytes: 100 * MIB });
  const disk = { ...ports.disk, space };
  const bench = await startPeerBench(t, { disk, floorOf: (whole) => whole / 20 });
  const store = await bench.open(bench.access('web1'));
  assert.equal(await put(store, 'packs/a', random.bytes(5 * MIB)), 'stored');
  await assert.rejects(put(store, 'packs/b', random.bytes(5 * MIB + 1)), isFault('HF_PEER_FULL'));
  const other = await bench.open(bench.access('web2'));
  const both = await Promise.allSettled([
    put(store, 'packs/c', random.bytes(4 * MIB)),
    put(other, 'packs/c', random.bytes(4 * MIB)),
  ]);
  assert.equal(both.filter(({ status }) => status === 'fulfilled').length, 1);
  freeBytes = 5 * MIB;
  await assert.rejects(put(store, 'keys/x', new Uint8Array(1)), isFault('HF_PEER_FULL'));
  assert.deepEqual(
    [...filesBelow(bench.dir).keys()].filter((name) => name.includes('/tmp/')),
    [],
  );
});

test('who asks too fast is told when to come again, and a client does', async (t) => {
  const limits = { requests: { burst: 5, perMinute: 600 } };
  const bench = await startPeerBench(t, { limits });
  const access = bench.access('web1');
  const other = bench.access('web2');
  const statuses: number[] = [];
  for (let at = 0; at < 30; at++) {
    const answer = await rawAsk(bench.peer, [headOf(access, 'GET web1')]);
    statuses.push(answer.status);
    if (answer.status === 429) assert.match(answer.head, /\r\nretry-after: 1(\r\n|$)/i);
  }
  assert.ok(statuses.includes(200) && statuses.includes(429), statuses.join());
  assert.equal((await rawAsk(bench.peer, [headOf(other, 'GET web2')])).status, 200);
  const { clock, tools } = ports; // It waits as long as it is told.
  const store = await openPeerStore(access, { clock, random: tools.random });
  t.after(() => store.close());
  await Promise.all(
    Array.from({ length: 12 }, (_, at) => put(store, `packs/${at}`, random.bytes(10))),
  );
  assert.equal((await store.list('packs/')).length, 12);
});

test('bytes are paced for each token, both ways', async (t) => {
  const bench = await startPeerBench(t, { limits: { bytesPerS: 4 * MIB } });
  const store = await bench.open(bench.access('web1'));
  const content = random.bytes(2 * MIB);
  const timed = async (act: () => Promise<unknown>): Promise<number> => {
    const startedMs = performance.now();
    await act();
    return performance.now() - startedMs;
  };
  assert.ok((await timed(() => put(store, 'packs/a', content))) > 400);
  assert.ok((await timed(() => store.get('packs/a'))) > 400);
});

test('so many requests of one token are at work at once, and others are served', async (t) => {
  const bench = await startPeerBench(t, { limits: { atWorkMax: 2, bodiesMax: 3 } });
  const [access, other] = [bench.access('web1'), bench.access('web2')];
  const content = random.bytes(1000);
  const begun = (token: typeof access, name: string) =>
    rawAsk(bench.peer, [
      headOf(token, `PUT ${token.place.vault}/objects/packs/${name}`, putFields(content)),
      content.subarray(0, 10),
    ]);
  const waiting = [begun(access, 'a'), begun(access, 'b')];
  await until(() => fs.existsSync(path.join(bench.root('web1'), 'tmp')));
  await until(async () => (await rawAsk(bench.peer, [headOf(access, 'GET web1')])).status === 429);
  assert.equal((await rawAsk(bench.peer, [headOf(other, 'GET web2')])).status, 200);
  waiting.push(begun(other, 'c'));
  await until(async () => {
    const ran = await rawAsk(bench.peer, [
      headOf(other, 'PUT web2/objects/packs/d', putFields(content)),
      content,
    ]);
    return ran.status === 429;
  });
  await bench.peer.close();
  await Promise.all(waiting);
});

test('a line that stands still or trickles is ended; one that moves is not', async (t) => {
  const line = { idleMs: 400, windowMs: 1200, windowBytes: 60_000 };
  const bench = await startPeerBench(t, { limits: { line, headMs: 400 } });
  const access = bench.access('web1');
  const content = random.bytes(400_000);
  const head = headOf(access, 'PUT web1/objects/packs/slow', putFields(content));
  const ended = async (parts: readonly (string | Uint8Array)[]): Promise<number> => {
    const startedMs = performance.now();
    await rawAsk(bench.peer, parts, 8000);
    return performance.now() - startedMs;
  };
  assert.ok((await ended([''])) < 6000, 'nothing is said');
  assert.ok((await ended([head.slice(0, 40)])) < 6000, 'half a head');
  assert.ok((await ended([head, content.subarray(0, 10)])) < 6000, 'a body that stands still');
  const sends = async (everyMs: number, size: number): Promise<boolean> => {
    const socket = tls.connect({ port: bench.peer.port, rejectUnauthorized: false });
    const answered = new AbortController();
    socket.on('error', () => undefined);
    socket.on('data', () => {
      answered.abort();
    });
    socket.write(head);
    for (
      let at = 0;
      at < content.length && !socket.destroyed && !answered.signal.aborted;
      at += size
    ) {
      socket.write(content.subarray(at, at + size));
      await setTimeout(everyMs);
    }
    for (let round = 0; round < 400 && !socket.destroyed && !answered.signal.aborted; round++)
      await setTimeout(20);
    socket.destroy();
    return answered.signal.aborted;
  };
  assert.equal(await sends(50, 100), false, 'crumbs');
  assert.equal(await sends(50, 10_000), true, 'slow, and on its way');
  const at = path.join(bench.root('web1'), 'tmp');
  await until(() => fs.readdirSync(at).length === 0);
});

test('strangers who only connect push out each other, and nobody who has shown a token', async (t) => {
  const limits = { strangersMax: 4, headMs: 60_000 };
  const bench = await startPeerBench(t, { limits });
  const store = await bench.open(bench.access('web1'));
  const strangers = Array.from({ length: 12 }, () =>
    tls.connect({ port: bench.peer.port, rejectUnauthorized: false }).on('error', () => undefined),
  );
  t.after(() => {
    for (const each of strangers) each.destroy();
  });
  await until(() => strangers.filter((each) => each.destroyed).length >= 8);
  assert.equal(await put(store, 'packs/a', random.bytes(10)), 'stored');
});

test('a slow disk holds the sender back: what waits in memory is bounded', async (t) => {
  let writtenBytes = 0;
  const nap = new Int32Array(new SharedArrayBuffer(4));
  const create: typeof ports.disk.create = (file) => {
    const made = ports.disk.create(file);
    return {
      ...made,
      write(bytes) {
        Atomics.wait(nap, 0, 0, 15);
        writtenBytes += bytes.length;
        made.write(bytes);
      },
    };
  };
  const bench = await startPeerBench(t, { disk: { ...ports.disk, create } });
  const access = bench.access('web1');
  const sizeBytes = 96 * MIB;
  const piece = random.bytes(MIB);
  const stream = hash.stream();
  for (let at = 0; at < sizeBytes; at += MIB) stream.update(piece);
  const digest = Buffer.from(stream.digest(), 'latin1').toString('hex');
  const socket = tls.connect({ port: bench.peer.port, rejectUnauthorized: false });
  socket.on('error', () => undefined);
  let answer = '';
  socket.on('data', (part: Buffer) => {
    answer += part.toString('latin1');
  });
  const fields = { 'holdfast-sha256': digest, 'holdfast-size': sizeBytes };
  socket.write(
    headOf(access, 'PUT web1/objects/packs/large', { ...fields, 'content-length': sizeBytes }),
  );
  let aheadMax = 0;
  const before = process.memoryUsage().rss;
  let rssMax = before;
  for (let at = 0; at < sizeBytes; at += MIB) {
    const isTaken = socket.write(piece);
    aheadMax = Math.max(aheadMax, at + MIB - socket.writableLength - writtenBytes);
    rssMax = Math.max(rssMax, process.memoryUsage().rss);
    if (!isTaken) await new Promise((resolve) => socket.once('drain', resolve));
  }
  await until(() => answer.startsWith('HTTP/1.1 201'));
  socket.destroy();
  t.diagnostic(`ahead of the disk at most ${Math.round(aheadMax / MIB)} MiB`);
  t.diagnostic(`memory of both sides grew by ${Math.round((rssMax - before) / MIB)} MiB`);
  assert.ok(aheadMax < 24 * MIB, 'the kernel’s buffers of the line, and one piece');
});

test('limits are what docs/format/peer.md says', () => {
  const { line, headMs, requests, atWorkMax, bodiesMax, answersMax } = PEER_LIMITS;
  const text = fs.readFileSync(path.join(import.meta.dirname, '../../docs/format/peer.md'), 'utf8');
  const said = [
    `whole within ${headMs / 1000} s`,
    `| ${atWorkMax}; of all, ${bodiesMax} bodies and ${answersMax} answers |`,
    `| ${line.idleMs / 1000} s while something is under way`,
    `less than ${line.windowBytes / 1024} KiB within ${line.windowMs / 1000} s`,
    `| ${requests.burst} at once, ${requests.perMinute} a minute |`,
  ];
  for (const each of said) assert.ok(text.includes(each), each);
});

test('so many keys and no more, in no folder of their own; a refused object leaves no directory', async (t) => {
  const bench = await startPeerBench(t);
  const access = bench.access('web1');
  const store = await bench.open(access);
  const root = bench.root('web1');
  const content = random.bytes(MIB / 2);
  for (const [nth, folder] of ['keys', 'copy/keys'].entries()) {
    fs.mkdirSync(path.join(root, folder), { recursive: true });
    for (let at = 2; at < KEYS_MAX; at++) fs.writeFileSync(path.join(root, folder, `${at}`), '');
    assert.equal(await put(store, `${folder}/a`, random.bytes(9)), 'stored', 'the last but one');
    const head = headOf(access, `PUT web1/objects/${folder}/half`, {
      ...{ ...putFields(content), 'holdfast-upload': `c${nth}`.repeat(16) },
    });
    await rawAsk(bench.peer, [head, content.subarray(0, 1000)], 300);
    await until(() => halfBytes(root) === 1000 * (nth + 1));
    const last = put(store, `${folder}/b`, random.bytes(9));
    await assert.rejects(last, isFault('HF_PEER_QUOTA'), 'one is on its way');
    assert.equal(await put(store, `${folder}/2`, new Uint8Array(0)), 'present');
    const inFolder = put(store, `${folder}/sub/e`, random.bytes(9));
    await assert.rejects(inFolder, isFault('HF_STORE_NAME'));
  }
  assert.equal(await put(store, 'packs/still', random.bytes(9)), 'stored');
  const wrong = hash.sha256(random.bytes(9));
  const refused = store.putIfAbsent('made/up/folder', random.bytes(9), wrong);
  await assert.rejects(refused, isFault('HF_STORE_CORRUPT'));
  assert.deepEqual(fs.readdirSync(root).sort(), ['copy', 'keys', 'packs', 'tmp']);
});
