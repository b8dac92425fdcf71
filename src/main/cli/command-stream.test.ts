// Goal: a command whose output is backed up is not told the passphrase of the vault.
// Method: `env` as that command.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outputOf } from './command-stream.ts';

test('the passphrase of the vault stays here', async (t) => {
  process.env.HOLDFAST_PASSPHRASE = 'correct horse';
  t.after(() => delete process.env.HOLDFAST_PASSPHRASE);
  let said = '';
  for await (const bytes of outputOf(['env'])) said += Buffer.from(bytes).toString();
  assert.match(said, /^PATH=/m);
  assert.doesNotMatch(said, /PASSPHRASE|correct horse/);
});
