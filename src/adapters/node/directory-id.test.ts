// Goal: one directory has one id, and no other has it. Method: the example of docs/format/stdio.md 3,
// made by another program; and directories that are moved, copied and made anew.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { directoryIdAt, directoryIdOf } from './directory-id.ts';

const MACHINE = '88b1ca0c681e4f5fbc7bbdfb16f4aacc';

test('the id that is told is the one of the format', () => {
  assert.equal(directoryIdOf(MACHINE, '131074.1790000000123456789'), EXAMPLE);
  assert.notEqual(directoryIdOf(`0${MACHINE.slice(1)}`, '131074.1790000000123456789'), EXAMPLE);
});

const EXAMPLE = 'b19c060c467635720eefb9b18c69fe2b';

test('an inode alone names nothing', () => {
  assert.equal(directoryIdOf(MACHINE, '131074.0'), undefined);
});

test('it stays with the directory, and another in its place has another', (t) => {
  const scratch = fs.mkdtempSync('/tmp/hf-directory-');
  t.after(() => fs.rmSync(scratch, { recursive: true }));
  const at = (name: string): string | undefined => directoryIdAt(byteString(`${scratch}/${name}`));
  fs.mkdirSync(`${scratch}/one/packs`, { recursive: true });
  const one = at('one');
  if (one === undefined) return t.skip('no machine-id, or a file system without times of birth');
  fs.renameSync(`${scratch}/one`, `${scratch}/moved`);
  assert.equal(at('moved'), one);
  fs.mkdirSync(`${scratch}/one/packs`, { recursive: true });
  assert.notEqual(at('one'), one);
  assert.equal(at('none'), undefined);
});
