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

/** Words of 64 bits as two of 32 each: the low one, then the high one. */
type Words = Uint32Array;

const LOW_AND_HIGH = 2;
/** Beyond this the words are not as digests are, and halving is as good. */
const STEPS_MAX = 16;
const TWO_32 = 2 ** 32;

export class OwnedPaths {
  readonly #hash: Hash;
  readonly #words: Words;

  private constructor(hash: Hash, words: Words) {
    this.#hash = hash;
    this.#words = words;
  }

  static none(hash: Hash): OwnedPaths {
    return new OwnedPaths(hash, new Uint32Array(0));
  }

  /** Of a file; one that is damaged owns nothing. */
  static parse({ hash, codec }: Tools, bytes: Uint8Array): OwnedPaths {
    const words = wordsOf({ hash, codec }, bytes);
    return words === undefined ? OwnedPaths.none(hash) : new OwnedPaths(hash, words);
  }

  get count(): number {
    return this.#words.length / LOW_AND_HIGH;
  }

  has(path: ByteString): boolean {
    const digest = this.#hash.sha256Text(path);
    return isAmong(this.#words, highOf(digest), lowOf(digest));
  }

  /** @param paths in any order, streamed: each takes 8 bytes until they are merged */
  with(paths: Iterable<ByteString>): OwnedPaths {
    return new OwnedPaths(this.#hash, changed(this.#words, this.#sorted(paths), 'with'));
  }

  without(paths: Iterable<ByteString>): OwnedPaths {
    return new OwnedPaths(this.#hash, changed(this.#words, this.#sorted(paths), 'without'));
  }

  bytes({ hash, codec }: Tools): Uint8Array {
    const bytes = new Uint8Array(HEAD_SIZE + WORD_SIZE * this.count + DIGEST_SIZE);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < MAGIC.length; at++) bytes[at] = MAGIC.charCodeAt(at);
    view.setBigUint64(WORD_SIZE, BigInt(this.count));
    for (let at = 0; at < this.count; at++) {
      view.setUint32(HEAD_SIZE + WORD_SIZE * at, high(this.#words, at));
      view.setUint32(HEAD_SIZE + WORD_SIZE * at + 4, low(this.#words, at));
    }
    const end = bytes.length - DIGEST_SIZE;
    codec.writeText(byteString(hash.sha256(bytes.subarray(0, end))), bytes, end);
    return bytes;
  }

  #sorted(paths: Iterable<ByteString>): Words {
    let words = new Uint32Array(GROW_FROM);
    let filled = 0;
    for (const path of paths) {
      if (filled === words.length) {
        const larger = new Uint32Array(LOW_AND_HIGH * filled);
        larger.set(words);
        words = larger;
      }
      const digest = this.#hash.sha256Text(path);
      words[filled++] = lowOf(digest);
      words[filled++] = highOf(digest);
    }
    // Little-endian, as every machine that Node runs on: the two are one word of 64 bits.
    new BigUint64Array(words.buffer, 0, filled / LOW_AND_HIGH).sort();
    return words.subarray(0, filled);
  }
}

const low = (words: Words, at: number): number => words[LOW_AND_HIGH * at] ?? 0;
const high = (words: Words, at: number): number => words[LOW_AND_HIGH * at + 1] ?? 0;

function highOf(digest: string): number {
  return word32(digest, 0);
}

function lowOf(digest: string): number {
  return word32(digest, 4);
}

function word32(digest: string, at: number): number {
  const [first, second] = [digest.charCodeAt(at), digest.charCodeAt(at + 1)];
  const rest = (digest.charCodeAt(at + 2) << 8) | digest.charCodeAt(at + 3);
  return ((first << 24) | (second << 16) | rest) >>> 0;
}

function isAmong(words: Words, wantedHigh: number, wantedLow: number): boolean {
  return isAt(words, placeIn(words, wantedHigh, wantedLow), { wantedHigh, wantedLow });
}

interface Wanted {
  readonly wantedHigh: number;
  readonly wantedLow: number;
}

function isAt(words: Words, at: number, { wantedHigh, wantedLow }: Wanted): boolean {
  const isInside = LOW_AND_HIGH * at < words.length;
  return isInside && high(words, at) === wantedHigh && low(words, at) === wantedLow;
}

/**
 * Where it stands, or the first that is larger. Digests lie evenly, so that the place of one is known
 * nearly: a few steps instead of twenty.
 */
function placeIn(words: Words, wantedHigh: number, wantedLow: number): number {
  let from = 0;
  let to = words.length / LOW_AND_HIGH;
  let guess = Math.floor((wantedHigh / TWO_32) * to);
  for (let step = 0; from < to; step++) {
    const at = Math.min(to - 1, Math.max(from, guess));
    const order = high(words, at) - wantedHigh || low(words, at) - wantedLow;
    if (order === 0) return at;
    if (order < 0) from = at + 1;
    else to = at;
    const distance = Math.ceil(((wantedHigh - high(words, at)) / TWO_32) * (words.length / 2));
    const isNear = step < STEPS_MAX && distance !== 0;
    guess = isNear ? at + distance : (from + to) >>> 1;
  }
  return from;
}

function wordsOf({ hash, codec }: Tools, bytes: Uint8Array): Words | undefined {
  const end = bytes.length - DIGEST_SIZE;
  if (end < HEAD_SIZE || (end - HEAD_SIZE) % WORD_SIZE !== 0) return undefined;
  if (codec.textOf(bytes.subarray(0, MAGIC.length)) !== MAGIC) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = (end - HEAD_SIZE) / WORD_SIZE;
  if (view.getBigUint64(WORD_SIZE) !== BigInt(count)) return undefined;
  const digest = hash.sha256(bytes.subarray(0, end));
  if (codec.textOf(bytes.subarray(end)) !== byteString(digest)) return undefined;
  const words = new Uint32Array(LOW_AND_HIGH * count);
  for (let at = 0; at < count; at++) {
    words[LOW_AND_HIGH * at + 1] = view.getUint32(HEAD_SIZE + WORD_SIZE * at);
    words[LOW_AND_HIGH * at] = view.getUint32(HEAD_SIZE + WORD_SIZE * at + 4);
  }
  return words;
}

/**
 * `a` with the words of `b`, or without them; both are sorted, and so is the result, which has each
 * once. What lies between two of `b` is copied as one: few change of many.
 */
function changed(a: Words, b: Words, how: 'with' | 'without'): Words {
  const out = new Uint32Array(how === 'with' ? a.length + b.length : a.length);
  let filled = 0;
  let from = 0;
  for (let at = 0; LOW_AND_HIGH * at < b.length; at++) {
    const wanted = { wantedHigh: high(b, at), wantedLow: low(b, at) };
    if (at > 0 && isAt(b, at - 1, wanted)) continue;
    const place = placeIn(a, wanted.wantedHigh, wanted.wantedLow);
    out.set(a.subarray(LOW_AND_HIGH * from, LOW_AND_HIGH * place), filled);
    filled += LOW_AND_HIGH * (place - from);
    if (how === 'with') {
      out[filled++] = wanted.wantedLow;
      out[filled++] = wanted.wantedHigh;
    }
    from = isAt(a, place, wanted) ? place + 1 : place;
  }
  const rest = a.subarray(LOW_AND_HIGH * from);
  out.set(rest, filled);
  return out.subarray(0, filled + rest.length);
}
