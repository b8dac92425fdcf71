// Goal: while packages are installed no service starts, and afterwards the machine's own policy is
// as it was, also after a run that was killed.
// Method: the policy file is placed and put back in a scratch folder; the killed run is one whose
// second half never happens.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { placePolicy, restorePolicy } from './debian-install.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'policy-'));
const policy = path.join(folder, 'policy-rc.d');
const OWN = '#!/bin/sh\n# The owner of the machine said so.\nexit 0\n';

beforeEach(() => {
  for (const name of fs.readdirSync(folder)) fs.unlinkSync(path.join(folder, name));
});
after(() => fs.rmSync(folder, { recursive: true }));

test('the policy forbids every start', () => {
  placePolicy(policy);
  assert.equal(spawnSync(policy, ['postgresql', 'start']).status, 101);
});

test('where there was none, none is left', () => {
  placePolicy(policy);
  restorePolicy(policy);
  assert.deepEqual(fs.readdirSync(folder), []);
});

test('what was there is there again, with its mode', () => {
  fs.writeFileSync(policy, OWN, { mode: 0o700 });
  placePolicy(policy);
  restorePolicy(policy);
  assert.deepEqual(fs.readdirSync(folder), ['policy-rc.d']);
  assert.equal(fs.readFileSync(policy, 'utf8'), OWN);
  assert.equal(fs.statSync(policy).mode & 0o777, 0o700);
});

test('after a killed run the next one finds the way back', () => {
  fs.writeFileSync(policy, OWN);
  placePolicy(policy);
  placePolicy(policy);
  restorePolicy(policy);
  assert.equal(fs.readFileSync(policy, 'utf8'), OWN);
});

test('a policy that is not ours is never removed', () => {
  fs.writeFileSync(policy, OWN);
  restorePolicy(policy);
  assert.equal(fs.readFileSync(policy, 'utf8'), OWN);
});
