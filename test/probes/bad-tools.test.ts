// Goal: whatever the program does that a probe asks (it hangs with a child of its own, is killed, is
// missing, prints nonsense or without end), the item is unreadable within its limit, and nothing of
// it runs on. Method: each kind with each such program.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { boundedProbe } from '../../src/adapters/probes/bounded-probe.ts';
import { inodesProbe, spaceProbe } from '../../src/adapters/probes/file-system-space.ts';
import { kernelLogProbe } from '../../src/adapters/probes/kernel-log.ts';
import { mountProbe } from '../../src/adapters/probes/mount-state.ts';
import { pluginProbe } from '../../src/adapters/probes/nagios-plugin.ts';
import { pathProbe } from '../../src/adapters/probes/path-there.ts';
import { stuckProbe, zombieProbe } from '../../src/adapters/probes/stuck-processes.ts';
import type { Probe } from '../../src/watch/shell/agent/probe.ts';
import { assertSurvivesBadTools, folder, look, saying, script } from './probe-bench.ts';

const timed = { name: 'x', everyMs: 60_000 };
const anything = { type: 'any', bytesMin: undefined, ageMaxMs: undefined } as const;

const KINDS: Readonly<Record<string, (program: string, timeoutMs: number) => Probe>> = {
  space: (program, timeoutMs) => spaceProbe({ mountPoint: '/', program, timeoutMs }),
  inodes: (program, timeoutMs) => inodesProbe({ mountPoint: '/', program, timeoutMs }),
  mount: (program, timeoutMs) =>
    mountProbe({ mountPoint: '/', isWritable: undefined, program, timeoutMs }),
  path: (program, timeoutMs) =>
    pathProbe({ ...timed, path: '/', wanted: anything, program, timeoutMs }),
  kernel: (journal, timeoutMs) => kernelLogProbe({ device: '/nowhere', journal, timeoutMs }),
};

for (const [kind, make] of Object.entries(KINDS)) {
  test(`${kind}: a tool that misbehaves is unreadable, and gone`, async (t) => {
    await assertSurvivesBadTools(t, make);
  });
}

test('plugin: one that misbehaves is unreadable, and gone', async (t) => {
  await assertSurvivesBadTools(t, (program, timeoutMs) =>
    pluginProbe({
      ...timed,
      timeoutMs,
      plugin: path.basename(program),
      // Nonsense with status 0 is what this kind cannot tell from sense: it is not given.
      args: [],
      folders: [/nonsense|nothing/.test(program) ? '/nowhere' : path.dirname(program)],
    }),
  );
});

test('processes: a /proc that shows none is unreadable', async (t) => {
  const proc = folder(t);
  assert.equal((await look(stuckProbe({ proc }))).saw, 'unreadable');
  fs.mkdirSync(path.join(proc, '1'));
  fs.writeFileSync(path.join(proc, '1', 'stat'), '1 (init) nonsense');
  assert.equal((await look(stuckProbe({ proc }))).saw, 'unreadable');
  assert.equal((await look(zombieProbe({ proc }))).saw, 'unreadable');
});

test('a mount table that is none is unreadable, and not a mount that vanished', async (t) => {
  const dir = folder(t);
  for (const text of ['', 'garbage\n']) {
    const mountinfo = path.join(dir, 'mountinfo');
    fs.writeFileSync(mountinfo, text);
    const probe = mountProbe({ mountPoint: '/', isWritable: true, mountinfo });
    assert.equal((await look(probe)).saw, 'unreadable');
  }
  const probe = mountProbe({ mountPoint: '/', isWritable: true, mountinfo: '/nowhere' });
  assert.match((await look(probe)).why, /ENOENT/);
});

test('a journal without a line is not a kernel without trouble', async (t) => {
  const journal = saying(folder(t), '-- No entries --\n');
  const finding = await look(kernelLogProbe({ device: '/nowhere', journal }));
  assert.equal(finding.saw, 'unreadable');
  assert.match(finding.why, /shows no line/);
});

test('the journal is read on from where it ended, and what it told before still counts', async (t) => {
  const dir = folder(t);
  const first =
    '[    5.000000] web1 kernel: XFS (sdb1): Log I/O error detected. Shutting down filesystem';
  const journal = script(
    dir,
    'journal',
    `case "$*" in *--after-cursor=s=1*) echo '[ 9.0] web1 kernel: usb 1-1: new device'; echo '-- cursor: s=2';;
*--after-cursor=s=2*) exit 1;;
*) echo '${first}'; echo '-- cursor: s=1';; esac`,
  );
  const probe = kernelLogProbe({ device: '/nowhere', journal, upMs: () => 60_000 });
  for (const saw of ['broken', 'broken', 'unreadable', 'broken']) {
    const finding = await look(probe);
    assert.equal(finding.saw, saw, finding.why);
  }
});

test('a look that never ends is ended by the probe itself; so is one that is stopped', async () => {
  const never = (): Promise<never> => new Promise(() => undefined);
  const probe = boundedProbe({ kind: 'x', name: 'y', everyMs: 1, timeoutMs: 200, look: never });
  assert.match((await look(probe)).why, /did not end within/);
  const stop = new AbortController();
  const stopped = boundedProbe({ ...probe, name: 'z', timeoutMs: 60_000, look: never });
  const waiting = stopped.look(stop.signal);
  stop.abort();
  assert.match((await waiting).why, /was stopped/);
});
