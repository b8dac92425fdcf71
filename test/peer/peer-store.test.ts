// Goal: a vault at a peer is a store as any other; what is many at once costs few round trips.
// Method: the suite of all stores against a real peer over TLS, also with 50 ms of delay each way.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RemoteStore } from '../../src/adapters/ssh/remote-store.ts';
import { type StoreUnderTest, storeSuite } from '../conformance/store-suite.ts';
import { startProxy } from '../ssh/delaying-proxy.ts';
import { ports, startPeerBench } from './peer-fixture.ts';

const DELAY_MS = 25;

function atPeer(
  delayMs: number,
): (t: TestContext) => Promise<StoreUnderTest & { readonly store: RemoteStore }> {
  return async (t) => {
    const bench = await startPeerBench(t);
    const proxy = delayMs === 0 ? undefined : await startProxy({ to: bench.peer, delayMs });
    t.after(() => proxy?.stop());
    const store = await bench.open(bench.access('web1', proxy));
    t.after(() => assert.deepEqual(bench.bugs, []));
    const leaveUnfinished = (): void => {
      const name = `${Date.now()}-${'0123456789abcdef'.repeat(2)}`;
      fs.mkdirSync(path.join(bench.root('web1'), 'tmp'), { recursive: true });
      fs.writeFileSync(path.join(bench.root('web1'), 'tmp', name), 'half');
    };
    return { store, leaveUnfinished };
  };
}

storeSuite('peer', atPeer(0));
storeSuite('peer with 50 ms', atPeer(DELAY_MS));

test('many at once at a peer cost as many round trips as it takes lines, not one each', async (t) => {
  const { store } = await atPeer(DELAY_MS)(t);
  const before = store.roundTrips();
  const contents = Array.from({ length: 40 }, (_, at) => new Uint8Array(10_000).fill(at));
  const put = (at: number, bytes: Uint8Array) =>
    store.putIfAbsent(`packs/${at + 10}`, bytes, ports.tools.hash.sha256(bytes));
  const startedMs = performance.now();
  const answers = await Promise.all(contents.map((bytes, at) => put(at, bytes)));
  const tookMs = performance.now() - startedMs;
  t.diagnostic(`40 puts with 50 ms: ${Math.round(tookMs)} ms`);
  assert.ok(answers.every((answer) => answer === 'stored'));
  assert.equal(store.roundTrips() - before, 1);
  assert.equal((await store.list('')).length, 40);
});
