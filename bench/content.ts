import { createCipheriv, createHash } from 'node:crypto';
import { type Dice, diceFor } from './random.ts';

const LINE_COUNT = 65_536;
const WORD_COUNT = 4_000;
const SYLLABLES = 'ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo yu'.split(' ');
const SHAPES = [
  'const {} = {}({});',
  'if ({}.{} !== {}) {',
  'return {}.{}({}, {});',
  '// The {} of {} is {} only when {} has been {}.',
  '{}({}: {}): {};',
  '}',
  '',
  'for (const {} of {}.{}) {',
  'static int {}(struct {} *{}, unsigned {})',
  '{} = {} + {} * {};',
] as const;

/** Fills buffers with bytes that do not compress, a different stream for each name. */
export function fillRandom(target: Buffer, ...name: readonly (string | number)[]): void {
  const seed = createHash('sha256').update(name.join('/')).digest();
  const cipher = createCipheriv('aes-128-ctr', seed.subarray(0, 16), seed.subarray(16, 32));
  cipher.update(target.fill(0)).copy(target);
}

/**
 * Fills buffers with text that looks and compresses like source code (zstd -1: about four to one).
 * The lines come from one stock; each file puts them in an order of its own, so that two files
 * share lines but no block of a size that a backup tool would recognise.
 */
export class SourceText {
  readonly #lines: Buffer[];

  constructor(seed: number) {
    const dice = diceFor(seed, 'lines');
    const words = Array.from({ length: WORD_COUNT }, () => makeWord(dice));
    this.#lines = Array.from({ length: LINE_COUNT }, () => makeLine(dice, words));
  }

  fill(target: Buffer, ...name: readonly (string | number)[]): void {
    const dice = diceFor(...name);
    for (let at = 0; at < target.length; ) {
      const line = this.#lines[dice.below(LINE_COUNT)];
      if (line !== undefined) at += line.copy(target, at);
    }
  }
}

function makeWord(dice: Dice): string {
  const parts = Array.from({ length: 1 + dice.below(3) }, () => pick(dice, SYLLABLES));
  const style = dice.below(3);
  if (style === 0) return parts.join('_');
  return parts
    .map((part, at) => (at === 0 ? part : part[0]?.toUpperCase() + part.slice(1)))
    .join('');
}

function makeLine(dice: Dice, words: readonly string[]): Buffer {
  // The square of an even chance: a few words are frequent and most are rare, as in real code.
  const word = (): string => words[Math.floor(dice.below(1_000) ** 2 / 250)] ?? '';
  const text = pick(dice, SHAPES).replaceAll('{}', word);
  return Buffer.from(`${'  '.repeat(dice.below(5))}${text}\n`);
}

function pick(dice: Dice, choices: readonly string[]): string {
  return choices[dice.below(choices.length)] ?? '';
}
