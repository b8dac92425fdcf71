// Goal: the bytes on the line are those of docs/format/stdio.md, version 1, and stay so.
// Method: one conversation of client and server with all requests and most answers, recorded in
// both directions in test/golden/stdio; made anew and compared, and read again by a parser of its
// own here; and played again with bits flipped, to either side. SNAP_UPDATE=1 writes it.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { SimDisk } from '../../sim/disk.ts';
import { Seeded, seededRandom } from '../../sim/seeded.ts';
import { simSeeds } from '../../sim/sim-seeds.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { unixMs } from '../../src/base/units.ts';
import { SFTP_INIT } from '../../src/vault/core/stdio-frame.ts';
import { openStdioStore, type StdioStore } from '../../src/vault/shell/stdio-client.ts';
import { serveStdio } from '../../src/vault/shell/stdio-server.ts';
import type { ByteReader, ByteWriter } from '../../src/vault/shell/stdio-stream.ts';
import type { Store } from '../../src/vault/shell/store.ts';
import { directoryStore } from '../../src/vault/shell/store-directory.ts';
import { BytePipe } from './byte-pipe.ts';

const FOLDER = path.join(import.meta.dirname, '../golden/stdio');
const ROOT = byteString('/srv/v\xe4ult');
const { codec, hash } = nodeTools();
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** What is written passes, and is kept. */
function recorded(to: ByteWriter, parts: Uint8Array[]): ByteWriter {
  return {
    write(some) {
      parts.push(some.slice());
      return to.write(some);
    },
  };
}

interface Far {
  readonly disk: SimDisk;
  readonly serve: (input: ByteReader, output: ByteWriter) => ReturnType<typeof serveStdio>;
}

function farMachine(): Far {
  const disk = new SimDisk({ capacityBytes: 2 ** 30 });
  const clock = { now: () => unixMs(1_800_000_000_000) };
  const greeting = {
    software: '0.1.0',
    path: ROOT,
    home: byteString('/home/backup'),
    features: ['append-only', 'forced'],
    machine: '88b1ca0c681e4f5fbc7bbdfb16f4aacc',
  };
  const serve: Far['serve'] = (input, output) =>
    serveStdio({
      store: directoryStore({ disk, clock, root: ROOT, random: seededRandom(1) }),
      space: () => ({ freeBytes: 2 ** 33, totalBytes: 2 ** 40 }),
      tools: { codec, hash },
      clock,
      input,
      output,
      greeting,
      allocate: (sizeBytes) => new Uint8Array(sizeBytes),
    });
  return { disk, serve };
}

function opened(input: ByteReader, output: ByteWriter, close: () => void): Promise<StdioStore> {
  const failure = async () => new Fault('HF_STORE_LINK_LOST', 'it ended', { host: 'far' });
  return openStdioStore({
    input,
    output,
    codec,
    where: 'far',
    failure,
    close: async () => close(),
  });
}

const put = (store: Store, name: string, content: string, meant = content) =>
  store.putIfAbsent(name, bytes(content), hash.sha256(bytes(meant)));

/** What is asked, in this order, one after the other. */
const ASKED: readonly ((store: StdioStore) => Promise<unknown>)[] = [
  (store) => put(store, 'packs/one', 'the first object'),
  (store) => put(store, 'packs/one', 'another'),
  (store) => put(store, 'header', ''),
  (store) => put(store, 'packs/two', 'what came', 'what was meant'),
  (store) => store.get('packs/none'),
  (store) => store.get('packs/one', { offset: 4, length: 5 }),
  (store) => store.get('packs/one', { offset: 99, length: 5 }),
  (store) => store.list(''),
  (store) => store.list('keys/'),
  (store) => store.space(),
];

const ANSWERED: readonly unknown[] = [
  'stored',
  'present',
  'stored',
  'HF_STORE_CORRUPT',
  'HF_STORE_ABSENT',
  bytes('first'),
  bytes(''),
  [
    { name: 'header', sizeBytes: 0 },
    { name: 'packs/one', sizeBytes: 16 },
  ],
  [],
  { freeBytes: 2 ** 33, totalBytes: 2 ** 40 },
];

/** Answers, or the codes of what went wrong; anything but a Fault is a bug. */
async function answersOf(store: StdioStore): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  for (const ask of ASKED) {
    const answer = await ask(store).catch((error: unknown) => {
      if (error instanceof Fault) return error.code;
      throw error;
    });
    answers.push(answer);
  }
  return answers;
}

async function conversation(): Promise<Readonly<Record<'client' | 'server', Buffer>>> {
  const [there, back] = [new BytePipe(), new BytePipe()];
  const [sent, answered]: [Uint8Array[], Uint8Array[]] = [[], []];
  const served = farMachine().serve(there, recorded(back, answered));
  const output = recorded(there, sent);
  await output.write(SFTP_INIT);
  const store = await opened(back, output, () => there.end());
  assert.deepEqual(await answersOf(store), ANSWERED);
  await store.close();
  assert.equal(await served, 'ended');
  return { client: Buffer.concat(sent), server: Buffer.concat(answered) };
}

const golden = (side: string): Buffer => readFileSync(path.join(FOLDER, side));

