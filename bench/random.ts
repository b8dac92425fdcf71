import { createHash } from 'node:crypto';

/** A stream of chance that anybody can repeat from its seed. */
export interface Dice {
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  /** From the normal distribution with mean 0 and deviation 1. */
  normal(): number;
}

/** Dice for one named thing, such as one file: the order in which things are made is then free. */
export function diceFor(...name: readonly (string | number)[]): Dice {
  const digest = createHash('sha256').update(name.join('/')).digest();
  let [a, b, c, d] = [0, 4, 8, 12].map((at) => digest.readInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ];

  /** sfc32: small, fast, and passes the usual batteries of tests. */
  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };

  return {
    below: (limit) => Math.floor((next() / 2 ** 32) * limit),
    normal: () => {
      const radius = Math.sqrt(-2 * Math.log((next() + 1) / (2 ** 32 + 1)));
      return radius * Math.cos((2 * Math.PI * next()) / 2 ** 32);
    },
  };
}
