// Goal: what leaves for the vault has been opened again and is what was asked for, whatever memory,
// cipher and compression do; and one id is stored once.
// Method: writers over ciphers and codecs that fail now and then, and a sink that keeps all it gets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedTools } from '../../../test/vault/fixed-tools.ts';
import type { Tools } from '../../host/tools.ts';
import { makeDataKey } from '../core/data-keys.ts';
import { IdTable } from '../core/id-table.ts';
import { makeKeyring } from '../core/keyring.ts';
import { CONTENT, makeIdOf } from '../core/object-id.ts';
import { ObjectWriter } from './object-writer.ts';
import type { PackSink } from './pack-sink.ts';

const PROSE = new TextEncoder().encode('words and more words. '.repeat(400));
const BUFFER_SIZE = 1 << 20;

function writerWith(tools: Tools, submitted: Uint8Array[]): ObjectWriter {
  const honest = fixedTools('object-writer');
  const keyring = makeKeyring(honest);
  const ids = new IdTable([]);
  ids.grow(1000, 'local');
  const sink: PackSink = {
    acquire: () => ({ index: 0, bytes: new Uint8Array(BUFFER_SIZE) }),
    submit: (buffer, pack) => void submitted.push(buffer.bytes.slice(0, pack.sizeBytes)),
    release: () => undefined,
  };
  const idOf = makeIdOf(honest, keyring.idKey);
  return new ObjectWriter(
    { tools, idOf, ids, sink },
    CONTENT,
    makeDataKey(honest, keyring, CONTENT),
  );
}

/** One bit of it is another. */
function flipped(bytes: Uint8Array): Uint8Array {
  const bad = Uint8Array.from(bytes);
  bad[bad.length >> 1] = (bad[bad.length >> 1] ?? 0) ^ 4;
  return bad;
}

const FAILING: Readonly<Record<string, (tools: Tools) => Tools>> = {
  'the cipher turns a bit': (tools) => {
    const sealInto: Tools['cipher']['sealInto'] = (box, into) =>
      into.set(flipped(tools.cipher.seal(box)));
    return { ...tools, cipher: { ...tools.cipher, sealInto } };
  },
  'memory turns a bit before it is sealed': (tools) => {
    const sealInto: Tools['cipher']['sealInto'] = (box, into) =>
      tools.cipher.sealInto({ ...box, plain: flipped(box.plain) }, into);
    return { ...tools, cipher: { ...tools.cipher, sealInto } };
  },
  'compression gives other bytes': (tools) => {
    const compress: Tools['codec']['compress'] = (bytes) => tools.codec.compress(flipped(bytes));
    return { ...tools, codec: { ...tools.codec, compress } };
  },
};

for (const [what, fail] of Object.entries(FAILING)) {
  test(`${what}: nothing leaves`, () => {
    const submitted: Uint8Array[] = [];
    const writer = writerWith(fail(fixedTools('object-writer 2')), submitted);
    assert.throws(() => {
      writer.put(PROSE);
      writer.finish();
    });
    assert.equal(submitted.length, 0);
  });
}

test('nothing fails: one pack, and what is there is not stored again', () => {
  const submitted: Uint8Array[] = [];
  const writer = writerWith(fixedTools('object-writer 2'), submitted);
  writer.put(PROSE);
  writer.put(PROSE);
  writer.finish();
  assert.equal(submitted.length, 1);
  assert.equal(writer.newBytes, PROSE.length);
  writer.put(PROSE);
  writer.finish();
  assert.equal(submitted.length, 1);
});
