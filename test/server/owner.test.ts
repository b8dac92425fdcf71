// Goal: what root does on the terminal of a server that runs as a user of its own leaves that user all of
// its state, and follows nothing that this user has put in the way.
// Method: root's commands on a state of another user's, a recover and a link to a file of root's among them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { needs } from '../run/needs.ts';
import { Drill } from './drill.ts';

const NOBODY = 65_534;

test('root’s commands leave the state to whose it is', { timeout: 300_000 }, async (t) => {
  if (!needs(t, 'root')) return;
  const drill = await Drill.open(t);
  fs.chmodSync(drill.root, 0o755);
  const state = path.join(drill.root, 'state');
  fs.mkdirSync(state, { mode: 0o700 });
  fs.chownSync(state, NOBODY, NOBODY);
  const assertTheirs = (): void => {
    const entries = fs.readdirSync(state, { recursive: true, encoding: 'utf8' });
    assert.ok(entries.length > 2);
    const others = entries.filter((name) => fs.lstatSync(path.join(state, name)).uid !== NOBODY);
    assert.deepEqual(others, []);
  };
  drill.json('token', 'web1');
  assertTheirs();
  fs.unlinkSync(drill.file('server.db'));
  drill.json('recover');
  assertTheirs();
  for (const name of ['anna', 'ben']) drill.json('user', 'add', name, '--role', 'admin');
  // Written anew, in place of the one of the server: who was put out stands in it.
  const { ino } = fs.statSync(drill.file('agents.json'));
  assert.equal(drill.onServer('user', 'remove', 'anna').status, 0);
  assert.notEqual(fs.statSync(drill.file('agents.json')).ino, ino);
  assertTheirs();
  const victim = path.join(drill.root, 'victim');
  fs.writeFileSync(victim, '', { mode: 0o600 });
  fs.rmSync(drill.file('server.db'));
  fs.symlinkSync(victim, drill.file('server.db'));
  assert.notEqual(drill.onServer('user', 'add', 'carl').status, 0);
  assert.equal(fs.readFileSync(victim, 'utf8'), '', 'a file of root’s, at the end of a link');
});
