// Goal: a step of the write path that is left out does not stay unseen: each mutant is caught by the
// test that is named for it.
// Method: the quick ones of test/mutants/mutants.ts are planted into a copy of the product, and
// their tests run there; all of them by `npm run mutants`. That the texts of all others are still
// in the source is looked at here.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { MUTANTS } from './mutants.ts';
import { runMutants } from './run-mutants.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');

test('every mutant can still be planted, and has a name of its own', () => {
  assert.equal(new Set(MUTANTS.map(({ id }) => id)).size, MUTANTS.length);
  for (const { id, file, edits, caughtBy } of MUTANTS) {
    const text = fs.readFileSync(path.join(ROOT, file), 'utf8');
    for (const { replace } of edits) {
      assert.equal(text.split(replace).length, 2, `${id}: ${replace} is in ${file} once`);
    }
    assert.ok(fs.existsSync(path.join(ROOT, caughtBy.file)), `${id}: ${caughtBy.file} is there`);
  }
});

test('the quick mutants are caught', async (t) => {
  const mutants = MUTANTS.filter(({ isQuick }) => isQuick === true);
  assert.ok(mutants.length >= 8, 'liveness: there are mutants');
  await runMutants({
    mutants,
    atOnce: 2,
    onResult: ({ mutant, fate, said }) => {
      t.diagnostic(`${fate} ${mutant.id}`);
      assert.equal(fate, 'caught', `${mutant.id}: ${mutant.why}\n${said.slice(-2000)}`);
    },
  });
});
