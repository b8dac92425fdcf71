// Goal: every page can be read by everybody (axe), on every screen, in light and dark, without a script, and no name
// that a host gives anything runs. Method: real Chromium over the invented estate, with the policy that is sent.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import test, { after, before } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { isInstalled, needs } from '../run/needs.ts';
import { openBrowser, serveTexts, type TextServer, textOf } from './browser.ts';
import { hostileShown } from './hostile.ts';
import { samplePages } from './sample-pages.ts';

const CHROMIUM = { name: 'chromium', probe: 'chromium', purpose: '' };
const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const EVENTS = 'retry: 100000\n\nevent: hello\ndata: {}\n\n';

let browser: Browser | undefined;
const servers: TextServer[] = [];

before(async () => {
  if (isInstalled(CHROMIUM)) browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  for (const server of servers) await server.close();
});

interface View {
  readonly width: number;
  readonly scheme?: 'light' | 'dark';
  readonly withoutScript?: boolean;
}

interface Opened {
  readonly page: Page;
  readonly url: string;
  readonly wrong: string[];
}

async function opened(pages: ReadonlyMap<string, string>, view: View): Promise<Opened> {
  assert.ok(browser !== undefined);
  const server = await serveTexts(pages);
  servers.push(server);
  const context = await browser.newContext({
    viewport: { width: view.width, height: 900 },
    colorScheme: view.scheme ?? 'light',
    javaScriptEnabled: view.withoutScript !== true,
    timezoneId: 'Europe/Berlin',
  });
  const page = await context.newPage();
  const wrong: string[] = [];
  await page.route('**/v1/events', (route) =>
    route.fulfill({ status: 200, contentType: 'text/event-stream', body: EVENTS }),
  );
  page.on('console', (message) => wrong.push(message.text()));
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('dialog', (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, url: server.url, wrong };
}

async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  return page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then((found) => found.violations.map(
    ({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).slice(0, 3).join(' | ')))`);
}

const isOver = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

for (const scheme of ['light', 'dark'] as const) {
  for (const width of [1440, 390]) {
    test(`each page: axe finds nothing, nothing is cut off; ${scheme}, ${width} px`, async (t) => {
      if (!needs(t, 'chromium')) return;
      const pages = samplePages();
      const { page, url, wrong } = await opened(pages, { width, scheme });
      for (const path of pages.keys()) {
        await page.goto(url + path);
        assert.deepEqual(await violations(page), [], path);
        assert.equal(await isOver(page), 0, `${path} can be moved sideways`);
      }
      assert.deepEqual(wrong, [], 'nothing is refused by the policy, nothing is thrown');
      await page.context().close();
    });
  }
}

test('no page can be moved sideways at 320 px, nor in print', async (t) => {
  if (!needs(t, 'chromium')) return;
  const pages = samplePages();
  const { page, url } = await opened(pages, { width: 320 });
  for (const path of pages.keys()) {
    await page.goto(url + path);
    assert.equal(await isOver(page), 0, path);
  }
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 760, height: 1000 });
  await page.goto(`${url}/`);
  assert.equal(await isOver(page), 0, 'in print');
  assert.equal(
    await page.locator('.btn').first().isVisible(),
    false,
    'what is pressed is not printed',
  );
  await page.context().close();
});

test('names of hosts, paths, data sets, checks and findings are text and never run', async (t) => {
  if (!needs(t, 'chromium')) return;
  const pages = samplePages(hostileShown());
  const { page, url, wrong } = await opened(pages, { width: 1440 });
  let isNamed = false;
  for (const path of pages.keys()) {
    await page.goto(url + path);
    assert.doesNotMatch(await page.title(), /^owned$/, path);
    const shown = await page.evaluate<string>('document.documentElement.outerHTML');
    isNamed ||= shown.includes('&lt;script&gt;document.title=');
    const strange = await page.evaluate(
      `[...document.querySelectorAll('img, iframe, object, embed, base, [onerror], [onload], [onclick]')].length
        + [...document.scripts].filter((script) => !script.src.includes('/web/live.js')).length`,
    );
    assert.equal(strange, 0, path);
    assert.equal(await isOver(page), 0, path);
  }
  assert.ok(isNamed, 'the names are there, as text');
  assert.deepEqual(wrong, [], 'the policy had nothing to refuse: it is the second line');
  await page.context().close();
});

test('without a script the first page is whole, and reads itself again', async (t) => {
  if (!needs(t, 'chromium')) return;
  const { page, url } = await opened(samplePages(), { width: 1440, withoutScript: true });
  await page.goto(`${url}/`);
  const text = await textOf(page.locator('main'));
  for (const words of [
    'hv3',
    'at least 22 h',
    'Not as it should be',
    'Works',
    '0 more',
    '41 d ago',
  ]) {
    assert.ok(text.includes(words), words);
  }
  assert.equal(await page.locator('noscript meta[http-equiv=refresh]').count(), 1);
  await page.context().close();
});

test('ages go on counting, times stand in UTC and in the reader’s zone', async (t) => {
  if (!needs(t, 'chromium')) return;
  const { page, url } = await opened(samplePages(), { width: 1440 });
  await page.goto(`${url}/`);
  const age = page.locator('[data-age="9000"]').first();
  const from = performance.now();
  while ((await textOf(age)) === '9 s ago') {
    assert.ok(performance.now() - from < 30_000, 'it does not count');
    await page.waitForTimeout(100);
  }
  assert.match(await textOf(age), /^\d+ s ago$/);
  assert.match(await textOf(page.locator('.foot time').first()), /10:42 UTC \(11:42 here\)/);
  await page.context().close();
});

test('by keyboard: search, rows, and a way past the menu', async (t) => {
  if (!needs(t, 'chromium')) return;
  const { page, url } = await opened(samplePages(), { width: 1440 });
  await page.goto(`${url}/`);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.className'), 'skip');
  await page.keyboard.press('j');
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'st3');
  await page.keyboard.press('/');
  assert.equal(await page.evaluate('document.activeElement.name'), 'q');
  await page.context().close();
});
