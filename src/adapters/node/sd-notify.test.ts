// Goal: systemd hears that the agent is up and goes on, and hears nothing when it does not.
// Method: a socket as systemd's stands here; its own systemd-notify speaks to it; a clock of the test.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { needs } from '../../../test/run/needs.ts';
import { systemdNotice } from './sd-notify.ts';

const LISTENER = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); print('up', flush=True)
while True:
    data, ancillary, flags, address = s.recvmsg(4096, 4096)
    for level, kind, fds in ancillary:
        for fd in memoryview(fds).cast('i'): os.close(fd)
    print(data.decode().strip().replace('\\n', ' '), flush=True)
`;

class Listener {
  readonly child: ChildProcess;
  said = '';

  constructor(socket: string) {
    this.child = spawn('python3', ['-c', LISTENER, socket], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child.stdout?.on('data', (some: Buffer) => (this.said += String(some)));
  }

  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.said)) {
      assert.equal(this.child.exitCode, null);
      await once(this.child.stdout ?? this.child, 'data', { signal: AbortSignal.timeout(60_000) });
    }
  }
}

test('up once, and alive no more often than a quarter of the limit', async (t) => {
  if (!needs(t, 'systemd', 'python3')) return;
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-notify-'));
  const socket = path.join(dir, 'notify');
  const listener = new Listener(socket);
  try {
    await listener.until(/^up\n/);
    let now = 0;
    const env = { PATH: process.env.PATH, NOTIFY_SOCKET: socket, WATCHDOG_USEC: '40000000' };
    const notice = systemdNotice(env, () => now);
    notice.ready();
    await listener.until(/READY=1/);
    notice.alive();
    await listener.until(/(?:WATCHDOG=1[\s\S]*){1}/);
    now = 9999;
    notice.alive();
    now = 10_000;
    notice.alive();
    await listener.until(/(?:WATCHDOG=1[\s\S]*){2}/);
    // What was held back would have come before.
    assert.equal(listener.said.match(/WATCHDOG=1/g)?.length, 2);
  } finally {
    listener.child.kill();
    fs.rmSync(dir, { recursive: true });
  }
});

test('without systemd nothing is started', () => {
  const notice = systemdNotice({ PATH: '/nowhere' });
  notice.ready();
  notice.alive();
});
