// Goal: what stands on the line is what docs/format/peer.md, version 1, says, and stays so.
// Method: a conversation with all requests and most answers against a golden file, without what HTTP
// itself adds; SNAP_UPDATE=1 writes it. The line of the document is read by the code.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  parsePeerPlace,
  peerLine,
  peerPlaceText,
  readPeerAccess,
} from '../../src/adapters/peer/peer-place.ts';
import { byteString } from '../../src/base/bytes.ts';
import { unixMs } from '../../src/base/units.ts';
import { isFault } from '../conformance/store-suite.ts';
import { headOf, ports, putFields, rawAsk, startPeerBench } from './peer-fixture.ts';

const GOLDEN = path.join(import.meta.dirname, '../golden/peer/conversation.txt');
const DOCUMENT = path.join(import.meta.dirname, '../../docs/format/peer.md');
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const UPLOAD = '00112233445566778899aabbccddeeff';
const OF_HTTP = /^(date|connection|keep-alive):/i;

type Asked = readonly [line: string, fields?: Record<string, string | number>, body?: string];

const first = bytes('the first object');
const asked: readonly Asked[] = [
  ['GET web1'],
  ['PUT web1/objects/packs/one', putFields(first), 'the first object'],
  ['PUT web1/objects/packs/one', putFields(bytes('another')), 'another'],
  ['PUT web1/objects/header', putFields(bytes('')), ''],
  ['PUT web1/objects/snapshots/s', putFields(bytes('signed')), 'signed'],
  ['PUT web1/objects/packs/two', { ...putFields(first), ...length(4) }, 'what'],
  ['PUT web1/objects/tmp/x', putFields(first), 'the first object'],
  ['PUT web1/objects/received/x', putFields(first), 'the first object'],
  ['PUT web1/objects/packs/half', { ...putFields(first), ...cut(0), ...length(16) }, 'the fi'],
  [`GET web1/uploads/${UPLOAD}`],
  ['PUT web1/objects/packs/half', { ...putFields(first), ...cut(9), ...length(7) }, ' object'],
  ['PUT web1/objects/packs/half', { ...putFields(first), ...cut(6), ...length(10) }, 'rst object'],
  ['GET web1/objects/packs/one?offset=4&length=5'],
  ['GET web1/objects/packs/one?offset=99&length=5'],
  ['GET web1/objects/packs/none'],
  ['GET web1/list'],
  ['GET web1/list?prefix=packs/&after=packs/half'],
  ['GET web2/list'],
  ['DELETE web1/objects/packs/one'],
];

function length(count: number) {
  return { 'content-length': count };
}

function cut(offset: number) {
  return { 'holdfast-upload': UPLOAD, 'holdfast-offset': offset };
}

async function conversation(t: TestContext): Promise<string> {
  const bench = await startPeerBench(t, {
    clock: { ...ports.clock, now: () => unixMs(1_800_000_000_000) },
    disk: { ...ports.disk, space: () => ({ freeBytes: 2 ** 33, totalBytes: 2 ** 40 }) },
  });
  const access = bench.access('web1');
  bench.home.setQuota('web1', { bytes: 1_000_000, objects: 100 });
  const said: string[] = [];
  for (const [line, fields = {}, body = ''] of asked) {
    const head = headOf(access, line, fields);
    const isCut = body.length < Number(fields['content-length'] ?? 0);
    const answer = await rawAsk(bench.peer, [head, body], isCut ? 500 : 20_000);
    const shown = head.replaceAll(access.token, 'TOKEN').replaceAll('\r\n', '\n');
    const rows = answer.head.split('\r\n').filter((row) => !OF_HTTP.test(row));
    said.push(
      `>>> ${shown}${body}\n`,
      answer.status === 0 ? '<<< (cut)\n\n' : `<<< ${rows.join('\n')}\n\n${answer.body}\n\n`,
    );
  }
  return said.join('');
}

test('a whole conversation is as docs/format/peer.md says', async (t) => {
  const said = await conversation(t);
  if (process.env.SNAP_UPDATE === '1') {
    fs.mkdirSync(path.dirname(GOLDEN), { recursive: true });
    fs.writeFileSync(GOLDEN, said);
  }
  assert.equal(said, fs.readFileSync(GOLDEN, 'utf8'), 'SNAP_UPDATE=1 writes it anew');
  const document = fs.readFileSync(DOCUMENT, 'utf8');
  const statuses = new Set(
    [...said.matchAll(/<<< HTTP\/1\.1 ([0-9]{3})/g)].map(([, each]) => each),
  );
  for (const each of statuses)
    assert.ok(document.includes(String(each)), `${each} is in the document`);
});

test('a peer line is read as the document writes it, and what is cut or open to others is refused', (t) => {
  const dir = fs.mkdtempSync('/tmp/hf-line-');
  t.after(() => fs.rmSync(dir, { recursive: true }));
  const file = path.join(dir, 'peers');
  const place = parsePeerPlace(byteString('https://st1.example.org:7443/web1'));
  const access = { place, pin: '2b'.repeat(32), token: `5c1f0a9be2d34471_${'m'.repeat(43)}` };
  const line = peerLine(access);
  assert.match(line, /^https:\/\/st1\.example\.org:7443\/web1#[\w-]{43} [0-9a-f]{16}_m{43}$/);
  const write = (text: string, mode = 0o600): void => {
    fs.rmSync(file, { force: true });
    fs.writeFileSync(file, text, { mode });
  };
  write(`# of web1\n\nhttps://st2:1/web1#x y\n${line.replace('5c1f', '0000')}\r\n${line}\n`);
  assert.deepEqual(readPeerAccess(file, place), access, 'of several lines the last');
  const bad = ['', line.slice(0, -1), line.replace(/#./, '#'), line.replace('web1', 'web2')];
  for (const text of bad) {
    write(text);
    assert.throws(() => readPeerAccess(file, place), isFault('HF_PEER_LINE'), text);
  }
  write(line);
  fs.chmodSync(file, 0o640);
  assert.throws(() => readPeerAccess(file, place), /others may read/);
  assert.throws(() => readPeerAccess(`${file}x`, place), /there is no/);
});

test('a place is what it is, or is refused', () => {
  const same = ['https://st1:7432/web1', 'https://[fd00::1]:1/a.b-c', 'https://10.0.0.1:65535/0'];
  for (const text of same) assert.equal(peerPlaceText(parsePeerPlace(byteString(text))), text);
  const none = [
    ...['https://st1/web1', 'https://st1:0/web1', 'https://st1:70000/web1', 'https://st1:1/'],
    ...['https://st1:1/a/b', 'https://st1:1/..', 'https://st1:1/a..b', 'https://u@st1:1/web1'],
    ...['https://st1:1/web1?x', 'https://st1:1/web1#x', 'https://st 1:1/web1', 'https://-x:1/web1'],
    ...['https://st1:1/WEB1', 'https://[x]:1/web1', 'https://st1:1/web1\n'],
  ];
  for (const text of none) {
    assert.throws(() => parsePeerPlace(byteString(text)), isFault('HF_PEER_PLACE'), text);
  }
});
