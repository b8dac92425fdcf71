// Goal: the near side takes from a server what it asked for, in the form it asked for, and nothing
// else; what is under way ends when the line does. Method: a server played by hand, frame by frame.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BytePipe } from '../../../test/ssh/byte-pipe.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { MIB } from '../../base/units.ts';
import {
  encodeFields,
  encodeFrame,
  type Field,
  type Frame,
  GREETING_LINE,
  KIND,
  REQUEST_FRAME_MAX,
} from '../core/stdio-frame.ts';
import { encodeFault, encodeGreeting, parseRequest } from '../core/stdio-message.ts';
import { openStdioStore, type StdioStore } from './stdio-client.ts';
import { FrameReader } from './stdio-stream.ts';

const tools = nodeTools();
const { codec, hash } = tools;
const text = (raw: string) => new Uint8Array(Buffer.from(raw, 'latin1'));
const GREETING = encodeGreeting(codec, {
  software: 'x',
  path: byteString('/srv/vault'),
  home: byteString('/root'),
  features: [],
});

class PlayedServer {
  readonly toClient = new BytePipe();
  readonly fromClient: BytePipe;
  readonly requests: FrameReader;
  closedCount = 0;

  constructor(roomBytes?: number) {
    this.fromClient = new BytePipe(roomBytes);
    this.requests = new FrameReader(this.fromClient);
  }

  open(line = GREETING_LINE, greeting: Uint8Array = GREETING): Promise<StdioStore> {
    void this.toClient.write(text(line));
    void this.toClient.write(greeting);
    return openStdioStore({
      input: this.toClient,
      output: this.fromClient,
      codec,
      where: 'far',
      failure: async () => new Fault('HF_STORE_LINK_LOST', 'the line broke', { host: 'far' }),
      close: async () => {
        this.closedCount += 1;
        this.toClient.end();
        this.fromClient.end();
      },
    });
  }

  async next(): Promise<Frame> {
    const frame = await this.requests.frame(REQUEST_FRAME_MAX);
    assert.ok(frame !== undefined, 'a request comes');
    return frame.kind === KIND.hello ? this.next() : frame;
  }

  say(kind: number, number: number, ...fields: readonly Field[]): void {
    void this.toClient.write(encodeFrame({ kind, number, rest: encodeFields(fields) }));
  }
}

async function codeOf(act: Promise<unknown>): Promise<string> {
  try {
    await act;
    return 'done';
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    return error.code;
  }
}

const entry = (name: string, size = 1): readonly Field[] => {
  return [{ u64: size }, { u16: name.length }, { bytes: text(name) }];
};
const get = (store: StdioStore) => store.get('packs/x', { offset: 0, length: 3 * MIB });
const put = (store: StdioStore) =>
  store.putIfAbsent('packs/x', text('hello'), hash.sha256(text('hello')));
const full = { bytes: new Uint8Array(MIB) };

interface Breach {
  readonly ask: (store: StdioStore) => Promise<unknown>;
  readonly answer: (server: PlayedServer, number: number) => void;
}

const BREACHES: Readonly<Record<string, Breach>> = {
  'more bytes than were asked for': {
    ask: get,
    answer(server, number) {
      for (let nth = 0; nth < 4; nth++) server.say(KIND.data, number, full);
      server.say(KIND.end, number, { u64: 4 * MIB });
    },
  },
  'an object in crumbs': {
    ask: get,
    answer(server, number) {
      for (let nth = 0; nth < 2; nth++) server.say(KIND.data, number, { bytes: text('x') });
    },
  },
  'an end that counts otherwise': {
    ask: get,
    answer(server, number) {
      server.say(KIND.data, number, full);
      server.say(KIND.end, number, { u64: 5 });
    },
  },
  'empty data for ever': {
    ask: get,
    answer: (server, number) => server.say(KIND.data, number),
  },
  'a frame beyond the limit': {
    ask: get,
    answer: (server) => void server.toClient.write(new Uint8Array([255, 255, 255, 255])),
  },
  'a list answered by data': {
    ask: (store) => store.list(''),
    answer: (server, number) => server.say(KIND.data, number, full),
  },
  'names that were not asked for': {
    ask: (store) => store.list('packs/'),
    answer: (server, number) => server.say(KIND.page, number, ...entry('keys/x')),
  },
  'names that lead out': {
    ask: (store) => store.list(''),
    answer: (server, number) => server.say(KIND.page, number, ...entry('../x')),
  },
  'names that do not ascend': {
    ask: (store) => store.list(''),
    answer: (server, number) => server.say(KIND.page, number, ...entry('b'), ...entry('b')),
  },
  'a page that is cut': {
    ask: (store) => store.list(''),
    answer: (server, number) => server.say(KIND.page, number, { u64: 1 }, { u16: 9 }),
  },
  'an answer to nothing': {
    ask: put,
    answer: (server, number) => server.say(KIND.present, number + 1),
  },
  'stored without a digest': {
    ask: put,
    answer: (server, number) => server.say(KIND.stored, number),
  },
  'space of another form': {
    ask: (store) => store.space(),
    answer: (server, number) => server.say(KIND.space, number, { u64: 1 }),
  },
};

for (const [name, { ask, answer }] of Object.entries(BREACHES)) {
  test(`${name}: the connection is ended, and that is said`, async () => {
    const server = new PlayedServer();
    const store = await server.open();
    const asked = ask(store);
    answer(server, (await server.next()).number);
    assert.equal(await codeOf(asked), 'HF_STORE_PROTOCOL');
    assert.equal(server.closedCount, 1);
    assert.equal(await codeOf(store.list('')), 'HF_STORE_PROTOCOL');
  });
}

