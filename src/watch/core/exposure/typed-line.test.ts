// Goal: a path in a command is one word to a shell, byte for byte, and all of it can be seen.
// Method: random and hostile names through a real bash, which says what it took them for.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteString } from '../../../base/bytes.ts';
import { sayMessage } from '../../../base/say-name.ts';
import { pathWord } from './typed-line.ts';

const HOSTILE = [
  '/srv/a b',
  "/srv/o'clock",
  '/srv/$(touch x)',
  '/srv/`id`',
  '/srv/a\nb',
  '/srv/\x1b[31mred',
  '/srv/\xff\xfe',
  '/srv/back\\slash',
  "/srv/back\\slash' and quote\n",
  '/srv/\xc3\xa4',
  '/srv/\xe2\x80\xae gnp.exe',
  "/srv/\xe2\x80\xae'$HOME",
  '/srv/\xf0\x9f\x98\x80\t',
];

const arbitraryPath = fc
  .array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 12 })
  .map((codes) => `/${String.fromCharCode(...codes)}`);

test('bash takes each word for the very bytes, and none holds what cannot be seen', () => {
  const random = fc.sample(arbitraryPath, { numRuns: 300, seed: 7 });
  const paths = [...HOSTILE, ...random].map(byteString);
  const words = paths.map(pathWord);
  for (const word of words) assert.equal(sayMessage(word), word, JSON.stringify(word));
  const script = words.map((word) => `printf '%s\\0' ${word}`).join('\n');
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8' };
  const said = execFileSync('bash', ['-c', script], { env }).toString('latin1');
  assert.deepEqual(said.split('\0').slice(0, -1), paths);
});
