// Goal: what core computes with gives the results other programs give, on any memory.
// Method: the vectors of the RFCs and of NIST, then the same calls on memory shared among threads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, zstdCompressSync } from 'node:zlib';
import { byteString, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { alignedBuffer } from './aligned-buffer.ts';
import { nodeTools } from './tools.ts';

const { hash, codec, cipher, random } = nodeTools();

const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const ascii = (text: string) => codec.bytesOf(byteString(text));
const filled = (count: number, byte: number) => new Uint8Array(count).fill(byte);

function shared(bytes: Uint8Array): Uint8Array {
  const copy = alignedBuffer(bytes.length);
  copy.set(bytes);
  return copy;
}

function isCorrupt(error: unknown): boolean {
  return error instanceof Fault && error.code === 'HF_CONTENT_CORRUPT';
}

test('SHA-256 (FIPS 180-4), whole, as text and in pieces', () => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  assert.equal(hexOf(hash.sha256(ascii('abc'))), abc);
  assert.equal(hexOf(hash.sha256(shared(ascii('abc')))), abc);
  assert.equal(hexOf(hash.sha256Text(byteString('abc'))), abc);
  const stream = hash.stream();
  stream.update(ascii('a'));
  stream.update(shared(ascii('bc')));
  assert.equal(hexOf(stream.digest()), abc);
  const every = byteString(String.fromCharCode(...Array.from({ length: 256 }, (_, at) => at)));
  assert.equal(hash.sha256Text(every), hash.sha256(codec.bytesOf(every)));
  const long = byteString('\xff'.repeat(5000)); // Longer than the scratch memory.
  assert.equal(hash.sha256Text(long), hash.sha256(filled(5000, 0xff)));
});

