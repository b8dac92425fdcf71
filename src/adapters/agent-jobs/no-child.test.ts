// Goal: an agent that may start no program now says so, and goes on.
// Method: a process of its own that has as many files open as it may, and children that are given more
// than a program may be; each of the two ways in which the system refuses.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Fault } from '../../base/fault.ts';
import { FilesChild } from './files-child.ts';
import { ShowChild } from './show-child.ts';

/** Longer than any one word that a program may be given: E2BIG, which `spawn` throws as it does ENOMEM. */
const TOO_LONG = { LONG: 'x'.repeat(2 ** 20) };
const NEVER = new AbortController().signal;

function showing(env: Readonly<Record<string, string>>): ShowChild {
  return new ShowChild({ command: ['/bin/true'], env, upMs: () => 0, hints: [] });
}

test('a program that the system does not take is an answer, to who asked for files and for a look', async () => {
  const files = new FilesChild({ command: ['/bin/true'], env: TOO_LONG });
  const want = { want: 'list' } as never;
  await assert.rejects(
    files.open(want, NEVER),
    (error) =>
      error instanceof Fault &&
      error.code === 'HF_FILES_BROKEN' &&
      /could not be started: .*E2BIG/.test(error.message),
  );
  const { showings, trouble } = await showing(TOO_LONG).look(NEVER, { isPlain: false });
  assert.deepEqual(showings, []);
  assert.match(trouble, /could not be seen: it could not be started: .*E2BIG/);
});

/** Runs in a process of its own; its files are opened after all modules were read. */
const SCRIPT = `
import fs from 'node:fs';
import { FilesChild } from './files-child.ts';
import { ShowChild } from './show-child.ts';
import { ChildJobs } from './child-jobs.ts';
import { ProbeChild } from '../probes/probe-child.ts';
import { JournalLines } from '../last-lines/journal-lines.ts';
const signal = new AbortController().signal;
const own = { command: ['/bin/true'], env: {} };
const files = new FilesChild(own);
const show = new ShowChild({ ...own, upMs: () => 0, hints: [] });
const ask = (child) => child.run({ program: 'true', args: [], limitMs: 1000, signal });
const jobs = new ChildJobs({ jobs: { it: { backup: 'www' } } }, own);
const job = jobs.find({ word: 'job', n: 1, job: 'a'.repeat(32), act: 'backup', name: 'it' });
await ask(new ProbeChild());
const held = [];
try {
  for (;;) held.push(fs.openSync('/dev/null', 'r'));
} catch (error) {
  if (error.code !== 'EMFILE') throw error;
}
const code = await files.open({ want: 'list' }, signal).catch((error) => error.code + ' ' + error.message);
const { trouble } = await show.look(signal, { isPlain: false });
const end = await job.run(signal, () => undefined);
const probe = await ask(new ProbeChild());
new JournalLines('true', () => undefined).start();
await new Promise((resolve) => setTimeout(resolve, 50));
for (const each of held) fs.closeSync(each);
console.log(JSON.stringify({ code, trouble, end: end.why, probe: probe.how }));
process.exit(0);
`;

test('with no descriptor left, each is answered, and the process goes on', () => {
  const node = [process.execPath, '--input-type=module-typescript', '-e', SCRIPT];
  const { stdout, stderr, status } = spawnSync(
    'sh',
    ['-c', 'ulimit -n 120; exec "$@"', 'sh', ...node],
    { cwd: import.meta.dirname, encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  const said = JSON.parse(stdout) as Readonly<Record<string, string>>;
  assert.match(said.code ?? '', /^HF_FILES_BROKEN .*too many files are open/);
  assert.match(said.trouble ?? '', /could not be started: .*too many files are open/);
  assert.match(said.end ?? '', /could not be started: .*too many files are open/);
  assert.equal(said.probe, 'refused');
});
