// Goal: a host that hangs, prints without end or prints what it likes costs its enrolment, never the
// command nor the terminal. Method: programs in the place of ssh that do so.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { Fault } from '../../base/fault.ts';
import { HostShell } from './host-shell.ts';
import { readSurvey } from './survey.ts';

function shellOver(t: TestContext, script: string, limitMs: number): HostShell {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-shell-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  const ssh = path.join(dir, 'ssh');
  fs.writeFileSync(ssh, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const host = { name: 'web1', at: { host: 'web1' }, groups: [] };
  const environment = { PATH: process.env.PATH, HOLDFAST_SSH: ssh };
  return new HostShell(host, {
    ...{ environment, mayAsk: false, limitMs },
    onStop: () => () => undefined,
  });
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    return error;
  }
  return assert.fail('it was taken');
}

test('a host that hangs in the middle is given up', async (t) => {
  const fault = await faultOf(shellOver(t, 'echo hf begin 0; exec sleep 600', 300).run('true\n'));
  assert.match(fault.message, /web1: it did not come to its end/);
});

test('a host that hangs while it is sent a file is given up', async (t) => {
  const file = path.join(import.meta.dirname, 'host-shell.ts');
  const fault = await faultOf(shellOver(t, 'exec sleep 600', 300).send(file, 'p.tar.gz'));
  assert.match(fault.message, /did not come to its end/);
});

test('a host that prints without end is cut off', async (t) => {
  const fault = await faultOf(shellOver(t, 'exec yes hf', 20_000).run('true\n'));
  assert.match(fault.message, /more than any script/);
});

test('what it prints is no part of what a terminal is told', async (t) => {
  const nasty = String.raw`\033]0;pwned\007\033[2J`;
  const said = await faultOf(shellOver(t, `printf '${nasty}' >&2; exit 3`, 60_000).run('true\n'));
  assert.doesNotMatch(said.message, /[\u0000-\u001f]/);
  for (const text of [
    '',
    'hf begin 0\n',
    'hf end\n',
    '\u001b[2J',
    'hf begin 0\nhf list\n{}\nhf end\n',
  ]) {
    assert.throws(() => readSurvey('web1', text), Fault, JSON.stringify(text));
  }
});
