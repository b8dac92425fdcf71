// Goal: whatever a client sends, the server adds whole objects under good names or nothing, ends
// what breaks the protocol, and holds no more memory than the format says.
// Method: bytes written by hand to a server over a directory; what it answers is parsed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { BytePipe } from '../../../test/ssh/byte-pipe.ts';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { MIB, unixMs } from '../../base/units.ts';
import {
  ANSWER_FRAME_MAX,
  encodeFrame,
  type Frame,
  GREETING_LINE,
  KIND,
  SFTP_INIT,
} from '../core/stdio-frame.ts';
import { parseReceived } from '../core/received-record.ts';
import { encodeRequest, parseFault, type StdioRequest } from '../core/stdio-message.ts';
import { KEYS_MAX } from './few-keys.ts';
import { serveStdio } from './stdio-server.ts';
import { FrameReader } from './stdio-stream.ts';
import { type DirectoryStore, directoryStore } from './store-directory.ts';

const tools = nodeTools();
const { codec, hash } = tools;
const HELLO = encodeRequest(codec, 0, { kind: 'hello', version: 1 });
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

interface Served {
  readonly root: string;
  readonly store: DirectoryStore;
  readonly to: BytePipe;
  readonly from: BytePipe;
  /** Pieces that the server asked memory for. */
  readonly allocated: number[];
  readonly ended: Promise<'ended' | 'violated'>;
}

function served(t: TestContext, roomBytes?: number): Served {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-server-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  const clock = { now: () => unixMs(1_800_000_000_000) };
  const options = { disk: nodeDisk(), root: byteString(root), random: tools.random, clock };
  const store = directoryStore(options);
  const [to, from] = [new BytePipe(), new BytePipe(roomBytes)];
  const allocated: number[] = [];
  const ended = serveStdio({
    store,
    tools,
    clock,
    space: () => ({ freeBytes: 5, totalBytes: 7 }),
    input: to,
    output: from,
    greeting: { software: 'x', path: byteString(root), home: byteString('/'), features: [] },
    allocate(sizeBytes) {
      allocated.push(sizeBytes);
      return new Uint8Array(sizeBytes);
    },
  }).finally(() => from.end());
  return { root, store, to, from, allocated, ended };
}

/** Everything is sent at once, then the end. @returns how it ended, and the answers */
async function told(it: Served, ...parts: readonly Uint8Array[]) {
  for (const part of parts) await it.to.write(part);
  it.to.end();
  const ended = await it.ended;
  const reader = new FrameReader(it.from);
  assert.equal(await reader.line(64), GREETING_LINE);
  const answers: Frame[] = [];
  for (;;) {
    const frame = await reader.frame(ANSWER_FRAME_MAX);
    if (frame === undefined) break;
    answers.push(frame);
  }
  assert.equal(answers.shift()?.kind, KIND.greeting);
  return { ended, answers };
}

function put(name: string, content: Uint8Array, more: { sizeBytes?: number } = {}): Uint8Array {
  const sha256 = hash.sha256(content);
  const request: StdioRequest = { kind: 'put', name, sha256, sizeBytes: content.length, ...more };
  return new Uint8Array(Buffer.concat([encodeRequest(codec, 9, request), content]));
}

test('a session from the greeting to the end, with many requests at once', async (t) => {
  const it = served(t);
  const { ended, answers } = await told(
    it,
    SFTP_INIT,
    HELLO,
    put('packs/a', bytes('hello')),
    put('packs/a', bytes('other')),
    encodeRequest(codec, 2, { kind: 'get', name: 'packs/a', offset: 1, length: 3 }),
    encodeRequest(codec, 3, { kind: 'list', prefix: 'packs/' }),
    encodeRequest(codec, 4, { kind: 'space' }),
    encodeRequest(codec, 5, { kind: 'get', name: 'packs/b', offset: 0, length: 3 }),
  );
  assert.equal(ended, 'ended');
  const { stored, present, data, end, page, space, fault } = KIND;
  const kinds = answers.map(({ kind, number }) => [kind, number]);
  const wanted = [stored, 9, present, 9, data, 2, end, 2, page, 3, end, 3, space, 4, fault, 5];
  assert.deepEqual(kinds.flat(), wanted);
  assert.equal(Buffer.from(answers[2]?.rest ?? []).toString(), 'ell');
  const absent = parseFault(codec, answers[7]?.rest ?? new Uint8Array(0), 'far');
  assert.equal(absent.code, 'HF_STORE_ABSENT');
});

