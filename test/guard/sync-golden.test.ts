// Goal: the frames of a sync are the bytes that docs/format/sync-stdio.md describes.
// Method: both directions of a conversation, made by another program from the document alone
// (test/golden/sync/oracle.py): each side reads the other's, and says its own again.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { nodePatcher } from '../../src/adapters/node/patcher.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString, type Digest, hexOf } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { offerText, parseOffer } from '../../src/main/guard/sync/offer-text.ts';
import { SYNC_GREETING } from '../../src/main/guard/sync/serve-sync-target.ts';
import {
  encodeFrame,
  parseDigestBytes,
  parseWant,
  SYNC_KIND,
} from '../../src/recover/core/sync-frame.ts';
import { FarLink, FarObjects, type FarStreams } from '../../src/recover/shell/sync-far-link.ts';
import { CONTENT, NAMES } from '../../src/vault/core/object-id.ts';

const GOLDEN = path.join(import.meta.dirname, '../golden/sync');
const NEAR = fs.readFileSync(path.join(GOLDEN, 'near'));
const FAR = fs.readFileSync(path.join(GOLDEN, 'far'));
const tools = nodeTools();
const digestOf = (text: string): Digest => tools.hash.sha256Text(byteString(text));
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** Reads what the near side said; keeps what is written. */
class Streams implements FarStreams {
  readonly written: Buffer[] = [];
  readonly #said: Buffer;
  #at = 0;

  constructor(said: Buffer) {
    this.#said = said;
  }

  read(into: Uint8Array): number {
    const count = this.#said.copy(into, 0, this.#at, this.#at + into.length);
    this.#at += count;
    return count;
  }

  write(bytes: Uint8Array): void {
    this.written.push(Buffer.from(bytes));
  }
}

function framesOf(bytes: Buffer): readonly { readonly kind: number; readonly rest: Buffer }[] {
  const frames: { kind: number; rest: Buffer }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    frames.push({ kind: bytes[at + 4] ?? 0, rest: bytes.subarray(at + 5, at + 4 + length) });
    at += 4 + length;
  }
  return frames;
}

test('the far side reads each frame, and wants the objects in the same bytes', () => {
  const streams = new Streams(NEAR);
  const link = new FarLink(streams, tools);
  const offer = parseOffer(text(link.nextOf(SYNC_KIND.offer)));
  assert.deepEqual(
    [offer.tellsChunks, offer.from.path, offer.reason],
    [true, '/srv/\xff', 'größer'],
  );
  const [first] = framesOf(NEAR);
  assert.deepEqual(JSON.parse(offerText(offer)), JSON.parse(text(first?.rest ?? Buffer.alloc(0))));
  const edits = link.unpacked(link.nextOf(SYNC_KIND.edits), 1000);
  assert.equal(edits, '+{"path":"a"}\n-"b/\xc3\xbf"\n');
  assert.equal(link.nextOf(SYNC_KIND.edited).length, 0);

  const olds = new Map([
    [digestOf('a file, changed'), { bytes: Buffer.from('a file') }],
    [digestOf('a chunk, changed'), { bytes: Buffer.from('a chunk'), digest: digestOf('a chunk') }],
  ]);
  const objects = new FarObjects(link, tools, {
    patcher: nodePatcher(),
    here: { has: () => false, read: () => undefined, oldOf: (digest) => olds.get(digest) },
  });
  const wanted = ['content', 'a page', 'a file, changed', 'a chunk, changed'] as const;
  for (const each of wanted) {
    const kind = each === 'a page' ? NAMES : CONTENT;
    assert.equal(text(objects.read(kind, digestOf(each))), each);
  }
  assert.throws(() => objects.read(CONTENT, digestOf('nobody has it')), Fault);
  const wants = framesOf(Buffer.concat(streams.written));
  assert.ok(wants.every(({ kind }) => kind === SYNC_KIND.want));
  const golden = framesOf(FAR.subarray(SYNC_GREETING.length))[1];
  assert.deepEqual(Buffer.concat(wants.map(({ rest }) => rest)), golden?.rest);
  assert.equal(parseDigestBytes(link.nextOf(SYNC_KIND.go)), digestOf('plan'));
  assert.deepEqual(JSON.parse(text(link.nextOf(SYNC_KIND.drop))), { outcome: 'held' });
});

test('the near side reads what is wanted; frames are written as they were read', () => {
  assert.equal(FAR.subarray(0, SYNC_GREETING.length).toString(), SYNC_GREETING);
  const frames = framesOf(FAR.subarray(SYNC_GREETING.length));
  const again = frames.map(({ kind, rest }) => encodeFrame(kind, rest));
  assert.deepEqual(Buffer.concat(again), FAR.subarray(SYNC_GREETING.length));
  const { hello, want, plan, ops, planned, progress, done, fault } = SYNC_KIND;
  assert.deepEqual(
    frames.map(({ kind }) => kind),
    [hello, want, plan, ops, planned, progress, done, fault],
  );
  const wanted = parseWant(frames[1]?.rest ?? Buffer.alloc(0));
  assert.deepEqual(
    wanted.map(({ kind, digest, hasOld = false, old }) => {
      return [kind, hexOf(digest), hasOld, old === undefined ? '' : hexOf(old)];
    }),
    [
      [CONTENT, hexOf(digestOf('content')), false, ''],
      [NAMES, hexOf(digestOf('a page')), false, ''],
      [CONTENT, hexOf(digestOf('a file, changed')), true, ''],
      [CONTENT, hexOf(digestOf('a chunk, changed')), false, hexOf(digestOf('a chunk'))],
      [CONTENT, hexOf(digestOf('nobody has it')), false, ''],
    ],
  );
});
