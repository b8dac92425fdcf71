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
import { plant, runMutants } from './run-mutants.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');

test('every mutant can still be planted, and has a name of its own', () => {
  assert.equal(new Set(MUTANTS.map(({ id }) => id)).size, MUTANTS.length);
  const listed = fs.readFileSync(path.join(ROOT, 'docs/design/008-crash-and-mutants.md'), 'utf8');
  for (const { id, file, edits, caughtBy } of MUTANTS) {
    assert.ok(listed.includes(`| ${id} |`), `${id} is in the list of docs/design/008`);
    const text = fs.readFileSync(path.join(ROOT, file), 'utf8');
    const { stale } = plant(text, edits);
    assert.equal(stale, undefined, `${id}, in ${file}`);
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
