// Goal: what would be lost is live: when a host shows another thing, the sentence and the rows concerned change in
// place, under who reads and types; whoever listens is told whose rows changed and never sent a list.
// Method: the real server over TLS, agents that sign what they show, real Chromium, and fifty listeners.
import assert from 'node:assert/strict';
import https from 'node:https';
import test, { after, before, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { GIB, unixMs } from '../../src/base/units.ts';
import { savedLookText } from '../../src/wire/saved-look.ts';
import { answered, sightOf } from '../look/host-sight-example.ts';
import { isInstalled, needs } from '../run/needs.ts';
import { ServerBench, type Talker } from '../server/server-bench.ts';
import { dataAt } from '../watch/discovery-example.ts';
import { openBrowser, textOf } from './browser.ts';
import { viewerAt } from './viewer.ts';

const CHROMIUM = { name: 'chromium', probe: 'chromium', purpose: '' };
const _BY = { who: 'test', from: 'terminal' };
const RATES = { agentRates: { frames: { burst: 100, perMinute: 100 } } };
const WAIT_MS = 90_000;

let browser: Browser | undefined;
before(async () => {
  if (isInstalled(CHROMIUM)) browser = await openBrowser();
});
after(async () => {
  await browser?.close();
});

async function shows(agent: Talker, host: string, paths: readonly string[]): Promise<void> {
  const tools = nodeTools();
  const at = unixMs(Date.now());
  const sight = sightOf(host);
  const data = paths.map((path) => {
    const place = {
      host,
      beneath: { disks: ['vda'], failuresSurvived: 0 },
      path: byteString(path),
    };
    return dataAt(path, { kind: 'www', bytes: 20 * GIB, place });
  });
  const look = answered(host, {
    discovery: { ...sight.discovery, seenAt: at, data, backups: [] },
    machine: { ...sight.machine, hostName: host, id: `id-${host}` },
  });
  const text = savedLookText({ at, looks: [look] }, tools.hash);
  await agent.show('sight', tools.codec.compress(tools.codec.bytesOf(byteString(text))));
}

async function opened(t: TestContext, bench: ServerBench): Promise<Page> {
  assert.ok(browser !== undefined);
  return (await viewerAt(t, bench, { browser, viewport: { width: 1000, height: 400 } })).page;
}

const FOCUSED = `document.activeElement.closest('tr')?.dataset.host`;

test('another report of a host changes its row and the sentence, under who reads and types', async (t) => {
  if (!needs(t, 'chromium')) return;
  const bench = await ServerBench.open(t, RATES);
  const names = ['web1', 'db1', 'app1', 'mail1', 'dns1'];
  const agents = new Map<string, Talker>();
  for (const name of names) {
    const agent = await bench.enrol(name);
    await agent.say([agent.seen('disk-space:/', 'healthy')]);
    await shows(agent, name, [`/srv/${name}`]);
    agents.set(name, agent);
  }
  const page = await opened(t, bench);
  // What was made before the last of them was shown may be given for a moment.
  const end = performance.now() + WAIT_MS;
  while (!(await textOf(page.locator('tr[data-host=dns1]'))).includes('/srv/dns1')) {
    assert.ok(performance.now() < end);
    await page.reload();
  }
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.waitForTimeout(1500);
  await page.locator('tr[data-host=dns1] a.name').focus();
  await page.evaluate(`document.querySelector('tr[data-host=db1]').dataset.kept = 'yes'`);
  await page.evaluate('window.scrollTo(0, 60)');
  const scrolled = await page.evaluate('scrollY');
  asked.length = 0;

  const dns1 = agents.get('dns1');
  assert.ok(dns1 !== undefined);
  await shows(dns1, 'dns1', ['/srv/dns1', '/srv/zones', '/srv/keys']);
  await page.locator('tr[data-host=dns1].fresh').waitFor({ timeout: WAIT_MS });
  await page.locator('#lead', { hasText: '7 data sets' }).waitFor({ timeout: WAIT_MS });
  assert.match(await textOf(page.locator('h1')), /If dns1 died now/);
  assert.equal(await page.evaluate(FOCUSED), 'dns1', 'focus is where it was');
  assert.equal(await page.evaluate('scrollY'), scrolled, 'so is the page');
  assert.equal(await page.locator('tr[data-host=db1]').getAttribute('data-kept'), 'yes');
  await page.keyboard.press('k');
  const before = await page.evaluate(FOCUSED);
  assert.ok(before !== 'dns1' && names.includes(String(before)), `keys go on: ${String(before)}`);
  const parts = ['/row/dns1', '/part/lead', '/part/others', '/part/guide', '/part/rail'];
  const others = asked.filter((path) => path !== '/v1/events' && !parts.includes(path));
  assert.deepEqual(others, [], 'nothing else was asked for');
});

interface Listening {
  /** Of what it was told of exposure, and of all. */
  bytes: number;
  allBytes: number;
  readonly hosts: Set<string>;
  more: boolean;
}

function listen(t: TestContext, bench: ServerBench, token: string): Promise<Listening> {
  const heard: Listening = { bytes: 0, allBytes: 0, hosts: new Set(), more: false };
  const { promise, resolve, reject } = Promise.withResolvers<Listening>();
  const request = https.request(
    {
      ...{ host: '127.0.0.1', port: bench.port, path: '/v1/events', agent: false },
      ...{ rejectUnauthorized: false, headers: { authorization: `Bearer ${token}` } },
    },
    (reply) => {
      let rest = '';
      reply.on('error', () => undefined);
      reply.on('data', (part: Buffer) => {
        heard.allBytes += part.length;
        rest += part.toString();
        for (let at = rest.indexOf('\n\n'); at >= 0; at = rest.indexOf('\n\n')) {
          const data = /^event: exposure\ndata: (.*)$/m.exec(rest.slice(0, at))?.[1];
          rest = rest.slice(at + 2);
          if (data === undefined) continue;
          heard.bytes += data.length;
          const event = JSON.parse(data) as { hosts: string[]; more: boolean };
          for (const host of event.hosts) heard.hosts.add(host);
          heard.more ||= event.more;
        }
        resolve(heard);
      });
    },
  );
  request.on('error', reject);
  request.end();
  t.after(() => request.destroy());
  return promise;
}

const HOSTS = 30;
const LISTENERS = 50;
const CHANGES = 10;

test('fifty that listen are told whose rows changed, and never sent a list', async (t) => {
  const bench = await ServerBench.open(t, RATES);
  const names = Array.from({ length: HOSTS }, (_, nth) => `host${nth}`);
  const paths = (name: string, more = 0): readonly string[] =>
    Array.from({ length: 8 + more }, (_, nth) => `/srv/${name}/customers/data-${nth}`);
  const agents = new Map<string, Talker>();
  for (const name of names) {
    const agent = await bench.enrol(name);
    await shows(agent, name, paths(name));
    agents.set(name, agent);
  }
  const token = await bench.tokenOf('viewer');
  const size = async (path: string): Promise<number> => {
    const { status, text } = await bench.ask(path, { token });
    assert.equal(status, 200, path);
    return Buffer.byteLength(text);
  };
  const list = await size('/v1/exposure');
  // One user has twenty places.
  const tokens = [token, await bench.tokenOf('operator'), await bench.tokenOf('approver')];
  const heard = await Promise.all(
    Array.from({ length: LISTENERS }, (_, nth) =>
      listen(t, bench, tokens[nth % tokens.length] ?? ''),
    ),
  );
  const changed = names.slice(0, CHANGES);
  for (const name of changed) {
    const agent = agents.get(name);
    assert.ok(agent !== undefined);
    await shows(agent, name, paths(name, 3));
  }
  const end = performance.now() + WAIT_MS;
  const isTold = ({ hosts }: Listening): boolean => changed.every((name) => hosts.has(name));
  while (!heard.every(isTold)) {
    assert.ok(performance.now() < end, `told: ${heard.filter(isTold).length}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  for (const { hosts, more, bytes, allBytes } of heard) {
    assert.deepEqual([...hosts].sort(), [...changed].sort(), 'nobody else’s row is another');
    assert.equal(more, false);
    assert.ok(bytes < 200 * CHANGES, `${bytes} bytes for ${CHANGES} changes`);
    assert.ok(allBytes * 4 < list, `${allBytes} of a list of ${list}`);
  }
});
