// Goal: ssh, and whatever its configuration makes it run, is not told the passphrase of the vault.
// Method: another program in its place, that says what it was given.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { nextBytes } from './node-bytes.ts';
import { openLink } from './ssh-link.ts';

test('the passphrase of the vault stays here', async (t) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-ssh-link-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  const program = path.join(dir, 'ssh');
  fs.writeFileSync(program, '#!/bin/sh\nexec env\n', { mode: 0o700 });
  const environment = {
    PATH: process.env.PATH,
    HOLDFAST_SSH: program,
    HOLDFAST_PASSPHRASE: 'correct horse',
    SSH_AUTH_SOCK: '/run/agent',
  };
  const place = { host: 'st1', path: byteString('/srv/vault') };
  const link = openLink({ place, hasTerminal: false, environment });
  let said = '';
  for (let some = await nextBytes(link.output); some; some = await nextBytes(link.output)) {
    said += Buffer.from(some).toString();
  }
  await link.close();
  assert.match(said, /^SSH_AUTH_SOCK=\/run\/agent$/m);
  assert.doesNotMatch(said, /PASSPHRASE|correct horse/);
});