test('the conversation is made of the same bytes as ever', async () => {
  const made = await conversation();
  if (process.env.SNAP_UPDATE === '1') {
    mkdirSync(FOLDER, { recursive: true });
    for (const side of ['client', 'server'] as const) {
      writeFileSync(path.join(FOLDER, side), made[side]);
    }
  }
  for (const side of ['client', 'server'] as const) {
    assert.deepEqual(made[side].toString('latin1'), golden(side).toString('latin1'), side);
  }
});

/** By the document alone: kind, number and what follows of each frame from `at` on. */
function framesFrom(all: Buffer, at: number): string[] {
  const found: string[] = [];
  while (at < all.length) {
    const length = all.readUInt32LE(at);
    const kind = all.readUInt8(at + 4);
    const rest = all.subarray(at + 9, at + 4 + length);
    found.push(`${kind.toString(16)} ${all.readUInt32LE(at + 5)} ${rest.length}`);
    at += 4 + length + (kind === 2 ? Number(rest.readBigUInt64LE(0)) : 0);
  }
  return found;
}

test('the document alone tells the conversation apart', () => {
  const client = golden('client');
  assert.equal(client.subarray(0, 9).toString('hex'), '000000050100000003');
  const put = (name: string) => 8 + 32 + name.length;
  const asked = [
    `1 0 2`,
    `2 1 ${put('packs/one')}`,
    `2 2 ${put('packs/one')}`,
    `2 3 ${put('header')}`,
    `2 4 ${put('packs/two')}`,
    `3 5 ${16 + 'packs/none'.length}`,
    `3 6 ${16 + 'packs/one'.length}`,
    `3 7 ${16 + 'packs/one'.length}`,
    `4 8 0`,
    `4 9 5`,
    `5 10 0`,
  ];
  assert.deepEqual(framesFrom(client, 9), asked);
  const server = golden('server');
  assert.equal(server.subarray(0, 17).toString(), 'holdfast-stdio 1\n');
  const [greeting = '', ...answers] = framesFrom(server, 17);
  assert.match(greeting, /^81 0 \d+$/);
  const page = 2 * 10 + 'header'.length + 'packs/one'.length;
  const expected = [
    ...['82 1 32', '83 2 0', '82 3 32', 'ff 4', 'ff 5', '84 6 5', '86 6 8', '86 7 8'],
    ...[`85 8 ${page}`, '86 8 8', '86 9 8', '87 10 16'],
  ];
  assert.deepEqual(
    answers.map((each) => each.replace(/^(ff \d) .*/, '$1')),
    expected,
  );
});

const FLIPS = 400;
/** All that clients named a digest of. */
const MEANT = new Set(['the first object', 'another', '', 'what was meant']);

function flipped(all: Buffer, seeded: Seeded): Uint8Array {
  const bent = new Uint8Array(all);
  for (let count = 1 + seeded.below(3); count > 0; count--) {
    const at = seeded.below(bent.length);
    bent[at] = (bent[at] ?? 0) ^ (1 << seeded.below(8));
  }
  return bent;
}

test('a server that is sent flipped bits ends in order, with whole objects under good names', async (t) => {
  const [seed = 0] = simSeeds();
  const seeded = new Seeded(seed);
  const ends = new Set<string>();
  for (let nth = 0; nth < FLIPS; nth++) {
    const { disk, serve } = farMachine();
    const [there, back] = [new BytePipe(), new BytePipe()];
    await there.write(flipped(golden('client'), seeded));
    there.end();
    ends.add(await serve(there, back));
    const random = seededRandom(2);
    const clock = { now: () => unixMs(1_800_000_000_000) };
    const store = directoryStore({ disk, clock, root: ROOT, random });
    const found = disk.list(ROOT) === undefined ? [] : store.listSync('');
    for (const { name } of found) {
      const content = Buffer.from(store.getSync(name)).toString();
      assert.ok(MEANT.has(content), `SEED=${seed}: ${name} is ${content}`);
    }
  }
  t.diagnostic(`SEED=${seed}: ${FLIPS} sessions ${[...ends].join(' or ')}`);
  assert.equal(ends.size, 2, 'liveness: some broke the protocol, some did not');
});

test('a client that is answered with flipped bits gets answers or Faults, and comes to an end', async (t) => {
  const [seed = 0] = simSeeds();
  const seeded = new Seeded(seed);
  const seen = new Map<string, number>();
  for (let nth = 0; nth < FLIPS; nth++) {
    const [there, back] = [new BytePipe(), new BytePipe()];
    await back.write(flipped(golden('server'), seeded));
    back.end();
    const store = await opened(back, there, () => there.end()).catch((error: unknown) => {
      if (error instanceof Fault) return error.code;
      throw error;
    });
    const said = typeof store === 'string' ? [store] : await answersOf(store);
    for (const each of said) {
      if (typeof each === 'string') seen.set(each, (seen.get(each) ?? 0) + 1);
    }
  }
  t.diagnostic(`SEED=${seed}: ${[...seen].map(([code, count]) => `${count} ${code}`).join(', ')}`);
  assert.ok((seen.get('HF_STORE_PROTOCOL') ?? 0) > FLIPS / 4, 'liveness: much was refused');
});
