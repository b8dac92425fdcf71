// Goal: the append-only store is one and the same as any other to the code above the Store port,
// in one process and through a real sshd with a forced command, also when answers take 50 ms.
// Method: the suite of all stores; then what only this one does. Round trips are counted.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { after, test, type TestContext } from 'node:test';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { readerOf, writerOf } from '../../src/adapters/ssh/node-bytes.ts';
import { openSshStore } from '../../src/adapters/ssh/open-ssh-store.ts';
import type { RemoteStore } from '../../src/adapters/ssh/remote-store.ts';
import { serveDirectory } from '../../src/adapters/ssh/serve-directory.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { SFTP_INIT } from '../../src/vault/core/stdio-frame.ts';
import { openStdioStore } from '../../src/vault/shell/stdio-client.ts';
import { storeSuite, type StoreUnderTest } from '../conformance/store-suite.ts';
import { startProxy } from './delaying-proxy.ts';
import { canStartSshd, restrictedTo, type Sshd, startSshd } from './sshd-fixture.ts';

const ports = { tools: nodeTools(), clock: nodeClock() };
const DELAY_MS = 25;

function emptyDir(t: TestContext): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-stdio-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  return dir;
}

function leaveUnfinished(root: string): () => void {
  return () => {
    fs.mkdirSync(path.join(root, 'tmp'), { recursive: true });
    fs.writeFileSync(path.join(root, 'tmp', `${Date.now()}-${'ab'.repeat(16)}`), 'half');
  };
}

/** Client and server with nothing but two pipes between. */
async function inProcess(t: TestContext): Promise<StoreUnderTest> {
  const root = emptyDir(t);
  const [there, back] = [new PassThrough(), new PassThrough()];
  const served = serveDirectory({
    ...ports,
    disk: nodeDisk(),
    root: byteString(root),
    home: byteString('/root'),
    isForced: true,
    version: 'test',
    input: there,
    output: back,
  }).then(() => back.end());
  const lost = (): Fault => new Fault('HF_STORE_LINK_LOST', 'the pipe ended', { host: 'here' });
  there.write(SFTP_INIT);
  const store = await openStdioStore({
    input: readerOf(back),
    output: writerOf(there, lost),
    codec: ports.tools.codec,
    where: 'here',
    failure: async () => lost(),
    close: async () => void there.end(),
  });
  t.after(async () => {
    await store.close();
    await served;
  });
  return { store, leaveUnfinished: leaveUnfinished(root) };
}

storeSuite('stdio in one process', inProcess);

const missing: string[] = [];
const canRun = canStartSshd({ skip: (why = '') => void missing.push(why) });
let running: Promise<Sshd> | undefined;
after(async () => (await running)?.stop());

/** A new directory behind the one sshd of this file. */
function throughSshd(
  delayMs: number,
): (t: TestContext) => Promise<StoreUnderTest & { readonly store: RemoteStore }> {
  return async (t) => {
    running ??= startSshd();
    const sshd = await running;
    const root = emptyDir(t);
    sshd.authorize(restrictedTo(root));
    const proxy = delayMs === 0 ? undefined : await startProxy({ to: sshd, delayMs });
    const { environment } = sshd;
    const store = await openSshStore(sshd.place(root, proxy), { ...ports, environment });
    t.after(async () => {
      await store.close();
      await proxy?.stop();
    });
    return { store, leaveUnfinished: leaveUnfinished(root) };
  };
}

async function manyAtOnce(t: TestContext): Promise<void> {
  const { store } = await throughSshd(DELAY_MS)(t);
  const contents = Array.from({ length: 40 }, (_, at) => new Uint8Array(10_000).fill(at));
  const put = (at: number, bytes: Uint8Array) =>
    store.putIfAbsent(`packs/${at + 10}`, bytes, ports.tools.hash.sha256(bytes));
  const answers = await Promise.all(contents.map((bytes, at) => put(at, bytes)));
  assert.ok(answers.every((answer) => answer === 'stored'));
  assert.equal(store.roundTrips(), 1);
  const found = await Promise.all([
    store.list(''),
    ...contents.map((_, at) => store.get(`packs/${at + 10}`, { offset: 0, length: 5000 })),
  ]);
  assert.equal(found[0].length, 40);
  assert.equal(store.roundTrips(), 2);
}

if (canRun) {
  test('many at once through sshd cost one round trip', manyAtOnce);
  storeSuite('stdio through sshd', throughSshd(0));
  storeSuite('stdio through sshd with 50 ms', throughSshd(DELAY_MS));
} else {
  test('stdio through sshd', (t) => t.skip(missing.join()));
}
