// Goal: a job that reports by HTTP is an item that is fresh only as long as it reports; what is no ping
// is refused and changes nothing. Method: a receiver on a port of its own, asked by curl's requests.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PingReceiver } from '../../src/adapters/probes/ping-receiver.ts';
import { probesKey } from '../../src/wire/agent/probe-config.ts';
import { atEnd, look } from './probe-bench.ts';

const probes = probesKey.parse({
  nightly: { kind: 'ping', period: '1d', grace: '1h' },
  web: { kind: 'path', path: '/' },
});

test('success, failure, silence, and requests that are no pings', async (t) => {
  let steadyMs = 0;
  const receiver = new PingReceiver(
    { probes, port: 0 },
    { nowMs: () => 0, steadyMs: () => steadyMs },
  );
  const port = await receiver.listen();
  assert.ok(port !== undefined);
  atEnd(t, () => receiver.close());
  const [item, ...others] = receiver.probes();
  assert.ok(item !== undefined && others.length === 0);
  assert.equal(item.item, 'ping:nightly');
  const saw = async (): Promise<string> => (await look(item)).saw;
  const ask = async (path: string, method = 'GET'): Promise<number> => {
    const init = { method, ...(method === 'POST' ? { body: 'x'.repeat(50_000) } : {}) };
    return (await fetch(`http://127.0.0.1:${port}${path}`, init)).status;
  };
  assert.equal(await saw(), 'unreadable');
  for (const path of ['/ping/other', '/ping/nightly/900', '/', '/ping/web']) {
    assert.equal(await ask(path), 404, path);
  }
  assert.equal(await ask('/ping/nightly', 'DELETE'), 405);
  assert.equal(await saw(), 'unreadable', 'none of these was a ping');
  assert.equal(await ask('/ping/nightly?rid=1'), 200);
  assert.equal(await saw(), 'healthy');
  assert.equal(await ask('/ping/nightly/3', 'POST'), 200);
  assert.equal(await saw(), 'broken');
  assert.equal(await ask('/ping/nightly/0', 'HEAD'), 200);
  steadyMs += 25 * 3_600_000;
  assert.equal(await saw(), 'healthy');
  steadyMs += 1000;
  assert.equal(await saw(), 'unreadable');
});

test('where nothing listens each item says so', async (t) => {
  const first = new PingReceiver({ probes, port: 0 });
  const port = await first.listen();
  atEnd(t, () => first.close());
  const second = new PingReceiver({ probes, port });
  atEnd(t, () => second.close());
  assert.equal(await second.listen(), undefined);
  const none = new PingReceiver({ probes, port: undefined });
  assert.equal(await none.listen(), undefined);
  for (const [receiver, why] of [
    [second, /nothing can listen .*EADDRINUSE/],
    [none, /names no port/],
  ] as const) {
    const [item] = receiver.probes();
    assert.ok(item !== undefined);
    const seen = await look(item);
    assert.equal(seen.saw, 'unreadable');
    assert.match(seen.why, why);
  }
});