const GREETINGS: Readonly<Record<string, readonly [string, Uint8Array, string]>> = {
  'another protocol': ['holdfast-other 1\n', GREETING, 'HF_STORE_PROTOCOL'],
  'only versions to come': ['holdfast-stdio 2 3\n', GREETING, 'HF_STORE_PROTOCOL'],
  'no greeting': [
    GREETING_LINE,
    encodeFrame({ kind: 1, number: 0, rest: text('{}') }),
    'HF_STORE_PROTOCOL',
  ],
  'a greeting without a path': [
    GREETING_LINE,
    encodeFrame({ kind: KIND.greeting, number: 0, rest: text('{"software":"x"}') }),
    'HF_STORE_PROTOCOL',
  ],
  'a line without end': ['holdfast-stdio 1'.padEnd(5000, ' 1'), GREETING, 'HF_STORE_LINK_LOST'],
  'more versions than this one': ['holdfast-stdio 1 2 3\n', GREETING, 'done'],
};

for (const [name, [line, greeting, expected]] of Object.entries(GREETINGS)) {
  test(`greeted by ${name}: ${expected}`, async () => {
    const server = new PlayedServer();
    assert.equal(await codeOf(server.open(line, greeting)), expected);
    assert.equal(server.closedCount, expected === 'done' ? 0 : 1);
  });
}

test('answers in any order and interleaved find their requests', async () => {
  const server = new PlayedServer();
  const store = await server.open();
  const asked = [get(store), store.list('a'), get(store), put(store)] as const;
  const numbers: number[] = [];
  for (const _ of asked) {
    const frame = await server.next();
    numbers.push(frame.number);
    const request = parseRequest(codec, frame);
    if (request.kind === 'put') await server.requests.exactly(request.sizeBytes);
  }
  const [first = 0, second = 0, third = 0, fourth = 0] = numbers;
  server.say(KIND.present, fourth);
  server.say(KIND.data, third, { bytes: text('third') });
  server.say(KIND.page, second, ...entry('a'), ...entry('ab', 7));
  server.say(KIND.data, first, full);
  server.say(KIND.end, third, { u64: 5 });
  server.say(KIND.page, second, ...entry('b'.replace('b', 'ac')));
  server.say(KIND.data, first, { bytes: text('first') });
  server.say(KIND.end, second, { u64: 3 });
  server.say(KIND.end, first, { u64: MIB + 5 });
  const [one, list, three, stored] = await Promise.all(asked);
  assert.equal(Buffer.from(one.subarray(MIB)).toString(), 'first');
  assert.deepEqual(
    list.map(({ name }) => name),
    ['a', 'ab', 'ac'],
  );
  assert.equal(Buffer.from(three).toString(), 'third');
  assert.equal(stored, 'present');
  assert.equal(store.roundTrips(), 1, 'all were asked before anything was answered');
  const next = get(store);
  server.say(KIND.end, (await server.next()).number, { u64: 0 });
  assert.equal((await next).length, 0);
  assert.equal(store.roundTrips(), 2);
});

test('bytes that were stored with another digest are no success', async () => {
  const server = new PlayedServer();
  const store = await server.open();
  const asked = put(store);
  const { number } = await server.next();
  server.say(KIND.stored, number, { bytes: text('x'.repeat(32)) });
  assert.equal(await codeOf(asked), 'HF_STORE_CORRUPT');
  const again = get(store);
  await server.requests.exactly(5);
  server.say(KIND.end, (await server.next()).number, { u64: 0 });
  assert.equal(await codeOf(again), 'done', 'the connection goes on');
});

test('a line that breaks ends all that is under way, and what is asked later', async () => {
  const server = new PlayedServer();
  const store = await server.open();
  const asked = [get(store), put(store), store.list(''), store.space()];
  await server.next();
  server.toClient.end();
  for (const each of asked) assert.equal(await codeOf(each), 'HF_STORE_LINK_LOST');
  assert.equal(await codeOf(put(store)), 'HF_STORE_LINK_LOST');
  await store.close();
});

test('closing ends what is under way; closing again does nothing', async () => {
  const server = new PlayedServer();
  const store = await server.open();
  const asked = get(store);
  await store.close();
  assert.equal(await codeOf(asked), 'HF_STORE_LINK_LOST');
  await store.close();
});

test('a fault without a request ends the connection with what the server says', async () => {
  const server = new PlayedServer();
  const store = await server.open();
  const asked = get(store);
  await server.next();
  const fault = new Fault('HF_STORE_PROTOCOL', 'you do not say hello');
  void server.toClient.write(encodeFault(codec, 0, fault));
  await assert.rejects(asked, /on far: you do not say hello/);
});

test('it hands on no more of an object than the other side takes', async () => {
  const server = new PlayedServer(1000);
  const store = await server.open();
  const content = tools.random.bytes(3 * MIB);
  const asked = store.putIfAbsent('packs/x', content, hash.sha256(content));
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(server.fromClient.writtenBytes < MIB, `${server.fromClient.writtenBytes} were written`);
  const { number } = await server.next();
  assert.deepEqual(await server.requests.exactly(content.length), content);
  const sha256 = codec.bytesOf(byteString(hash.sha256(content)));
  server.say(KIND.stored, number, { bytes: sha256 });
  assert.equal(await asked, 'stored');
});
