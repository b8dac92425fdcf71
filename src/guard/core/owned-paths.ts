/**
 * The paths that a pipeline made or adopted, as the first 8 bytes of their digests, sorted: 8 MB for a
 * million. docs/format/guard-history.md has the bytes.
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import type { Hash } from '../../host/hash.ts';

const MAGIC = 'HFOWNED0';
const HEAD_SIZE = 16;
const WORD_SIZE = 8;
const DIGEST_SIZE = 32;
const GROW_FROM = 1024;

interface Tools {
  readonly hash: Hash;
  readonly codec: Codec;
}

export class OwnedPaths {
  readonly #hash: Hash;
  readonly #words: BigUint64Array;
  readonly #scratch = new DataView(new ArrayBuffer(WORD_SIZE));

  private constructor(hash: Hash, words: BigUint64Array) {
    this.#hash = hash;
    this.#words = words;
  }

  static none(hash: Hash): OwnedPaths {
    return new OwnedPaths(hash, new BigUint64Array(0));
  }

  /** Of a file; one that is damaged owns nothing. */
  static parse({ hash, codec }: Tools, bytes: Uint8Array): OwnedPaths {
    const words = wordsOf({ hash, codec }, bytes);
    return words === undefined ? OwnedPaths.none(hash) : new OwnedPaths(hash, words);
  }

  get count(): number {
    return this.#words.length;
  }

  has(path: ByteString): boolean {
    const wanted = wordOf(this.#hash, this.#scratch, path);
    let low = 0;
    let high = this.#words.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const word = this.#words[middle] ?? 0n;
      if (word === wanted) return true;
      if (word < wanted) low = middle + 1;
      else high = middle - 1;
    }
    return false;
  }

  /** @param paths in any order, streamed: each takes 8 bytes until they are merged */
  with(paths: Iterable<ByteString>): OwnedPaths {
    return new OwnedPaths(this.#hash, merged(this.#words, this.#sorted(paths)));
  }

  without(paths: Iterable<ByteString>): OwnedPaths {
    return new OwnedPaths(this.#hash, difference(this.#words, this.#sorted(paths)));
  }

  bytes({ hash, codec }: Tools): Uint8Array {
    const count = this.#words.length;
    const bytes = new Uint8Array(HEAD_SIZE + WORD_SIZE * count + DIGEST_SIZE);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < MAGIC.length; at++) bytes[at] = MAGIC.charCodeAt(at);
    view.setBigUint64(WORD_SIZE, BigInt(count));
    for (let at = 0; at < count; at++) {
      view.setBigUint64(HEAD_SIZE + WORD_SIZE * at, this.#words[at] ?? 0n);
    }
    const end = bytes.length - DIGEST_SIZE;
    codec.writeText(byteString(hash.sha256(bytes.subarray(0, end))), bytes, end);
    return bytes;
  }

  #sorted(paths: Iterable<ByteString>): BigUint64Array {
    let words = new BigUint64Array(GROW_FROM);
    let count = 0;
    for (const path of paths) {
      if (count === words.length) {
        const larger = new BigUint64Array(2 * count);
        larger.set(words);
        words = larger;
      }
      words[count++] = wordOf(this.#hash, this.#scratch, path);
    }
    return words.subarray(0, count).sort();
  }
}

function wordOf(hash: Hash, scratch: DataView, path: ByteString): bigint {
  const digest = hash.sha256Text(path);
  for (let at = 0; at < WORD_SIZE; at++) scratch.setUint8(at, digest.charCodeAt(at));
  return scratch.getBigUint64(0);
}

function wordsOf({ hash, codec }: Tools, bytes: Uint8Array): BigUint64Array | undefined {
  const end = bytes.length - DIGEST_SIZE;
  if (end < HEAD_SIZE || (end - HEAD_SIZE) % WORD_SIZE !== 0) return undefined;
  if (codec.textOf(bytes.subarray(0, MAGIC.length)) !== MAGIC) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = (end - HEAD_SIZE) / WORD_SIZE;
  if (view.getBigUint64(WORD_SIZE) !== BigInt(count)) return undefined;
  const digest = hash.sha256(bytes.subarray(0, end));
  if (codec.textOf(bytes.subarray(end)) !== byteString(digest)) return undefined;
  const words = new BigUint64Array(count);
  for (let at = 0; at < count; at++) words[at] = view.getBigUint64(HEAD_SIZE + WORD_SIZE * at);
  return words;
}

/** Both are sorted; the result is, and has each once. */
function merged(a: BigUint64Array, b: BigUint64Array): BigUint64Array {
  const out = new BigUint64Array(a.length + b.length);
  let count = 0;
  let left = 0;
  let right = 0;
  while (left < a.length || right < b.length) {
    const one = a[left];
    const other = b[right];
    const takesLeft = other === undefined || (one !== undefined && one <= other);
    const word = (takesLeft ? one : other) ?? 0n;
    if (takesLeft) left += 1;
    else right += 1;
    if (count === 0 || out[count - 1] !== word) out[count++] = word;
  }
  return out.slice(0, count);
}

function difference(a: BigUint64Array, b: BigUint64Array): BigUint64Array {
  const out = new BigUint64Array(a.length);
  let count = 0;
  let right = 0;
  for (const word of a) {
    while (right < b.length && (b[right] ?? 0n) < word) right += 1;
    if (b[right] !== word) out[count++] = word;
  }
  return out.slice(0, count);
}