const frame = (kind: number, number = 1, rest = new Uint8Array(0)) =>
  encodeFrame({ kind, number, rest });
const u32 = (value: number) => new Uint8Array(new Uint32Array([value]).buffer);
const hugePut = (name: string, sizeBytes: number) => put(name, bytes(''), { sizeBytes });
const BREACHES: Readonly<Record<string, readonly Uint8Array[]>> = {
  'a frame of four gigabytes': [HELLO, u32(2 ** 32 - 1)],
  'a frame larger than the limit': [HELLO, u32(65_537)],
  'a frame without a kind': [HELLO, u32(4)],
  'no hello': [encodeRequest(codec, 1, { kind: 'space' })],
  'hello twice': [HELLO, HELLO],
  'hello of another version': [encodeRequest(codec, 0, { kind: 'hello', version: 2 })],
  'hello that is too long': [frame(KIND.hello, 0, new Uint8Array(3))],
  'a request without a number': [HELLO, encodeRequest(codec, 0, { kind: 'space' })],
  'a kind that there is not': [HELLO, frame(6)],
  'an answer in place of a request': [HELLO, frame(KIND.stored)],
  'a put that is too short': [HELLO, frame(KIND.put, 1, new Uint8Array(39))],
  'a get with a count beyond 2^53': [HELLO, frame(KIND.get, 1, new Uint8Array(20).fill(255))],
  'a pack beyond 4 GiB': [HELLO, hugePut('packs/x', 2 ** 32)],
  'an index beyond 1 GiB': [HELLO, hugePut('index/x', 2 ** 30 + 1)],
  'another object beyond 64 MiB': [HELLO, hugePut('snapshots/x', 2 ** 26 + 1)],
};

for (const [name, parts] of Object.entries(BREACHES)) {
  test(`${name} ends the session, and that is said`, async (t) => {
    const it = served(t);
    const { ended, answers } = await told(it, SFTP_INIT, ...parts);
    assert.equal(ended, 'violated');
    assert.deepEqual(
      answers.map(({ kind, number }) => [kind, number]),
      [[KIND.fault, 0]],
    );
    const fault = parseFault(codec, answers[0]?.rest ?? new Uint8Array(0), 'far');
    assert.equal(fault.code, 'HF_STORE_PROTOCOL');
    assert.deepEqual(fs.readdirSync(it.root), []);
  });
}

test('a list of any length is one request: pages, and their sum at the end', async (t) => {
  const it = served(t);
  const names = Array.from({ length: 5000 }, (_, at) => `packs/${String(at).padStart(60, '0')}`);
  const listSync = () => names.map((name) => ({ name, sizeBytes: name.length }));
  it.store.listSync = listSync;
  const list = encodeRequest(codec, 1, { kind: 'list', prefix: '' });
  const { answers } = await told(it, SFTP_INIT, HELLO, list);
  const end = answers.pop();
  assert.equal(Buffer.from(end?.rest ?? []).readBigUInt64LE(), 5000n);
  assert.ok(answers.length > 5, 'liveness: there are pages');
  let count = 0;
  for (const { kind, rest } of answers) {
    assert.equal(kind, KIND.page);
    assert.ok(rest.length > 60_000 || count + rest.length / 76 === 5000, 'pages are filled');
    count += rest.length / 76;
  }
  assert.equal(count, 5000);
});

