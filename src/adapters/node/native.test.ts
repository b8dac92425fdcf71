// Goal: sealing, opening and compressing by functions called in OpenSSL and zstd give the very bytes
// of node:crypto and node:zlib, and refuse what those refuse; where they are not there, all goes on.
// Method: both ways side by side on inputs of many sizes; and a process without koffi.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { constants, zstdCompressSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { nodeCipher } from './cipher.ts';
import { nodeCodec } from './codec.ts';
import { nativeGcm } from './native-gcm.ts';
import { nativeZstd } from './native-zstd.ts';

const SIZES = [0, 1, 15, 16, 17, 4096, 100_001, 262_144, 4_456_448];
const TAG = { authTagLength: 16 };
const LEVEL_1 = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

function sealedByNode(box: { key: Buffer; nonce: Buffer; aad: Buffer; plain: Buffer }): Buffer {
  const cipher = createCipheriv('aes-256-gcm', box.key, box.nonce, TAG);
  cipher.setAAD(box.aad);
  return Buffer.concat([cipher.update(box.plain), cipher.final(), cipher.getAuthTag()]);
}

test('a box sealed natively is the one that node:crypto seals, and opens', () => {
  const gcm = nativeGcm();
  assert.ok(gcm !== undefined, 'this Node shows the functions of its OpenSSL');
  for (const size of SIZES) {
    for (const aad of [Buffer.alloc(0), randomBytes(1300)]) {
      const box = { key: randomBytes(32), nonce: randomBytes(12), aad, plain: randomBytes(size) };
      const shared = new Uint8Array(new SharedArrayBuffer(size + 20), 3, size + 16);
      gcm.sealInto(box, shared);
      assert.deepEqual(Buffer.from(shared), sealedByNode(box), `${size} bytes`);
      const opened = new Uint8Array(size);
      assert.ok(gcm.openInto({ ...box, sealed: shared }, opened));
      assert.deepEqual(Buffer.from(opened), box.plain);
      const decipher = createDecipheriv('aes-256-gcm', box.key, box.nonce, TAG);
      decipher.setAAD(aad).setAuthTag(shared.subarray(size));
      decipher.update(shared.subarray(0, size));
      decipher.final();
    }
  }
});

test('a bit turned anywhere, another key, nonce or header: it does not open', () => {
  const gcm = nativeGcm();
  assert.ok(gcm !== undefined);
  const box = {
    key: randomBytes(32),
    nonce: randomBytes(12),
    aad: randomBytes(77),
    plain: randomBytes(50_000),
  };
  const sealed = sealedByNode(box);
  const into = new Uint8Array(box.plain.length);
  const turned = (bytes: Buffer, at: number): Buffer => {
    const bad = Buffer.from(bytes);
    bad[at] = (bad[at] ?? 0) ^ 0x10;
    return bad;
  };
  const bad = [
    ...[0, 25_000, 49_999, 50_000, 50_015].map((at) => ({ ...box, sealed: turned(sealed, at) })),
    { ...box, sealed, key: turned(box.key, 5) },
    { ...box, sealed, nonce: turned(box.nonce, 5) },
    { ...box, sealed, aad: turned(box.aad, 5) },
    { ...box, sealed, aad: Buffer.alloc(0) },
    { ...box, sealed: sealed.subarray(0, -1) },
    { ...box, sealed: sealed.subarray(0, 15) },
  ];
  for (const each of bad) assert.equal(gcm.openInto(each, into), false);
  // A context that has refused is not spoilt for the next box.
  assert.ok(gcm.openInto({ ...box, sealed }, into));
  assert.deepEqual(Buffer.from(into), box.plain);
  assert.equal(nodeCipher().open({ ...box, sealed: turned(sealed, 7) }), undefined);
});

test('a frame made natively is that of node:zlib, and anything but one frame is refused', () => {
  const zstd = nativeZstd();
  assert.ok(zstd !== undefined, 'this Node shows the functions of its zstd');
  const codec = nodeCodec();
  for (const size of SIZES) {
    const text = Buffer.from('some words, and a number 1234; '.repeat(size / 31 + 1)).subarray(
      0,
      size,
    );
    for (const plain of [text, randomBytes(size)]) {
      const frame = zstd.compress(plain);
      assert.ok(frame !== undefined);
      assert.deepEqual(Buffer.from(frame), zstdCompressSync(plain, LEVEL_1), `${size} bytes`);
      assert.deepEqual(Buffer.from(zstd.decompress(frame, size) ?? []), plain);
      assert.deepEqual(Buffer.from(zstd.decompress(frame, size + 9) ?? []), plain);
      const into = new Uint8Array(size + 9);
      const made = zstd.decompress(frame, size + 9, into);
      assert.ok(made?.buffer === into.buffer && Buffer.compare(made, plain) === 0);
      assert.throws(() => zstd.decompress(frame, size + 10, into), /room/);
      if (size < 20_000) continue;
      const bad: readonly Uint8Array[] = [
        Buffer.concat([frame, frame]),
        Buffer.concat([frame, Buffer.alloc(3)]),
        frame.subarray(0, -1),
        Buffer.alloc(0),
      ];
      for (const each of bad) {
        assert.equal(zstd.decompress(each, 2 * size), undefined);
        assert.throws(() => codec.decompress(each, 2 * size), { code: 'HF_CONTENT_CORRUPT' });
      }
      assert.throws(() => codec.decompress(frame, size - 1), { code: 'HF_CONTENT_CORRUPT' });
    }
  }
});

test('without koffi the same is done by node:crypto and node:zlib', () => {
  const here = (name: string): string =>
    JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));
  const script = `
    const { nodeCipher } = await import(${here('./cipher.ts')});
    const { nodeCodec } = await import(${here('./codec.ts')});
    const { nativeGcm } = await import(${here('./native-gcm.ts')});
    const { nativeZstd } = await import(${here('./native-zstd.ts')});
    const plain = Buffer.alloc(5_000_000, 'prose ');
    const cipher = nodeCipher();
    const codec = nodeCodec();
    const box = { key: Buffer.alloc(32, 1), nonce: Buffer.alloc(12, 2), aad: Buffer.alloc(9), plain };
    const into = new Uint8Array(plain.length);
    const { hash } = await import('node:crypto');
    // The first of each goes through Node; then it is worth to load what is native.
    console.log(JSON.stringify([
      nativeGcm() === undefined && nativeZstd() === undefined,
      ...[1, 2, 3].flatMap(() => {
        const sealed = cipher.seal(box);
        return [
          hash('sha256', sealed),
          hash('sha256', codec.compress(plain)),
          cipher.openInto({ ...box, sealed }, into) && Buffer.compare(into, plain) === 0,
          cipher.openInto({ ...box, sealed: sealed.subarray(1) }, into),
        ];
      }),
    ]));`;
  const run = (env: NodeJS.ProcessEnv): unknown[] => {
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    assert.notEqual(stdout, '', stderr);
    const said: unknown = JSON.parse(stdout);
    return Array.isArray(said) ? said : [];
  };
  const [isWithout, ...done] = run({ HOLDFAST_SYSCALLS: 'none' });
  assert.equal(isWithout, true);
  assert.deepEqual(run({}), [false, ...done]);
  assert.deepEqual(done.slice(2, 4), [true, false]);
  assert.deepEqual(done, [...done.slice(0, 4), ...done.slice(0, 4), ...done.slice(0, 4)]);
});
