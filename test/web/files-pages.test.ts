// Goal: a person finds a file of a snapshot in a browser, downloads it and restores it, byte by byte what
// was saved; a name that is markup runs nowhere.
// Method: a real server, a real agent and a real vault; real Chromium.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { needs } from '../run/needs.ts';
import { FilesBench } from '../server/files-bench.ts';
import { openBrowser, textOf } from './browser.ts';

const BY = { who: 'test', from: 'terminal' };
const PASSWORD = 'correct horse battery staple';
const MARKUP = '<img src=x onerror="document.title=1">';

test('one file, found, compared, downloaded and restored', { timeout: 600_000 }, async (t) => {
  if (!needs(t, 'chromium')) return;
  const first = (data: string): void => {
    fs.mkdirSync(path.join(data, 'letters'));
    fs.writeFileSync(path.join(data, 'letters/to anna.txt'), 'Dear Anna\n');
    fs.writeFileSync(path.join(data, MARKUP), 'markup');
  };
  const second = (data: string): void => {
    fs.writeFileSync(path.join(data, 'letters/to anna.txt'), 'Dearest Anna\n');
  };
  const bench = await FilesBench.open(t, { fill: [first, second] });
  const { server } = bench;
  await server.server.served.access.makeUser(BY, {
    name: 'otto',
    role: 'operator',
    password: PASSWORD,
  });
  const browser = await openBrowser();
  t.after(() => browser.close());
  const context = await browser.newContext({ ignoreHTTPSErrors: true, acceptDownloads: true });
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const wrong: string[] = [];
  page.on('pageerror', (error) => wrong.push(error.message));
  const url = `https://127.0.0.1:${server.port}`;
  await page.goto(`${url}/snapshots`);
  await page.fill('input[name=name]', 'otto');
  await page.fill('input[name=password]', PASSWORD);
  await page.click('button[type=submit]');
  await page.waitForURL(`${url}/snapshots`);
  assert.match(await textOf(page.locator('h1')), /2 snapshots on web1/);

  await page.click('text=What changed');
  await page.waitForURL(/\/snapshots\/compare/);
  assert.match(await textOf(page.locator('main')), /letters\/to anna\.txt/);
  await page.goBack();
  await page.click('table.files tbody tr:first-child a.name');
  await page.waitForURL(/\/snapshot\?/);
  assert.match(await textOf(page.locator('table.files')), /onerror/);
  assert.equal(await page.locator('table.files img').count(), 0, 'a name is text');
  await page.click('a.name:has-text("letters/")');
  await page.waitForURL(/path=letters/);

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.click('button:has-text("Download")'),
  ]);
  assert.equal(download.suggestedFilename(), 'to anna.txt');
  assert.equal(fs.readFileSync(await download.path(), 'utf8'), 'Dearest Anna\n');

  await page.check('input[name=path64]');
  await page.click('text=Restore what is marked…');
  await page.waitForURL(/\/restore\?/);
  assert.match(await textOf(page.locator('h1')), /new directory on web1/);
  await page.fill('input[name=name]', 'for-anna');
  await page.click('button.go');
  await page.waitForURL(/\/jobs\/[0-9a-f]{32}/);
  // As it is now, by itself: nobody reads the page again.
  await page.locator('.isnow:has-text("done")').waitFor();
  const restored = path.join(bench.restored, 'for-anna/letters/to anna.txt');
  assert.equal(fs.readFileSync(restored, 'utf8'), 'Dearest Anna\n');
  assert.deepEqual(fs.readdirSync(path.join(bench.restored, 'for-anna')), ['letters']);
  assert.match(await textOf(page.locator('h1')), /was restored to/);
  assert.deepEqual(wrong, []);
});