test('names that lead out or hide are refused, and the session goes on behind their bytes', async (t) => {
  const it = served(t);
  const evil = ['../x', '/etc/x', 'tmp/x', 'packs/../../x', '', 'a\0b', 'x'.repeat(513), '.ssh/x'];
  const { ended, answers } = await told(
    it,
    SFTP_INIT,
    HELLO,
    ...evil.map((name) => put(name, bytes('x'.repeat(100)))),
    encodeRequest(codec, 1, { kind: 'get', name: '../../etc/passwd', offset: 0, length: 9 }),
    encodeRequest(codec, 1, { kind: 'list', prefix: '../' }),
    put('good', bytes('y')),
  );
  assert.equal(ended, 'ended');
  const codes = answers.map(({ kind, rest }) =>
    kind === KIND.fault ? parseFault(codec, rest, 'far').code : kind,
  );
  const refused = new Array<string>(evil.length + 2).fill('HF_STORE_NAME');
  assert.deepEqual(codes, [...refused, KIND.stored]);
  assert.deepEqual(it.store.listSync(''), [{ name: 'good', sizeBytes: 1 }]);
});

test('of a vault so many keys are taken, and one that is there is as ever', async (t) => {
  const it = served(t);
  for (const folder of ['keys', 'copy/keys']) {
    fs.mkdirSync(path.join(it.root, folder), { recursive: true });
    for (let at = 1; at < KEYS_MAX; at++) fs.writeFileSync(path.join(it.root, folder, `${at}`), '');
  }
  const { answers } = await told(
    it,
    SFTP_INIT,
    HELLO,
    ...['keys/x/y', 'keys/last', 'keys/one-more', 'keys/7', 'copy/keys/last', 'copy/keys/more'].map(
      (name) => put(name, bytes('x')),
    ),
    put('packs/as-ever', bytes('x')),
  );
  const said = answers.map(({ kind, rest }) =>
    kind === KIND.fault ? parseFault(codec, rest, 'far').code : kind,
  );
  assert.deepEqual(said, [
    ...['HF_STORE_NAME', KIND.stored, 'HF_STORE_FAILED', KIND.present],
    ...[KIND.stored, 'HF_STORE_FAILED', KIND.stored],
  ]);
});

test('when a snapshot arrived is noted by the clock of this side, before it is there, and by nobody else', async (t) => {
  const it = served(t);
  const order: string[] = [];
  const { beginPut, putIfAbsentSync } = it.store;
  it.store.putIfAbsentSync = (name, content) => {
    order.push(name);
    return putIfAbsentSync(name, content);
  };
  it.store.beginPut = (name) => {
    const begun = beginPut(name);
    return {
      ...begun,
      finish() {
        order.push(name);
        return begun.finish();
      },
    };
  };
  const early = bytes('{"time":"1999"}');
  const planted = [
    'received/b',
    'received/a',
    'releases/x',
    'forgets/x',
    'putbacks/x',
    'forgotten/x',
  ];
  const { answers } = await told(
    it,
    SFTP_INIT,
    HELLO,
    ...planted.map((name) => put(name, early)),
    put('snapshots/a', bytes('one')),
    put('snapshots/a', bytes('two')),
    put('packs/a', bytes('x')),
  );
  const codes = answers.map(({ kind, rest }) =>
    kind === KIND.fault ? parseFault(codec, rest, 'far').code : kind,
  );
  const refused = planted.map(() => 'HF_STORE_NAME');
  assert.deepEqual(codes, [...refused, KIND.stored, KIND.present, KIND.stored]);
  assert.deepEqual(order.slice(0, 2), ['received/a', 'snapshots/a']);
  const names = it.store.listSync('').map(({ name }) => name);
  assert.deepEqual(names, ['packs/a', 'received/a', 'snapshots/a']);
  const noted = it.store.getSync('received/a');
  assert.equal(parseReceived(tools, { object: 'snapshots/a', bytes: noted }), 1_800_000_000_000);
  assert.throws(() => parseReceived(tools, { object: 'snapshots/b', bytes: noted }));
});

