// Goal: whatever goes wrong between here and the other machine, or there, is said for what it is,
// and leaves no half object; a restricted key can do nothing but add and read.
// Method: a real sshd behind a proxy that cuts the connection after so many bytes; a small file
// system that is full; servers, keys and hosts that are wrong, each in one way.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { openSshStore } from '../../src/adapters/ssh/open-ssh-store.ts';
import type { RemoteStore } from '../../src/adapters/ssh/remote-store.ts';
import type { SshPlace } from '../../src/adapters/ssh/ssh-place.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault, type FaultCode } from '../../src/base/fault.ts';
import { MIB } from '../../src/base/units.ts';
import { needs } from '../run/needs.ts';
import { startProxy } from './delaying-proxy.ts';
import { canStartSshd, restrictedTo, type Sshd, startSshd } from './sshd-fixture.ts';

const tools = nodeTools();
const ports = { tools, clock: nodeClock() };
const PACK = tools.random.bytes(3 * MIB);
/** Into the first object, far into it, and all but its end; ssh itself needs some thousand bytes. */
const CUTS = [20_000, 70_000, MIB, 2 * MIB + 17, 3 * MIB - 1];

async function withSshd(t: TestContext, act: (sshd: Sshd, vault: string) => Promise<void>) {
  if (!canStartSshd(t)) return;
  const sshd = await startSshd();
  try {
    const vault = path.join(sshd.dir, 'vault');
    sshd.authorize(restrictedTo(vault));
    await act(sshd, vault);
  } finally {
    await sshd.stop();
  }
}

async function opened<T>(
  sshd: Sshd,
  place: SshPlace,
  act: (store: RemoteStore) => Promise<T>,
): Promise<T> {
  const store = await openSshStore(place, { ...ports, environment: sshd.environment });
  try {
    return await act(store);
  } finally {
    await store.close();
  }
}

const put = (store: RemoteStore, name: string, bytes: Uint8Array = PACK) =>
  store.putIfAbsent(name, bytes, tools.hash.sha256(bytes));

async function faultOf(act: Promise<unknown>): Promise<Fault> {
  const error = await act.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Fault, String(error));
  return error;
}

test('a connection that is cut in an object leaves nothing half, and the next one puts it', async (t) => {
  await withSshd(t, async (sshd, vault) => {
    // The earliest cut may come before the server has made its directory.
    await opened(sshd, sshd.place(vault), (store) => put(store, 'packs/first'));
    for (const cutAfterBytes of CUTS) {
      const name = `packs/cut-at-${cutAfterBytes}`;
      const proxy = await startProxy({ to: sshd, cutAfterBytes });
      const fault = await faultOf(
        opened(sshd, sshd.place(vault, proxy), (store) => put(store, name)),
      );
      await proxy.stop();
      assert.equal(fault.code, 'HF_STORE_LINK_LOST', fault.message);
      assert.equal(fault.kind, 'transient');
      await opened(sshd, sshd.place(vault), async (store) => {
        const before = await store.list('');
        assert.ok(!before.some((each) => each.name === name), name);
        assert.equal(await put(store, name), 'stored');
        assert.deepEqual(await store.get(name), PACK);
      });
    }
    assert.deepEqual(fs.readdirSync(vault).sort(), ['packs', 'tmp']);
    for (const left of fs.readdirSync(path.join(vault, 'tmp'))) {
      assert.match(left, /^[0-9]+-[0-9a-f]{32}$/, 'what is left is what a sweep knows');
    }
  });
});

test('a connection that is cut while ssh makes it is transient too', async (t) => {
  await withSshd(t, async (sshd, vault) => {
    const proxy = await startProxy({ to: sshd, cutAfterBytes: 600 });
    const fault = await faultOf(opened(sshd, sshd.place(vault, proxy), (store) => store.list('')));
    await proxy.stop();
    assert.equal(fault.kind, 'transient', `${fault.code} ${fault.message}`);
  });
});

test('all that is under way when the connection breaks fails, and so does what is asked later', async (t) => {
  await withSshd(t, async (sshd, vault) => {
    const proxy = await startProxy({ to: sshd });
    await opened(sshd, sshd.place(vault, proxy), async (store) => {
      await put(store, 'packs/first');
      const asked = [put(store, 'packs/second'), store.list(''), store.get('packs/first')];
      proxy.cut();
      for (const each of asked) assert.equal((await faultOf(each)).code, 'HF_STORE_LINK_LOST');
      assert.equal((await faultOf(store.list(''))).code, 'HF_STORE_LINK_LOST');
    });
    await proxy.stop();
    await opened(sshd, sshd.place(vault), async (store) => {
      assert.deepEqual(await store.get('packs/first'), PACK);
    });
  });
});