test('HMAC-SHA-256 (RFC 4231, cases 1, 2 and 6), also after a long message', () => {
  const cases = [
    [
      filled(20, 0x0b),
      'Hi There',
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      ascii('Jefe'),
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      filled(131, 0xaa),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
  ] as const;
  for (const round of [1, 2]) {
    for (const [key, message, code] of cases) {
      assert.equal(toHex(cipher.hmac(key, ascii(message))), code, `round ${round}`);
      assert.equal(toHex(cipher.hmac(shared(key), shared(ascii(message)))), code);
    }
    cipher.hmac(filled(64, 1), filled(100_000, 2)); // Leaves its bytes in the scratch memory.
  }
});

test('HKDF-SHA-256 (RFC 5869, case 1)', () => {
  const derived = cipher.hkdf({
    secret: shared(filled(22, 0x0b)),
    salt: fromHex('000102030405060708090a0b0c'),
    info: fromHex('f0f1f2f3f4f5f6f7f8f9'),
    length: 42,
  });
  assert.equal(
    toHex(derived),
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  );
});

test('scrypt (RFC 7914), and more memory than OpenSSL grants unasked', () => {
  const options = { passphrase: ascii('pleaseletmein'), salt: ascii('SodiumChloride'), r: 8, p: 1 };
  assert.equal(
    toHex(cipher.scrypt({ ...options, n: 16384 })),
    '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2',
  );
  assert.equal(cipher.scrypt({ ...options, n: 65536 }).length, 32);
});

test('AES-256-GCM (NIST case 16), and no bit of it may change', () => {
  const box = {
    key: fromHex('feffe9928665731c6d6a8f9467308308'.repeat(2)),
    nonce: fromHex('cafebabefacedbaddecaf888'),
    aad: fromHex('feedfacedeadbeeffeedfacedeadbeefabaddad2'),
    plain: fromHex(
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
        '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    ),
  };
  const expected =
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
    '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
    '76fc6ece0f4e1768cddf8853bb2d551b';
  const sealed = cipher.seal(box);
  assert.equal(toHex(sealed), expected);
  assert.equal(toHex(cipher.seal({ ...box, plain: shared(box.plain) })), expected);
  assert.deepEqual(cipher.open({ ...box, sealed: shared(sealed) }), box.plain);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const bent = sealed.slice();
    bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(cipher.open({ ...box, sealed: bent }), undefined, `bit ${bit}`);
  }
  assert.equal(cipher.open({ ...box, sealed, aad: filled(20, 0) }), undefined);
  assert.equal(cipher.open({ ...box, sealed: sealed.subarray(0, 15) }), undefined);
  assert.equal(cipher.open({ ...box, sealed: sealed.subarray(0, 40) }), undefined);
  const empty = cipher.seal({ ...box, plain: new Uint8Array(0) });
  assert.deepEqual(cipher.open({ ...box, sealed: empty }), new Uint8Array(0));
});

test('X25519 (RFC 7748, 6.1), and a public key that gives no secret is refused', () => {
  const alice = fromHex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a');
  const bob = fromHex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb');
  const bobPublic = 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f';
  const secret = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';
  assert.equal(
    toHex(cipher.agreementPublic(alice)),
    '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
  );
  assert.equal(toHex(cipher.agreementPublic(bob)), bobPublic);
  assert.equal(toHex(cipher.agree(shared(alice), shared(fromHex(bobPublic)))), secret);
  const pair = cipher.agreementPair();
  assert.deepEqual(
    cipher.agree(pair.privateKey, fromHex(bobPublic)),
    cipher.agree(bob, pair.publicKey),
  );
  assert.throws(() => cipher.agree(alice, filled(32, 0)), isCorrupt);
});

test('Ed25519 (RFC 8032, test 2), and what was not signed is not believed', () => {
  const privateKey = fromHex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb');
  const publicKey = fromHex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c');
  const message = shared(fromHex('72'));
  const signature = cipher.sign(privateKey, message);
  assert.equal(
    toHex(signature),
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  );
  assert.deepEqual(cipher.signingPublic(privateKey), publicKey);
  assert.equal(cipher.verify(publicKey, message, signature), true);
  assert.equal(cipher.verify(publicKey, fromHex('73'), signature), false);
  assert.equal(cipher.verify(cipher.signingPair().publicKey, message, signature), false);
  assert.equal(cipher.verify(publicKey, message, signature.subarray(1)), false);
  assert.equal(cipher.verify(publicKey.subarray(1), message, signature), false);
  assert.equal(cipher.verify(filled(32, 0xff), message, signature), false);
});

test('zstd: one frame, whole, of the size expected, or a Fault', () => {
  const text = ascii('the same again; '.repeat(50_000));
  for (const bytes of [new Uint8Array(0), ascii('x'), text, random.bytes(300_000)]) {
    const frame = codec.compress(shared(bytes));
    assert.deepEqual(codec.decompress(shared(frame), bytes.length), bytes);
    assert.deepEqual(codec.decompress(frame, bytes.length + 1), bytes);
    if (bytes.length > 0) {
      assert.throws(() => codec.decompress(frame, bytes.length - 1), isCorrupt);
    }
    const twice = Buffer.concat([frame, frame]); // Node alone would return the first.
    assert.throws(() => codec.decompress(twice, 2 * bytes.length), isCorrupt);
    assert.throws(() => codec.decompress(Buffer.concat([frame, ascii('!')]), 1 << 20), isCorrupt);
    assert.throws(() => codec.decompress(frame.subarray(0, -1), 1 << 20), isCorrupt);
  }
  assert.throws(() => codec.decompress(new Uint8Array(0), 10), isCorrupt);
  assert.throws(() => codec.decompress(text, text.length), isCorrupt);
  const level = { [constants.ZSTD_c_compressionLevel]: 1 };
  assert.deepEqual(Buffer.from(codec.compress(text)), zstdCompressSync(text, { params: level }));
});

test('text of bytes and back, at an offset of shared memory, and base64 with one reading', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  const text = codec.textOf(shared(bytes));
  assert.equal(text.length, 256);
  assert.deepEqual(codec.bytesOf(text), bytes);
  const into = alignedBuffer(300);
  assert.equal(codec.writeText(text, into, 40), 256);
  assert.deepEqual(into.slice(40, 296), bytes);
  assert.equal(into[39], 0);
  assert.equal(into[296], 0);
  assert.deepEqual(codec.bytesOfBase64(codec.base64Of(shared(bytes))), bytes);
  assert.deepEqual(codec.bytesOfBase64(''), new Uint8Array(0));
  for (const bad of ['AAA', 'AA=', 'AB==', 'A-_A', 'AAAA\n', ' AAAA', 'A?AA', '====']) {
    assert.equal(codec.bytesOfBase64(bad), undefined, bad);
  }
});

test('chance: as many bytes as asked for, never the same', () => {
  assert.equal(random.bytes(0).length, 0);
  assert.equal(new Set(Array.from({ length: 100 }, () => toHex(random.bytes(16)))).size, 100);
});
