// Pictures of the pages for docs/pictures (`npm run screenshots`): the invented estate of test/web/sample.ts, in the
// Chromium of this machine. To be looked at by a person after each change of how pages look.
import * as fs from 'node:fs';
import path from 'node:path';
import { openBrowser, serveTexts } from '../test/web/browser.ts';
import { samplePages } from '../test/web/sample-pages.ts';

const TARGET = path.join(path.dirname(import.meta.dirname), 'docs/pictures');
const BYTES_MAX = 150_000;
const EVENTS = 'retry: 100000\n\nevent: hello\ndata: {}\n\n';

interface Shot {
  readonly name: string;
  readonly page: string;
  readonly width: number;
  readonly height: number;
  readonly scheme: 'light' | 'dark';
}

const wide = { width: 1440, height: 690 } as const;
const phone = { width: 390, height: 1300 } as const;
const SHOTS: readonly Shot[] = [
  { name: 'exposure-1440-light', page: '/', ...wide, scheme: 'light' },
  { name: 'exposure-1440-dark', page: '/', ...wide, scheme: 'dark' },
  { name: 'exposure-390-light', page: '/', ...phone, scheme: 'light' },
  { name: 'frozen-1440-light', page: '/frozen', ...wide, scheme: 'light' },
  { name: 'host-1440-dark', page: '/hosts/hv3', ...wide, scheme: 'dark' },
  { name: 'host-390-dark', page: '/hosts/hv3', ...phone, scheme: 'dark' },
  { name: 'lose-1440-light', page: '/lost', ...wide, scheme: 'light' },
  { name: 'plan-1440-light', page: '/plan', ...wide, scheme: 'light' },
  { name: 'data-set-1440-light', page: '/data-set', ...wide, scheme: 'light' },
];

const server = await serveTexts(samplePages());
const browser = await openBrowser();
fs.mkdirSync(TARGET, { recursive: true });
for (const { name, page: at, width, height, scheme } of SHOTS) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.route('**/v1/events', (route) =>
    route.fulfill({ status: 200, contentType: 'text/event-stream', body: EVENTS }),
  );
  await page.goto(server.url + at);
  const file = path.join(TARGET, `${name}.png`);
  await page.screenshot({ path: file });
  await context.close();
  const { size } = fs.statSync(file);
  process.stdout.write(`${name}: ${Math.ceil(size / 1000)} kB\n`);
  if (size > BYTES_MAX) process.exitCode = 1;
}
await browser.close();
await server.close();