test('a cable that is gone without a word is noticed by keep-alive', async (t) => {
  await withSshd(t, async (sshd, vault) => {
    // As in life, but for the time: for ssh the first value of an option counts, and this is before ours.
    const soon = '-o ServerAliveInterval=1 -o ServerAliveCountMax=2';
    const environment = {
      ...sshd.environment,
      HOLDFAST_SSH: `${sshd.environment.HOLDFAST_SSH} ${soon}`,
    };
    const store = await openSshStore(sshd.place(vault), { ...ports, environment });
    await put(store, 'packs/first');
    sshd.unplug();
    const fault = await faultOf(put(store, 'packs/second'));
    assert.equal(fault.code, 'HF_STORE_LINK_LOST');
    assert.match(fault.message, /not responding/);
    await store.close();
  });
});

/** Node has the arguments that sshd's line gave it; no shell has them one by one. */
function serversOf(vault: string): readonly number[] {
  const pids = fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  const found = pids.filter((pid) => {
    try {
      const line = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return line.endsWith(`\0--append-only\0${vault}\0`);
    } catch {
      return false; // It has ended in between.
    }
  });
  assert.equal(found.length, 1, 'one server serves');
  return found.map(Number);
}

test('a server that is killed, and started again by the next connection', async (t) => {
  await withSshd(t, async (sshd, vault) => {
    await opened(sshd, sshd.place(vault), async (store) => {
      await put(store, 'packs/first');
      const asked = put(store, 'packs/second');
      for (const pid of serversOf(vault)) process.kill(pid, 'SIGKILL');
      assert.equal((await faultOf(asked)).code, 'HF_STORE_LINK_LOST');
    });
    await opened(sshd, sshd.place(vault), async (store) => {
      const names = (await store.list('')).map(({ name }) => name);
      assert.ok(names.includes('packs/first'), names.join());
      for (const name of names) assert.deepEqual(await store.get(name), PACK);
      assert.match(await put(store, 'packs/second'), /stored|present/);
    });
  });
});

test('what was left in tmp more than a day ago goes when a server begins', async (t) => {
  await withSshd(t, async (sshd, vault) => {
    const tmp = path.join(vault, 'tmp');
    fs.mkdirSync(tmp, { recursive: true });
    const old = `${Date.now() - 2 * 86_400_000}-${'ab'.repeat(16)}`;
    const young = `${Date.now()}-${'cd'.repeat(16)}`;
    for (const name of [old, young]) fs.writeFileSync(path.join(tmp, name), 'half');
    await opened(sshd, sshd.place(vault), (store) => store.list(''));
    assert.deepEqual(fs.readdirSync(tmp), [young]);
  });
});

interface SmallDisk {
  readonly name: string;
  readonly mount: (at: string, scratch: string) => void;
}

const SMALL_DISKS: readonly SmallDisk[] = [
  {
    name: 'tmpfs',
    mount: (at) => execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', at]),
  },
  {
    name: 'ext4',
    mount(at, scratch) {
      const image = path.join(scratch, 'image');
      fs.writeFileSync(image, '');
      fs.truncateSync(image, 24 * MIB);
      execFileSync('mkfs.ext4', ['-q', '-m', '0', image]);
      execFileSync('mount', ['-o', 'loop', image, at]);
    },
  },
];

for (const { name, mount } of SMALL_DISKS) {
  test(`a full disk there (${name}) is said, leaves nothing half, and passes`, async (t) => {
    if (!needs(t, 'root', 'mount', 'loop', 'e2fsprogs') || !canStartSshd(t)) return;
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-small-'));
    const disk = path.join(scratch, 'disk');
    fs.mkdirSync(disk);
    mount(disk, scratch); // Before sshd: it has a view of the mounts of its own.
    try {
      await withSshd(t, async (sshd) => {
        const vault = path.join(disk, 'vault');
        sshd.authorize(restrictedTo(vault));
        await opened(sshd, sshd.place(vault), (store) => fillAndGoOn(store, disk));
      });
    } finally {
      execFileSync('umount', [disk]);
      fs.rmSync(scratch, { recursive: true });
    }
  });
}

async function fillAndGoOn(store: RemoteStore, disk: string): Promise<void> {
  const others = path.join(disk, 'others');
  fs.writeFileSync(others, new Uint8Array(8 * MIB));
  const space = await store.space();
  assert.ok(space !== undefined && space.freeBytes < 13 * MIB && space.totalBytes > 15 * MIB);
  let count = 0;
  let fault: Fault | undefined;
  while (fault === undefined) {
    const stored = put(store, `packs/${count}`);
    fault = await stored.then(
      () => undefined,
      () => faultOf(stored),
    );
    if (fault === undefined) count += 1;
  }
  assert.equal(fault.code, 'HF_DISK_FULL');
  assert.match(fault.message, /ENOSPC/);
  assert.match(fault.remedy, /Free space .* where 100\.\S+:\/.*\/vault/);
  assert.ok(count >= 1, 'something fitted');
  const names = Array.from({ length: count }, (_, at) => `packs/${at}`).sort();
  assert.deepEqual(
    await store.list(''),
    names.map((each) => ({ name: each, sizeBytes: PACK.length })),
  );
  assert.deepEqual(fs.readdirSync(path.join(disk, 'vault', 'tmp')), []);
  fs.unlinkSync(others);
  assert.equal(await put(store, `packs/${count}`), 'stored');
  assert.deepEqual(await store.get(`packs/${count}`), PACK);
}

