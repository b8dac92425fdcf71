// Goal: the machine that is proposed for the vault is another than this one, the likeliest first,
// and none where none is known. Method: homes as ssh keeps them, with addresses nobody resolves.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { DISCOVERY, RESTIC } from '../../../test/watch/discovery-example.ts';
import { otherMachine } from './other-machine.ts';

const NOTHING = { ...DISCOVERY, backups: [] };

function homeWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-home-'));
  t.after(() => fs.rmSync(home, { recursive: true }));
  fs.mkdirSync(path.join(home, '.ssh'));
  for (const [name, text] of Object.entries(files)) {
    fs.writeFileSync(path.join(home, '.ssh', name), text);
  }
  return home;
}

test('the first of ssh that is not this machine, with a place that can be given', async (t) => {
  const known = `localhost ssh-ed25519 A\n${NOTHING.host} ssh-ed25519 A\n[192.0.2.7]:2222 ssh-rsa A`;
  const home = homeWith(t, { known_hosts: known });
  const found = await otherMachine(NOTHING, home);
  assert.equal(found?.place, 'ssh://192.0.2.7:2222/~/holdfast-vault');
  assert.equal(found.from, '~/.ssh/known_hosts');
});

test('where backups go already comes before what ssh has met', async (t) => {
  const home = homeWith(t, { known_hosts: '192.0.2.7 ssh-rsa A' });
  const restic = { ...RESTIC, repository: 'sftp:ann@192.0.2.9:/srv/restic' };
  const found = await otherMachine({ ...DISCOVERY, backups: [restic] }, home);
  assert.equal(found?.place, 'ssh://ann@192.0.2.9/~/holdfast-vault');
});

test('nothing is proposed where nothing is known', async (t) => {
  assert.equal(await otherMachine(NOTHING, homeWith(t, {})), undefined);
  assert.equal(await otherMachine(NOTHING, '/nonexistent'), undefined);
});
