// Goal: whatever an SFTP server sends, the store ends with a Fault that names the protocol, or with
// an answer; it never waits for ever, never takes a bug for an answer, and never keeps more than the
// limits of docs/design/010-sftp-store.md.
// Method: answers written by hand, one for each rule of the parser; then random and bent ones.
import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteString, digestOfBytes } from '../../base/bytes.ts';
import type { FaultCode } from '../../base/fault.ts';
import { Fault } from '../../base/fault.ts';
import { unixMs } from '../../base/units.ts';
import type { RemoteLink } from '../ssh/remote-store.ts';
import { PacketReader, ProtocolViolation } from './packet-reader.ts';
import { PacketStream } from './packet-stream.ts';
import { encodePacket, text, uint32, uint64 } from './packet-writer.ts';
import { ATTR, EXTENSION, STATUS, TYPE, VERSION } from './sftp-protocol.ts';
import { type SftpStore, sftpStore } from './sftp-store.ts';

const SEED = Number(process.env.SEED ?? 20261120);
const RUNS = 300;

/** What a server answers to one request; undefined: nothing. */
type Answer = (request: Asked) => Uint8Array | undefined;

interface Asked {
  readonly type: number;
  readonly id: number;
  /** Of a READ: the length of its handle, where it begins, how long it is. */
  readonly fields: () => readonly number[];
}

const status = (id: number, code: number) =>
  encodePacket({ type: TYPE.status, id, fields: [uint32(code), text('said'), text('')] });
const handle = (id: number, value = 'h') =>
  encodePacket({ type: TYPE.handle, id, fields: [text(value)] });
const attrs = (id: number, sizeBytes: number) => {
  const fields = [uint32(ATTR.size | ATTR.permissions), uint64(sizeBytes), uint32(0o100600)];
  return encodePacket({ type: TYPE.attrs, id, fields });
};
const version = (number = VERSION, extensions: readonly string[] = []) =>
  encodePacket({
    type: TYPE.version,
    fields: [uint32(number), ...extensions.flatMap((name) => [text(name), text('1')])],
  });

/** Ordinary answers of a server with one file `x` of three bytes. */
const ordinary: Answer = ({ type, id }) => {
  if (type === TYPE.open || type === TYPE.opendir) return handle(id);
  if (type === TYPE.fstat || type === TYPE.stat) return attrs(id, 3);
  if (type === TYPE.read) {
    return encodePacket({ type: TYPE.data, id, fields: [text('abc')] });
  }
  if (type === TYPE.readdir) return status(id, STATUS.eof);
  return status(id, STATUS.ok);
};

/** A link to a server that answers so, and ends after `endsAfter` answers. */
function linkTo(greeting: Uint8Array, answer: Answer): RemoteLink {
  const output = new PassThrough();
  const stream = new PacketStream((packet) => {
    const reader = new PacketReader(packet);
    const fields = () => [reader.text(reader.left).length, reader.uint64(), reader.uint32()];
    const bytes = answer({ type: reader.byte(), id: reader.uint32(), fields });
    if (bytes === undefined) output.end();
    else if (!output.writableEnded) output.write(bytes);
  });
  const input = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      stream.push(chunk);
      done();
    },
  });
  output.write(greeting);
  return {
    input,
    output,
    ended: new Promise(() => undefined),
    failure: async () => new Fault('HF_STORE_LINK_LOST', 'it ended', { host: 'test' }),
    close: async () => void output.end(),
  };
}

function storeTo(answer: Answer, greeting = version()): Promise<SftpStore> {
  return sftpStore(linkTo(greeting, answer), {
    path: byteString('/vault'),
    where: 'ssh://test/vault',
    tools: { random: { bytes: (count) => new Uint8Array(count) } },
    clock: { now: () => unixMs(0) },
  });
}

/** Ordinary, but for one type of request. */
function but(type: number, answer: (id: number) => Uint8Array): Answer {
  return (request) => (request.type === type ? answer(request.id) : ordinary(request));
}

