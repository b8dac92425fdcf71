// Goal: one agent runs from a directory, whatever anybody else on the host does, and the next one can as
// soon as it has ended, however it ended. Method: real processes, and the name that any user could take.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Fault } from '../../base/fault.ts';
import { beTheOnlyAgent } from './one-agent.ts';

const CHILD = `
import { beTheOnlyAgent } from ${JSON.stringify(path.join(import.meta.dirname, 'one-agent.ts'))};
beTheOnlyAgent(process.argv[1]);
process.stdout.write('held');
setInterval(() => undefined, 1000);
`;

test('one at a time; a kill lets the next one in; no other user can hold the place', async (t) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-one-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  // As it was called once: anybody may bind it, and it kept the agent of this host away.
  const name = createHash('sha256').update(fs.realpathSync(dir)).digest('hex').slice(0, 32);
  const squatter = net.createServer();
  squatter.listen(`\0holdfast-agent-${name}`);
  await once(squatter, 'listening');
  t.after(() => squatter.close());
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', CHILD, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  assert.throws(
    () => beTheOnlyAgent(dir),
    (error) => error instanceof Fault && error.code === 'HF_AGENT_RUNS',
  );
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  const mine = beTheOnlyAgent(dir);
  assert.throws(() => beTheOnlyAgent(dir), Fault);
  mine.close();
  beTheOnlyAgent(dir).close();
});