test('a restricted key can do nothing else: no command, no SFTP, no forwarding', async (t) => {
  await withSshd(t, async (sshd, vault) => {
    const [program = 'ssh', ...first] = (sshd.environment.HOLDFAST_SSH ?? '').split(' ');
    const at = ['-p', String(sshd.port), sshd.host];
    const victim = path.join(sshd.dir, 'victim');
    fs.writeFileSync(victim, 'x');
    await opened(sshd, sshd.place(vault), (store) => put(store, 'packs/kept'));
    for (const command of [`rm -rf ${victim} ${vault}`, 'sh', '/usr/lib/openssh/sftp-server']) {
      const ran = spawnSync(program, [...first, ...at, command], { input: `rm ${victim}\n` });
      assert.match(ran.stdout.toString('latin1'), /^holdfast-stdio 1\n/, command);
    }
    const batch = path.join(sshd.dir, 'batch');
    fs.writeFileSync(batch, `rm ${victim}\n`);
    const sftp = ['-b', batch, ...first, '-P', String(sshd.port), sshd.host];
    assert.notEqual(spawnSync('sftp', sftp).status, 0);
    const forward = ['-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:1', ...at];
    const ran = spawnSync(program, [...first, ...forward], { input: '' });
    assert.match(ran.stderr.toString(), /remote port forwarding failed/i);
    assert.ok(fs.existsSync(victim));
    await opened(sshd, sshd.place(vault), async (store) => {
      assert.deepEqual(await store.get('packs/kept'), PACK);
      assert.equal(store.kind, 'stdio');
      assert.match(store.says, /deletes nothing/);
    });
  });
});

test('a key without a forced command meets plain SFTP, over the same opening', async (t) => {
  await withSshd(t, async (sshd, vault) => {
    sshd.authorize();
    await opened(sshd, sshd.place(vault), async (store) => {
      assert.equal(store.kind, 'sftp');
      assert.equal(await put(store, 'packs/one', PACK.subarray(0, 1000)), 'stored');
    });
    sshd.authorize(restrictedTo(vault)); // The same vault, from now on only added to.
    await opened(sshd, sshd.place(vault), async (store) => {
      assert.equal(store.kind, 'stdio');
      assert.deepEqual(await store.get('packs/one'), PACK.subarray(0, 1000));
    });
  });
});

test('what ssh cannot do is said with a code and what to do', async (t) => {
  await withSshd(t, async (sshd, vault) => {
    const place = sshd.place(vault);
    const expect = async (code: FaultCode, says: RegExp, at: SshPlace = place): Promise<void> => {
      const fault = await faultOf(opened(sshd, at, (store) => store.list('')));
      assert.equal(fault.code, code, fault.message);
      assert.match(`${fault.message}\n${fault.remedy}`, says);
      assert.doesNotMatch(fault.remedy, /\{\w+\}/, 'every fact of a remedy is known');
    };
    await expect('HF_SSH_HOST_UNKNOWN', /no-host\.invalid/, { ...place, host: 'no-host.invalid' });
    await expect('HF_SSH_UNREACHABLE', /Connection refused/, { ...place, port: 1 });
    const served = /serves .*\/vault and nothing else\n.*ssh:\/\/100/s;
    await expect('HF_SSH_SERVES_OTHER', served, sshd.place(`${vault}2`));
    const program = restrictedTo(vault).replace('command="', `command="HOME=${sshd.dir} `);
    sshd.authorize(program);
    const inHome = { ...place, path: byteString('~/vault') };
    await opened(sshd, inHome, (store) => put(store, 'packs/in-home'));
    sshd.authorize('command="echo hello from .bashrc; cat"');
    await expect('HF_SSH_ANSWER', /hello from \.bashrc/);
    sshd.authorize('command="/no/such/holdfast"');
    await expect('HF_SSH_FAILED', /cannot be run there \(it ended with 127\)/);
    fs.writeFileSync(path.join(sshd.dir, 'authorized_keys'), '');
    await expect('HF_SSH_DENIED', /Permission denied \(publickey\)/);
    const known = path.join(sshd.dir, 'known_hosts');
    const other = fs.readFileSync(path.join(sshd.dir, 'client-key.pub'), 'utf8');
    fs.writeFileSync(known, `holdfast-test ${other}`);
    await expect('HF_SSH_HOST_KEY_CHANGED', /ssh-keygen -R/);
    fs.writeFileSync(known, '');
    await expect('HF_SSH_HOST_KEY_UNKNOWN', /fingerprint/);
    const environment = { ...sshd.environment, HOLDFAST_SSH: '/no/such/ssh' };
    const fault = await faultOf(openSshStore(place, { ...ports, environment }));
    assert.equal(fault.code, 'HF_SSH_FAILED');
    assert.match(fault.message, /no\/such\/ssh/);
  });
});
