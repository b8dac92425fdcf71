// Goal: over a real sshd, with delay, and behind links that break in mid-pack, the SFTP store is
// what it is over pipes, and a pack takes no more round trips than a byte.
// Method: Debian's sshd in a network namespace; a proxy that delays or cuts. Round trips are
// counted, nothing is timed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { openSshStore } from '../../src/adapters/ssh/open-ssh-store.ts';
import type { RemoteStore } from '../../src/adapters/ssh/remote-store.ts';
import { Fault } from '../../src/base/fault.ts';
import { MIB } from '../../src/base/units.ts';
import { startProxy } from '../ssh/delaying-proxy.ts';
import { canStartSshd, type HostAndPort, type Sshd, startSshd } from '../ssh/sshd-fixture.ts';
import { storeSuite } from './store-suite.ts';

const tools = nodeTools();
const ONE_WAY_MS = 25;
const PACK = tools.random.bytes(3 * MIB + 7);
/** Before the first WRITE, into a packet, between packs, and all but their end. */
const CUTS = [8_000, 20_000, 300_001, MIB, 3 * MIB + 50_000, 5 * MIB];

const missing: string[] = [];
const canRun = canStartSshd({ skip: (why = '') => void missing.push(why) });
let running: Promise<Sshd> | undefined;
after(async () => (await running)?.stop());

function theSshd(): Promise<Sshd> {
  running ??= startSshd();
  return running;
}

async function connect(t: TestContext, root: string, proxy?: HostAndPort): Promise<RemoteStore> {
  const sshd = await theSshd();
  const { environment } = sshd;
  const place = sshd.place(root, proxy);
  const store = await openSshStore(place, { tools, clock: nodeClock(), environment });
  t.after(() => store.close());
  return store;
}

async function emptyRoot(): Promise<string> {
  return fs.mkdtempSync(path.join((await theSshd()).dir, 'vault-'));
}

async function proxyTo(t: TestContext, options: { delayMs?: number; cutAfterBytes?: number }) {
  const proxy = await startProxy({ to: await theSshd(), ...options });
  t.after(() => proxy.stop());
  return proxy;
}

const put = (store: RemoteStore, name: string, bytes: Uint8Array) =>
  store.putIfAbsent(name, bytes, tools.hash.sha256(bytes));

async function faultOf(act: Promise<unknown>): Promise<Fault> {
  const end = await act.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(end instanceof Fault, String(end));
  return end;
}

const leaves = (root: string) => () => {
  fs.mkdirSync(path.join(root, 'tmp'), { recursive: true });
  fs.writeFileSync(path.join(root, 'tmp', `${Date.now()}-${'ab'.repeat(16)}`), 'half');
};

if (canRun) {
  storeSuite('sftp through sshd', async (t) => {
    const root = await emptyRoot();
    return { store: await connect(t, root), leaveUnfinished: leaves(root) };
  });
  storeSuite('sftp through sshd with 50 ms', async (t) => {
    const root = await emptyRoot();
    const proxy = await proxyTo(t, { delayMs: ONE_WAY_MS });
    return { store: await connect(t, root, proxy), leaveUnfinished: leaves(root) };
  });
}

function sshdTest(name: string, run: (t: TestContext) => Promise<void>): void {
  test(`sftp through sshd: ${name}`, { skip: !canRun && missing.join() }, run);
}

sshdTest('durable, and says who can delete; a pack takes as many trips as a byte', async (t) => {
  const root = await emptyRoot();
  const first = await connect(t, root);
  assert.equal(first.kind, 'sftp');
  assert.deepEqual(first.promises, { durable: true, digest: 'none' });
  await put(first, 'packs/0', PACK);
  const store = await connect(t, root, await proxyTo(t, { delayMs: ONE_WAY_MS }));
  const tripsOf = async (act: () => Promise<unknown>): Promise<number> => {
    const before = store.roundTrips();
    await act();
    return store.roundTrips() - before;
  };
  assert.ok((await tripsOf(() => put(store, 'packs/1', tools.random.bytes(1)))) <= 6);
  assert.equal(await tripsOf(() => put(store, 'packs/2', PACK)), 4);
  const two = ['packs/3', 'packs/4']; // More than fits into the window takes a trip for each 8 MiB.
  // 4 and 3 where the server answers both at once; one behind the other would take 8 and 6.
  assert.ok((await tripsOf(() => Promise.all(two.map((name) => put(store, name, PACK))))) < 8);
  assert.ok((await tripsOf(() => Promise.all(two.map((name) => store.get(name))))) < 6);
});

sshdTest('cut in mid-pack: lost, nothing half, and the next session goes on', async (t) => {
  const root = await emptyRoot();
  for (const cutAfterBytes of CUTS) {
    const proxy = await proxyTo(t, { cutAfterBytes });
    const run = async () => {
      const store = await connect(t, root, proxy);
      const names = ['a', 'b'].map((each) => `packs/${cutAfterBytes}-${each}`);
      await Promise.all(names.map((name) => put(store, name, PACK)));
    };
    const fault = await faultOf(run());
    assert.equal(fault.code, 'HF_STORE_LINK_LOST', fault.message);
    assert.equal(fault.kind, 'transient');
    const store = await connect(t, root);
    for (const { name, sizeBytes } of await store.list('packs/')) {
      assert.equal(sizeBytes, PACK.length, name);
      assert.deepEqual(await store.get(name), PACK);
    }
    assert.match(await put(store, `packs/${cutAfterBytes}-a`, PACK), /stored|present/);
    assert.equal(await put(store, `packs/${cutAfterBytes}-a`, PACK), 'present');
    await store.close();
  }
});
