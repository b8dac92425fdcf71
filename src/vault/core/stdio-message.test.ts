// Goal: every message comes back from its bytes, and bytes from a stranger end in a message or in
// HF_STORE_PROTOCOL, never in anything else. Method: properties over messages and over noise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeCodec } from '../../adapters/node/codec.ts';
import { byteString, digestOfBytes } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import {
  type Frame,
  KIND,
  LENGTH_SIZE,
  parseFrame,
  parseLength,
  REQUEST_FRAME_MAX,
} from './stdio-frame.ts';
import {
  encodeFault,
  encodeGreeting,
  encodeRequest,
  parseFault,
  parseGreeting,
  parseRequest,
  type StdioRequest,
} from './stdio-message.ts';

const codec = nodeCodec();
const latin1 = (size: { minLength?: number; maxLength: number }) =>
  fc.uint8Array(size).map((bytes) => byteString(Buffer.from(bytes).toString('latin1')));
const count = fc.maxSafeNat();
const PLAIN = { noNullPrototype: true };
const requests: fc.Arbitrary<StdioRequest> = fc.oneof(
  fc.record({ kind: fc.constant('hello' as const), version: fc.nat(65_535) }, PLAIN),
  fc.record(
    {
      kind: fc.constant('put' as const),
      sizeBytes: count,
      sha256: latin1({ minLength: 32, maxLength: 32 }).map(digestOfBytes),
      name: latin1({ maxLength: 600 }),
    },
    PLAIN,
  ),
  fc.record(
    {
      kind: fc.constant('get' as const),
      offset: count,
      length: count,
      name: latin1({ maxLength: 600 }),
    },
    PLAIN,
  ),
  fc.record({ kind: fc.constant('list' as const), prefix: latin1({ maxLength: 600 }) }, PLAIN),
  fc.record({ kind: fc.constant('space' as const) }, PLAIN),
);

function frameOf(bytes: Uint8Array): Frame {
  assert.equal(parseLength(bytes, REQUEST_FRAME_MAX), bytes.length - LENGTH_SIZE);
  return parseFrame(bytes.subarray(LENGTH_SIZE));
}

test('a request comes back from its bytes', () => {
  fc.assert(
    fc.property(requests, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (request, number) => {
      const frame = frameOf(encodeRequest(codec, number, request));
      assert.equal(frame.number, number);
      assert.deepEqual(parseRequest(codec, frame), request);
    }),
  );
});

test('a greeting comes back from its bytes, with paths that are no UTF-8', () => {
  const greetings = fc.record(
    {
      software: fc.string({ maxLength: 20 }),
      path: latin1({ maxLength: 300 }),
      home: latin1({ maxLength: 300 }),
      features: fc.array(fc.string({ maxLength: 20 }), { maxLength: 5 }),
      machine: fc.stringMatching(/^[0-9a-f]{32}$/),
      directory: fc.stringMatching(/^[0-9a-f]{32}$/),
    },
    // Servers of before do not tell which machine they are on.
    { ...PLAIN, requiredKeys: ['software', 'path', 'home', 'features'] },
  );
  fc.assert(
    fc.property(greetings, (greeting) => {
      assert.deepEqual(parseGreeting(codec, frameOf(encodeGreeting(codec, greeting))), greeting);
    }),
  );
});

test('noise is a message or a breach of protocol, and nothing else', () => {
  const noise = fc.record({
    kind: fc.oneof(fc.nat(255), fc.constantFrom(...Object.values(KIND))),
    number: fc.nat(10),
    rest: fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.json().map((text) => new Uint8Array(Buffer.from(text))),
    ),
  });
  fc.assert(
    fc.property(noise, (frame) => {
      for (const parse of [
        () => parseRequest(codec, frame),
        () => parseGreeting(codec, frame),
        () => parseFault(codec, frame.rest, 'there'),
      ]) {
        try {
          parse();
        } catch (error) {
          assert.ok(error instanceof Fault && error.code === 'HF_STORE_PROTOCOL', String(error));
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('a fault comes over with what its remedy needs, and says where it was', () => {
  const full = new Fault('HF_DISK_FULL', '/srv/vault/tmp/x: ENOSPC', {
    path: '/srv/vault/tmp/x',
    errno: 'ENOSPC',
    secret: 'not of the remedy',
  });
  const come = parseFault(codec, frameOf(encodeFault(codec, 7, full)).rest, 'backup@far');
  assert.equal(come.code, 'HF_DISK_FULL');
  assert.equal(come.message, 'on backup@far: /srv/vault/tmp/x: ENOSPC');
  assert.deepEqual(come.facts, { path: 'backup@far:/srv/vault/tmp/x', errno: 'ENOSPC' });
});

test('a fault of a stranger cannot draw on the terminal, nor choose any code, nor be long', () => {
  const evil = new Fault('HF_KEY_REFUSED', `\u001b[2J${'x'.repeat(9000)}`, { name: '\r\u009bA' });
  const come = parseFault(codec, frameOf(encodeFault(codec, 7, evil)).rest, 'far');
  assert.equal(come.code, 'HF_STORE_FAILED');
  assert.match(come.message, /^on far: \\x1b\[2Jx+$/);
  assert.ok(come.message.length < 600);
  assert.match(String(come.facts.name), /^[ -~]+A$/);
});