const isFault = (code: FaultCode) => (cause: unknown) =>
  cause instanceof Fault && cause.code === code;

test('with ordinary answers all goes well: the test can tell', async () => {
  const store = await storeTo(ordinary);
  assert.equal(Buffer.from(await store.get('x')).toString(), 'abc');
  assert.deepEqual(await store.list('packs/'), []);
  assert.equal(store.promises.durable, false);
});

const GREETINGS: Readonly<Record<string, Uint8Array>> = {
  'version 2': version(2),
  'version 6': version(6),
  'a greeting of a shell': Buffer.from('Welcome to this server!\r\n'),
  'a packet of no bytes': Buffer.from([0, 0, 0, 0]),
  'a packet of 4 GiB': Buffer.from([255, 255, 255, 255, 2]),
  'half an extension': Buffer.concat([version().fill(8, 3, 4), Buffer.from([0, 0, 0])]),
  'an answer before it was asked': status(1, STATUS.ok),
};

for (const [name, greeting] of Object.entries(GREETINGS)) {
  test(`beginning with ${name}: refused`, async () => {
    await assert.rejects(storeTo(ordinary, greeting), isFault('HF_SFTP_PROTOCOL'));
  });
}

test('limits that leave no room, or are no numbers: refused', async () => {
  const limits = (values: readonly number[]) => (id: number) =>
    encodePacket({ type: TYPE.extendedReply, id, fields: values.map(uint64) });
  const greeting = version(VERSION, [EXTENSION.limits]);
  for (const values of [[1, 1, 1, 1], [1 << 20], [0, 0, 0, 0, 0]]) {
    const store = storeTo(but(TYPE.extended, limits(values)), greeting);
    await assert.rejects(store, isFault('HF_SFTP_PROTOCOL'), values.join());
  }
  await storeTo(but(TYPE.extended, limits([0, 0, 0, 0])), greeting);
});

const raw = (type: number, id: number, rest: readonly number[]) => {
  const head = encodePacket({ type, id, fields: [], payloadSize: rest.length });
  return Buffer.concat([head, Buffer.from(rest)]);
};

const GETS: Readonly<Record<string, Answer>> = {
  'an answer to nothing': but(TYPE.open, (id) => handle(id + 1000)),
  'a handle that is too long': but(TYPE.open, (id) => handle(id, 'h'.repeat(257))),
  'OK instead of a handle': but(TYPE.open, (id) => status(id, STATUS.ok)),
  'a handle instead of a size': but(TYPE.fstat, (id) => handle(id)),
  'more bytes than were asked for': but(TYPE.read, (id) =>
    encodePacket({ type: TYPE.data, id, fields: [text('abcd')] }),
  ),
  'no bytes, and no end': but(TYPE.read, (id) =>
    encodePacket({ type: TYPE.data, id, fields: [text('')] }),
  ),
  'a length beyond its packet': but(TYPE.read, (id) => raw(TYPE.data, id, [0, 0, 0, 9, 1])),
  'bytes behind an answer': but(TYPE.fstat, (id) => raw(TYPE.attrs, id, [0, 0, 0, 0, 7])),
  'unknown attributes': but(TYPE.fstat, (id) => raw(TYPE.attrs, id, [0, 1, 0, 0])),
  'a size that no file has': but(TYPE.fstat, (id) =>
    raw(TYPE.attrs, id, [0, 0, 0, 1, 255, 255, 255, 255, 255, 255, 255, 255]),
  ),
  'four billion extended attributes': but(TYPE.fstat, (id) =>
    raw(TYPE.attrs, id, [0x80, 0, 0, 0, 255, 255, 255, 255]),
  ),
  'a second VERSION': but(TYPE.open, () => version()),
};

for (const [name, answer] of Object.entries(GETS)) {
  test(`a get that is answered by ${name}: the link ends, and so does all on it`, async () => {
    const store = await storeTo(answer);
    const range = { offset: 0, length: 3 };
    await assert.rejects(store.get('x', range), isFault('HF_SFTP_PROTOCOL'));
    await assert.rejects(store.list(''), isFault('HF_SFTP_PROTOCOL'));
  });
}

