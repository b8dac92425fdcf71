// Goal: what a host shows of itself is on the pages of a real server: what would be lost, what protects it, what any
// loss would cost; and a path that is a script is a path.
// Method: the real server over TLS, an agent that signs what it shows, real Chromium.
import assert from 'node:assert/strict';
import test, { after, before, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { GIB, unixMs } from '../../src/base/units.ts';
import { savedLookText } from '../../src/wire/saved-look.ts';
import { answered, sightOf } from '../look/host-sight-example.ts';
import { isInstalled, needs } from '../run/needs.ts';
import { ServerBench } from '../server/server-bench.ts';
import { dataAt } from '../watch/discovery-example.ts';
import { openBrowser, textOf } from './browser.ts';
import { viewerAt } from './viewer.ts';

const CHROMIUM = { name: 'chromium', probe: 'chromium', purpose: '' };
const _BY = { who: 'test', from: 'terminal' };
const HOSTILE = '/srv/<script>document.title="owned"</script>';

let browser: Browser | undefined;
before(async () => {
  if (isInstalled(CHROMIUM)) browser = await openBrowser();
});
after(async () => {
  await browser?.close();
});

/** As its agent packs it. */
function sightFrame(host: string, paths: readonly string[]): Uint8Array {
  const tools = nodeTools();
  const at = unixMs(Date.now());
  const { discovery } = sightOf(host);
  const data = paths.map((path) => {
    const beneath = { disks: ['vda'], failuresSurvived: 0 };
    const place = { host, beneath, path: byteString(path) };
    return dataAt(path, { kind: 'www', bytes: 20 * GIB, place });
  });
  const look = answered(host, { discovery: { ...discovery, seenAt: at, data, backups: [] } });
  const text = savedLookText({ at, looks: [look] }, tools.hash);
  return tools.codec.compress(tools.codec.bytesOf(byteString(text)));
}

/** A viewer, by a link. */
async function opened(t: TestContext, bench: ServerBench): Promise<{ page: Page; url: string }> {
  assert.ok(browser !== undefined);
  return await viewerAt(t, bench, { browser });
}

/** What was made for somebody before may be given for a moment. */
async function readUntil(page: Page, url: string, words: RegExp): Promise<string> {
  const end = performance.now() + 60_000;
  for (;;) {
    await page.goto(url);
    const text = await textOf(page.locator('main'));
    if (words.test(text)) return text;
    assert.ok(performance.now() < end, `${url} never says ${words}: ${text.slice(0, 600)}`);
    await page.waitForTimeout(200);
  }
}

test('what a host shows is on every page that it concerns', async (t) => {
  if (!needs(t, 'chromium')) return;
  const bench = await ServerBench.open(t);
  const web1 = await bench.enrol('web1');
  await web1.say([web1.seen('disk-space:/', 'healthy')]);
  const { page, url } = await opened(t, bench);
  assert.match(await textOf(page.locator('.worst')), /it has not said yet what lies on it/);
  await web1.show('sight', sightFrame('web1', ['/srv/www', HOSTILE]));

  const front = await readUntil(page, `${url}/`, /If web1 died now, all of web1:\/srv/);
  assert.match(front, /Loses all of web1:\/srv/);
  assert.match(front, /In no recovery point/);
  assert.equal(await page.title(), '● Exposure · Holdfast');

  await page.click('text=Simulate loss');
  await page.check('input[name=lost][value="host:web1"]');
  await page.click('button:has-text("Simulate loss")');
  assert.equal(new URL(page.url()).search, '?lost=host%3Aweb1', 'it can be sent to somebody');
  const lost = await textOf(page.locator('main'));
  assert.match(lost, /If web1 were lost now, all of web1:\/srv/);
  assert.match(lost, /2 data sets of 2/);

  await page.click('text=Plan the recovery');
  assert.match(await textOf(page.locator('main')), /Lost for good 2/);

  await page.goto(`${url}/unprotected`);
  await page.locator('summary', { hasText: 'Protect' }).first().click();
  const protect = await textOf(page.locator('main'));
  assert.match(protect, /web1-srv-www: \{host: web1, paths: \[\/srv\/www\]\}/);
  assert.match(protect, /holdfast backup \/srv\/www/);

  for (const path of ['/', '/hosts/web1', '/data-sets', '/findings', '/changes', '/search?q=srv']) {
    await page.goto(url + path);
    assert.doesNotMatch(await page.title(), /owned/, path);
    assert.equal(await page.evaluate('document.scripts.length'), 1, path);
  }
  const name = `web1:${HOSTILE}`;
  await page.goto(`${url}/data-set?name=${encodeURIComponent(name)}`);
  assert.match(await textOf(page.locator('h1')), /all of web1:\/srv\/<script>/);
});

test('what is not understood is said, and what is not known is not found', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('viewer');
  const lose = await bench.ask('/lose?lost=host:nobody', { token });
  assert.equal(lose.status, 200);
  assert.match(lose.text, /class="wrong"/);
  for (const path of ['/hosts/nobody', '/data-set?name=x', '/service?name=x', '/row/nobody']) {
    assert.equal((await bench.ask(path, { token })).status, 404, path);
  }
});
