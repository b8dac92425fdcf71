// Goal: of what lies twice in two places the right bytes are taken, and none where nothing tells.
// Method: each way in which up to four of them can agree and differ.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rightTwin, type Sighting } from './twin-vote.ts';

const bytes = (letter: string): Uint8Array => Uint8Array.of(letter.charCodeAt(0));

/** `aab` here and `b` there as `aab/b`. @returns the letter of what is right; `-`: nothing */
function rightOf(text: string): string {
  const [here = '', there = ''] = text.split('/');
  const sightings: Sighting[] = [
    ...[...here].map((letter) => ({ at: 'here' as const, bytes: bytes(letter) })),
    ...[...there].map((letter) => ({ at: 'there' as const, bytes: bytes(letter) })),
  ];
  const right = rightTwin(sightings);
  return right === undefined ? '-' : String.fromCharCode(...right);
}

const CASES = [
  ['aa/', 'a'],
  ['a/', 'a'],
  ['ab/', '-'],
  ['/', '-'],
  ['ab/aa', 'a'],
  ['ab/b', 'b'],
  ['ab/ab', '-'],
  ['/aa', 'a'],
  ['/ab', '-'],
  ['a/b', '-'],
  ['a/bb', '-'],
  ['ab/cc', '-'],
  ['aa/bb', 'a'],
] as const;

for (const [seen, right] of CASES) {
  test(`${seen}: ${right}`, () => assert.equal(rightOf(seen), right));
}