test('a size without bytes is no content, and a size beyond all objects is not believed', async () => {
  for (const sizeBytes of [4, 2 ** 30, 2 ** 30 + 1, 2 ** 52]) {
    const once = but(TYPE.fstat, (id) => attrs(id, sizeBytes));
    let reads = 0;
    const store = await storeTo((request) => {
      const isLater = request.type === TYPE.read && ++reads > 1;
      return isLater ? status(request.id, STATUS.eof) : once(request);
    });
    await assert.rejects(store.get('x'), isFault('HF_STORE_FAILED'), String(sizeBytes));
  }
});

const entry = (name: string, mode: number) => [
  text(name),
  text(''),
  uint32(ATTR.permissions | ATTR.size),
  uint64(1),
  uint32(mode),
];

test('a server that gives less than it was asked for, any time, gives the whole in the end', async () => {
  const content = Buffer.alloc(700_000, 'content that is cut anywhere, ');
  const property = fc.asyncProperty(fc.infiniteStream(fc.nat(60_000)), async (lengths) => {
    const store = await storeTo(({ type, id, fields }) => {
      if (type === TYPE.fstat) return attrs(id, content.length);
      if (type !== TYPE.read) return ordinary({ type, id, fields });
      const [, offset = 0, length = 0] = fields();
      const [short = 0] = lengths.take(1);
      const bytes = content.subarray(offset, offset + Math.min(length, 1 + short));
      if (bytes.length === 0) return status(id, STATUS.eof);
      const fieldsOfData = [uint32(bytes.length)];
      const payloadSize = bytes.length;
      const head = encodePacket({ type: TYPE.data, id, fields: fieldsOfData, payloadSize });
      return Buffer.concat([head, bytes]);
    });
    assert.deepEqual(Buffer.from(await store.get('x')), content);
    const range = { offset: 123_456, length: 2 ** 40 };
    assert.deepEqual(Buffer.from(await store.get('x', range)), content.subarray(range.offset));
    const part = { offset: 5, length: 400_000 };
    assert.deepEqual(Buffer.from(await store.get('x', part)), content.subarray(5, 400_005));
  });
  await fc.assert(property, { seed: SEED, numRuns: 20 });
});

test('names that lead elsewhere are not listed', async () => {
  const names = ['..', '.', '/etc/passwd', 'a/b', '../x', '', '.x', 'tmp', 'a\0', 'ok', 'ok'];
  let hasListed = false;
  const store = await storeTo((request) => {
    if (request.type !== TYPE.readdir || hasListed) return ordinary(request);
    hasListed = true;
    const fields = [uint32(names.length), ...names.flatMap((name) => entry(name, 0o100644))];
    return encodePacket({ type: TYPE.name, id: request.id, fields });
  });
  assert.deepEqual(await store.list(''), [{ name: 'ok', sizeBytes: 1 }]);
});

const LISTS: Readonly<Record<string, Answer>> = {
  'a list of no names': but(TYPE.readdir, (id) => raw(TYPE.name, id, [0, 0, 0, 0])),
  'four billion names': but(TYPE.readdir, (id) => raw(TYPE.name, id, [255, 255, 255, 255])),
  'a list that ends early': but(TYPE.readdir, (id) =>
    raw(TYPE.name, id, [0, 0, 0, 1, 0, 0, 0, 1, 97, 0, 0, 0, 0]),
  ),
};

for (const [name, answer] of Object.entries(LISTS)) {
  test(`a list that is answered by ${name}: refused`, async () => {
    const store = await storeTo(answer);
    await assert.rejects(store.list('packs/'), isFault('HF_SFTP_PROTOCOL'));
  });
}