test('of a snapshot that lay there already nothing is noted, and none arrives unnoted', async (t) => {
  const it = served(t);
  it.store.putIfAbsentSync('snapshots/old', bytes('old'));
  it.store.putIfAbsentSync = () => {
    throw new Fault('HF_DISK_FULL', 'full', { path: '/', errno: 'ENOSPC' });
  };
  const { answers } = await told(
    it,
    ...[SFTP_INIT, HELLO, put('snapshots/old', bytes('old')), put('snapshots/new', bytes('new'))],
  );
  const kinds = answers.map(({ kind }) => kind);
  assert.deepEqual(kinds, [KIND.present, KIND.fault]);
  assert.deepEqual(
    it.store.listSync('').map(({ name }) => name),
    ['snapshots/old'],
  );
  assert.deepEqual(fs.readdirSync(path.join(it.root, 'tmp')), []);
});

test('an object that came with other bytes, or in part, leaves nothing', async (t) => {
  const it = served(t);
  const spoilt = put('packs/x', bytes('x'.repeat(3 * MIB)));
  spoilt[spoilt.length - 1] = 0;
  const half = put('packs/y', bytes('y'.repeat(3 * MIB))).subarray(0, 2 * MIB);
  const { ended, answers } = await told(it, SFTP_INIT, HELLO, spoilt, half);
  assert.equal(ended, 'ended', 'a line that is cut is no breach');
  const faults = answers.map(({ rest }) => parseFault(codec, rest, 'far').code);
  assert.deepEqual(faults, ['HF_STORE_CORRUPT']);
  assert.deepEqual(it.store.listSync(''), []);
  assert.deepEqual(fs.readdirSync(path.join(it.root, 'tmp')), []);
});

test('a cut at any byte of a session puts whole objects or none', async (t) => {
  const session = [SFTP_INIT, HELLO, put('a', bytes('first')), put('b', bytes('second'))];
  const all = new Uint8Array(Buffer.concat(session));
  const seen = new Set<number>();
  const cuts = Array.from({ length: Math.ceil(all.length / 3) }, (_, nth) => nth * 3);
  for (const at of [...cuts, all.length]) {
    const it = served(t);
    await told(it, all.subarray(0, at));
    const found = it.store.listSync('');
    seen.add(found.length);
    for (const { name } of found) {
      const expected = name === 'a' ? 'first' : 'second';
      assert.equal(Buffer.from(it.store.getSync(name)).toString(), expected);
    }
  }
  assert.deepEqual([...seen].sort(), [0, 1, 2], 'liveness: it was cut before, between and behind');
});

test('an object of any size needs one piece of memory', async (t) => {
  const it = served(t);
  const content = tools.random.bytes(9 * MIB + 5);
  await told(it, SFTP_INIT, HELLO, put('packs/large', content));
  assert.deepEqual(it.allocated, [MIB]);
  assert.deepEqual(it.store.getSync('packs/large'), content);
});

test('while its answers are not taken it reads no further and holds one of them', async (t) => {
  const it = served(t, 1000);
  it.store.putIfAbsentSync('packs/x', tools.random.bytes(3 * MIB));
  const ask: StdioRequest = { kind: 'get', name: 'packs/x', offset: 0, length: 3 * MIB };
  for (const part of [SFTP_INIT, HELLO]) await it.to.write(part);
  for (let nth = 1; nth <= 100; nth++) await it.to.write(encodeRequest(codec, nth, ask));
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(it.from.writtenBytes < 2 * MIB, `${it.from.writtenBytes} bytes wait`);
  assert.ok(it.to.waitingBytes > 0, 'requests wait on the other side of the line');
  it.to.end();
  assert.ok((await it.from.rest()).length > 300 * MIB, 'liveness: then all are answered');
  assert.equal(await it.ended, 'ended');
});
