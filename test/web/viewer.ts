/** Somebody who may only look, in Chromium: signed in by a link, as from a mail. */
import type { TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { ServerBench } from '../server/server-bench.ts';

const BY = { who: 'test', from: 'terminal' };

export async function viewerAt(
  t: TestContext,
  bench: ServerBench,
  of: {
    readonly browser: Browser;
    readonly viewport?: { readonly width: number; readonly height: number };
  },
): Promise<{ readonly page: Page; readonly url: string }> {
  const { access } = bench.server.served;
  await access.makeUser(BY, { name: 'anna', role: 'viewer' });
  const { secret } = await access.makeLink(BY, 'anna');
  const { browser, ...rest } = of;
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...rest });
  t.after(() => context.close());
  const page = await context.newPage();
  const url = `https://127.0.0.1:${bench.port}`;
  await page.goto(`${url}/sign-in/${secret}`);
  await page.click('button');
  await page.waitForURL(`${url}/`);
  return { page, url };
}
