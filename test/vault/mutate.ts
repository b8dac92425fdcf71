/** What somebody would write who wants to break a reader: bytes and lines of JSON, spoiled by a seed. */
import type { Seeded } from '../../sim/seeded.ts';

const WORDS = [0, 1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const GROW_MAX = 512;

/** One to four spoilings of the same bytes. @param other of another object, to splice from */
export function spoiled(seeded: Seeded, good: Uint8Array, other: Uint8Array): Uint8Array {
  let bad = Uint8Array.from(good);
  for (let left = 1 + seeded.below(4); left > 0; left--) {
    bad = seeded.pick([flip, word, cut, repeat, splice, zero, add])(seeded, bad, other);
  }
  return bad;
}

type Spoil = (seeded: Seeded, bytes: Uint8Array, other: Uint8Array) => Uint8Array<ArrayBuffer>;

const flip: Spoil = (seeded, bytes) => {
  const bad = Uint8Array.from(bytes);
  const at = seeded.below(bad.length);
  if (bad.length > 0) bad[at] = (bad[at] ?? 0) ^ (1 << seeded.below(8));
  return bad;
};

/** A length, a count or an offset that lies: little and big endian, of four and of eight bytes. */
const word: Spoil = (seeded, bytes) => {
  const bad = Uint8Array.from(bytes);
  if (bad.length < 8) return bad;
  const view = new DataView(bad.buffer);
  const at = 4 * seeded.below(Math.floor((bad.length - 4) / 4));
  const value = seeded.isTrue(0.3)
    ? view.getUint32(at, true) + seeded.pick([-1, 1, 4, -4])
    : seeded.pick(WORDS as [number, ...number[]]);
  view.setUint32(at, value >>> 0, seeded.isTrue(0.8));
  return bad;
};

const cut: Spoil = (seeded, bytes) => bytes.slice(0, seeded.below(bytes.length + 1));

const repeat: Spoil = (seeded, bytes) => {
  const from = seeded.below(bytes.length + 1);
  const part = bytes.subarray(from, from + 1 + seeded.below(GROW_MAX));
  return joined(bytes.subarray(0, from), part, bytes.subarray(from));
};

const splice: Spoil = (seeded, bytes, other) => {
  const at = seeded.below(Math.min(bytes.length, other.length) + 1);
  return joined(bytes.subarray(0, at), other.subarray(at));
};

const zero: Spoil = (seeded, bytes) => {
  const bad = Uint8Array.from(bytes);
  const from = seeded.below(bad.length + 1);
  return bad.fill(seeded.pick([0, 255, 32]), from, from + seeded.below(64));
};

const add: Spoil = (seeded, bytes) => {
  const more = Uint8Array.from({ length: seeded.below(GROW_MAX) }, () => seeded.below(256));
  return joined(bytes, more);
};

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(parts));
}

const HOSTILE: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e300, Number.MAX_SAFE_INTEGER, '', '\u0000', '\ud800', '../..', '='],
  ...[[], {}, [[]], { length: -1 }, 'x'.repeat(5000), '9'.repeat(400), '1970-01-01T00:00:00Z'],
  ...['f'.repeat(64), 'a'.repeat(63), Array.from({ length: 300 }, () => 'a'.repeat(64))],
];

/** The same value with something in it that is of another kind, missing, twice, deep or large. */
export function spoiledValue(seeded: Seeded, value: unknown): unknown {
  if (Array.isArray(value)) {
    const at = seeded.below(value.length + 1);
    if (value.length === 0 || seeded.isTrue(0.3)) return seeded.pick([nested(seeded), []]);
    if (seeded.isTrue(0.3)) return [...value, value[at]];
    return value.map((each, nth) => (nth === at ? spoiledValue(seeded, each) : each));
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value);
    const chosen = seeded.below(members.length);
    if (seeded.isTrue(0.15)) return Object.fromEntries(members.filter((_, at) => at !== chosen));
    if (seeded.isTrue(0.1))
      return { ...value, ['more'.repeat(1 + seeded.below(3))]: nested(seeded) };
    return Object.fromEntries(
      members.map(([name, each], at) => [name, at === chosen ? spoiledValue(seeded, each) : each]),
    );
  }
  return seeded.isTrue(0.1) ? nested(seeded) : HOSTILE[seeded.below(HOSTILE.length)];
}

function nested(seeded: Seeded): unknown {
  let deep: unknown = HOSTILE[seeded.below(HOSTILE.length)];
  for (let depth = seeded.below(400); depth > 0; depth--)
    deep = seeded.isTrue(0.5) ? [deep] : { deep };
  return deep;
}