test('a list without end ends, and folders without end too', async () => {
  const many = Array.from({ length: 6000 }, () => entry('.x', 0o100644)).flat();
  const page = encodePacket({ type: TYPE.name, id: 0, fields: [uint32(6000), ...many] });
  const endless = await storeTo(
    but(TYPE.readdir, (id) => {
      const copy = page.slice();
      new DataView(copy.buffer).setUint32(5, id);
      return copy;
    }),
  );
  await assert.rejects(endless.list('packs/'), isFault('HF_STORE_FAILED'));
  let turn = 0;
  const folders = await storeTo((request) => {
    if (request.type !== TYPE.readdir || turn++ % 2 === 1) return ordinary(request);
    const fields = [uint32(9), ...[...'abcdefghi'].flatMap((name) => entry(name, 0o040700))];
    return encodePacket({ type: TYPE.name, id: request.id, fields });
  });
  await assert.rejects(folders.list(''), isFault('HF_STORE_FAILED'));
});

test('what a server says is shown without characters that act on a terminal', async () => {
  const said = '\u001b[2Jgone\u202e';
  const bent = Buffer.from(said).toString('latin1');
  const store = await storeTo(
    but(TYPE.open, (id) =>
      encodePacket({ type: TYPE.status, id, fields: [uint32(4), text(bent), text('')] }),
    ),
  );
  await assert.rejects(store.get('x'), (cause: Error) => {
    assert.match(cause.message, /SSH_FX_FAILURE, "\?\[2Jgone\?"/);
    return true;
  });
});

test('random and bent answers end in an answer or a Fault', async (t) => {
  const outcomes = new Map<string, number>();
  const bend = fc.record({
    nth: fc.nat(12),
    at: fc.nat(40),
    byte: fc.nat(255),
    cut: fc.option(fc.nat(40), { nil: undefined }),
    junk: fc.uint8Array({ maxLength: 20 }),
  });
  const property = fc.asyncProperty(
    fc.array(bend, { minLength: 1, maxLength: 4 }),
    async (bends) => {
      let nth = -1;
      const answer: Answer = (request) => {
        nth += 1;
        const bytes = ordinary(request)?.slice();
        for (const each of bends.filter((one) => one.nth === nth)) {
          if (bytes !== undefined) bytes[each.at % bytes.length] = each.byte;
          if (each.cut !== undefined)
            return Buffer.concat([bytes?.subarray(0, each.cut) ?? bytes ?? each.junk, each.junk]);
        }
        return nth > 60 ? undefined : bytes;
      };
      const store = await storeTo(answer);
      const ends = setTimeout(() => void store.close(), 50); // Half an answer is waited for.
      const acts = [
        store.get('x'),
        store.list(''),
        store.putIfAbsent('y', new Uint8Array(9), digestOfBytes('x'.repeat(32))),
      ];
      for (const each of await Promise.allSettled(acts)) {
        const cause: unknown = each.status === 'rejected' ? each.reason : undefined;
        assert.ok(cause === undefined || cause instanceof Fault, String(cause));
        const outcome = cause === undefined ? 'answered' : cause.code;
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
      clearTimeout(ends);
      await store.close();
    },
  );
  await fc.assert(property, { seed: SEED, numRuns: RUNS });
  t.diagnostic(`SEED=${SEED}: ${JSON.stringify(Object.fromEntries(outcomes))}`);
  assert.ok(outcomes.size > 3, 'liveness: answers were bent');
});

test('a stream is cut into packets wherever its chunks end', () => {
  const packets = [status(1, 2), handle(7, 'x'.repeat(200)), version()];
  const whole = Buffer.concat(packets);
  for (let size = 1; size <= whole.length; size++) {
    const seen: Uint8Array[] = [];
    const stream = new PacketStream((packet) => seen.push(packet));
    for (let at = 0; at < whole.length; at += size) stream.push(whole.subarray(at, at + size));
    assert.deepEqual(
      seen.map((each) => Buffer.from(each)),
      packets.map((each) => Buffer.from(each.subarray(4))),
    );
  }
  const large = new PacketStream(() => undefined);
  assert.throws(() => large.push(Buffer.from([0, 4, 0, 1])), ProtocolViolation);
  large.push(Buffer.from([]));
});
