// Goal: what a group holds comes back as it was, only under its key and only whole; nothing that a
// medium or a stranger does to its bytes passes, and nothing but a Fault comes of it.
// Method: round trips over kinds and sizes; every single flip in the header of a small group and
// random flips, cuts and splices in larger ones (seed printed), through the real ciphers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeTools } from '../../adapters/node/tools.ts';
import { Fault } from '../../base/fault.ts';
import { mayCompress } from './entropy.ts';
import type { DataKey, SealedGroup } from './group.ts';
import { checkMembers, GROUP_TARGET, GroupBuilder, openGroup } from './group.ts';
import { GROUP_PLAIN_MAX, membersOf, parseGroupHeader, referencesOf } from './group-header.ts';
import { CONTENT, makeIdOf, NAMES } from './object-id.ts';

const tools = nodeTools();
const idOf = makeIdOf(tools, tools.random.bytes(32));
const dataKey: DataKey = { id: tools.random.bytes(16), key: tools.random.bytes(32) };
const dataKeys = new Map([[tools.codec.textOf(dataKey.id), dataKey.key]]);

function whole(group: SealedGroup): Uint8Array {
  return Buffer.concat([group.header, group.body]);
}

function addObject(builder: GroupBuilder, bytes: Uint8Array): void {
  builder.add(idOf(builder.kind, tools.hash.sha256(bytes)), bytes);
}

function sample(): Uint8Array {
  const builder = new GroupBuilder(NAMES);
  for (const text of ['one', 'two two', 'three three three']) addObject(builder, Buffer.from(text));
  return whole(builder.seal(tools, dataKey, [idOf(CONTENT, tools.hash.sha256(Buffer.from('x')))]));
}

function refuses(bytes: Uint8Array): boolean {
  try {
    openGroup(tools, dataKeys, bytes);
    return false;
  } catch (error) {
    if (error instanceof Fault) return true;
    throw error;
  }
}

test('objects come back, compressed or stored', () => {
  const objects = fc.array(
    fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 3000 }),
      fc.integer({ min: 1, max: 60_000 }).map((size) => new Uint8Array(size).fill(size)),
      fc.integer({ min: 5000, max: 60_000 }).map((size) => tools.random.bytes(size)),
    ),
    { minLength: 1, maxLength: 20 },
  );
  const codecs = new Set<number>();
  const builder = new GroupBuilder(CONTENT);
  fc.assert(
    fc.property(objects, (list) => {
      builder.clear();
      for (const bytes of list) addObject(builder, bytes);
      const opened = openGroup(tools, dataKeys, whole(builder.seal(tools, dataKey)));
      codecs.add(opened.header.codec);
      checkMembers(tools, idOf, opened);
      for (const bytes of list) {
        const found = opened.find(idOf(CONTENT, tools.hash.sha256(bytes)));
        assert.ok(found !== undefined && Buffer.compare(found, bytes) === 0);
      }
    }),
    { numRuns: 60 },
  );
  assert.deepEqual([...codecs].sort(), [0, 1], 'both codecs were seen');
});

test('a group takes its target, one larger object alone, and nothing empty', () => {
  const builder = new GroupBuilder(CONTENT);
  assert.ok(builder.takes(GROUP_PLAIN_MAX));
  builder.room(100_000).fill(1);
  builder.keep(idOf(CONTENT, tools.hash.sha256(Buffer.from('a'))), 100_000);
  assert.ok(builder.takes(GROUP_TARGET - 100_000));
  assert.ok(!builder.takes(GROUP_TARGET - 99_999));
  assert.throws(() => addObject(builder, new Uint8Array(0)), /empty/);
});

test('random bytes are not worth compressing, text is', () => {
  assert.equal(mayCompress(tools.random.bytes(256 * 1024)), false);
  assert.equal(mayCompress(Buffer.from('the quick brown fox '.repeat(10_000))), true);
});

test('references are prefixes, each once, ascending, without own members', () => {
  const builder = new GroupBuilder(NAMES);
  const ids = Array.from({ length: 50 }, (_, at) => idOf(NAMES, tools.hash.sha256(Buffer.of(at))));
  const own = ids[0];
  assert.ok(own !== undefined);
  builder.add(own, Buffer.from('page'));
  const { header } = builder.seal(tools, dataKey, [...ids, ...ids.toReversed()]);
  const expected = ids.slice(1).map((id) => id.slice(0, 16));
  assert.deepEqual(referencesOf(tools.codec, parseGroupHeader(header)), expected.sort());
  assert.deepEqual(membersOf(tools.codec, parseGroupHeader(header)), [
    { id: own, offset: 0, length: 4 },
  ]);
});

test('no flipped bit passes', () => {
  const good = sample();
  assert.ok(!refuses(good));
  for (let at = 0; at < good.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const bad = Uint8Array.from(good);
      bad[at] = (bad[at] ?? 0) ^ (1 << bit);
      assert.ok(refuses(bad), `byte ${at}, bit ${bit}`);
    }
  }
});

test('nothing cut, grown, spliced or random passes', () => {
  const good = sample();
  const damage = fc.oneof(
    fc.integer({ min: 0, max: good.length - 1 }).map((end) => good.subarray(0, end)),
    fc.uint8Array({ minLength: 1 }).map((tail) => Buffer.concat([good, tail])),
    fc
      .tuple(fc.nat(good.length - 5), fc.uint8Array({ minLength: 4, maxLength: 4 }))
      .map(([at, word]) => Uint8Array.from(good).map((b, i) => word[i - at] ?? b)),
    fc.uint8Array({ maxLength: 300 }).map((rest) => Buffer.concat([good.subarray(0, 8), rest])),
  );
  fc.assert(
    fc.property(damage, (bad) => Buffer.compare(bad, good) === 0 || refuses(bad)),
    { numRuns: 3000 },
  );
});

test('a member that is not what its id says is found', () => {
  const builder = new GroupBuilder(CONTENT);
  builder.add(idOf(CONTENT, tools.hash.sha256(Buffer.from('good'))), Buffer.from('evil'));
  const opened = openGroup(tools, dataKeys, whole(builder.seal(tools, dataKey)));
  assert.throws(() => checkMembers(tools, idOf, opened), { code: 'HF_VAULT_CORRUPT' });
});

test('without its data key a group does not open, and says so', () => {
  assert.throws(() => openGroup(tools, new Map(), sample()), { code: 'HF_DATA_KEY_ABSENT' });
});
