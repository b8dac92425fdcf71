// Goal: people sign in, see what changes as it changes, and do from a page what they may, and nothing else.
// Method: the real server over TLS, real agents' words, real Chromium.
import assert from 'node:assert/strict';
import test, { after, before, type TestContext } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Role } from '../../src/access/core/roles.ts';
import { isInstalled, needs } from '../run/needs.ts';
import { ServerBench } from '../server/server-bench.ts';
import { openBrowser, textOf } from './browser.ts';

const CHROMIUM = { name: 'chromium', probe: 'chromium', purpose: '' };
const BY = { who: 'test', from: 'terminal' };
const PASSWORD = 'correct horse battery staple';

let browser: Browser | undefined;
before(async () => {
  if (isInstalled(CHROMIUM)) browser = await openBrowser();
});
after(async () => {
  await browser?.close();
});

interface SignedIn {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly url: string;
}

async function signedIn(t: TestContext, bench: ServerBench, role: Role): Promise<SignedIn> {
  assert.ok(browser !== undefined);
  const name = `the-${role}`;
  await bench.server.served.access.makeUser(BY, { name, role, password: PASSWORD });
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  // It listens to events: a server that closes would wait for it.
  t.after(() => context.close());
  const page = await context.newPage();
  const url = `https://127.0.0.1:${bench.port}`;
  await page.goto(`${url}/checks`);
  assert.equal(new URL(page.url()).pathname, '/sign-in', 'who is not known is led to the form');
  await page.fill('input[name=name]', name);
  await page.fill('input[name=password]', PASSWORD);
  await page.click('button[type=submit]');
  await page.waitForURL(`${url}/checks`);
  return { context, page, url };
}

/** A request from the page's own origin with its cookie, as a form sends it. */
function send(page: Page, path: string, fields: Readonly<Record<string, string>>): Promise<number> {
  const body = new URLSearchParams(fields).toString();
  return page.evaluate(
    `fetch(${JSON.stringify(path)}, { method: 'POST', redirect: 'manual', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: ${JSON.stringify(body)} }).then((answer) => answer.type === 'opaqueredirect' ? 303 : answer.status)`,
  );
}

test('a person signs in by name and password, by a cookie that no script and no other site has', async (t) => {
  if (!needs(t, 'chromium')) return;
  const bench = await ServerBench.open(t);
  const { context, page, url } = await signedIn(t, bench, 'operator');
  const cookie = (await context.cookies()).find(({ name }) => name === '__Host-holdfast');
  assert.ok(cookie !== undefined);
  assert.deepEqual([cookie.httpOnly, cookie.secure, cookie.sameSite], [true, true, 'Strict']);
  await page.click('text=Sign out');
  await page.waitForURL(`${url}/sign-in`);
  await page.goto(`${url}/`);
  assert.equal(new URL(page.url()).pathname, '/sign-in', 'the session is over');
});

test('a wrong password, a form without its cookie, and a way that leads elsewhere sign nobody in', async (t) => {
  const bench = await ServerBench.open(t);
  await bench.server.served.access.makeUser(BY, {
    name: 'anna',
    role: 'viewer',
    password: PASSWORD,
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const form = await bench.ask('/sign-in?next=%2F%2Fevil.example');
  const token = /name="csrf" value="([0-9a-f]{32})"/.exec(form.text)?.[1] ?? '';
  assert.match(form.text, /name="next" value="\/"/, 'of this server only');
  const [set = ''] = [form.headers['set-cookie']].flat();
  const cookie = set.split(';')[0] ?? '';
  assert.match(set, /; Secure; HttpOnly; SameSite=Strict/);
  const sent = async (fields: Record<string, string>, more: Record<string, string> = {}) => {
    const body = new URLSearchParams({ name: 'anna', password: PASSWORD, csrf: token, ...fields });
    const all = { ...headers, cookie, ...more };
    return bench.send('/sign-in', { method: 'POST', headers: all, body: body.toString() });
  };
  assert.equal((await sent({ password: 'wrong' })).status, 401);
  assert.equal((await sent({ csrf: '0'.repeat(32) })).status, 403);
  assert.equal((await sent({}, { cookie: '' })).status, 403);
  assert.equal((await sent({}, { origin: 'https://evil.example' })).status, 403);
  const right = await sent({ next: 'https://evil.example/' });
  assert.equal(right.status, 303);
  assert.equal(right.headers.location, '/');
  assert.match(String(right.headers['set-cookie']), /^__Host-holdfast=/);
});

test('a row changes in place when its host does, and the others are left alone', async (t) => {
  if (!needs(t, 'chromium')) return;
  const bench = await ServerBench.open(t);
  const [web1, db1] = [await bench.enrol('web1'), await bench.enrol('db1')];
  await db1.say([db1.seen('disk-space:/', 'healthy')]);
  await web1.say([web1.seen('disk-space:/', 'healthy'), web1.seen('http:wiki', 'healthy')]);
  const { page, url } = await signedIn(t, bench, 'viewer');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(`${url}/`);
  await page.locator('#works tr[data-host=web1]').waitFor();
  await page.evaluate(`document.querySelector('tr[data-host=db1]').dataset.kept = 'yes'`);
  asked.length = 0;
  await page.waitForTimeout(300);
  await web1.say([web1.seen('http:wiki', 'broken', 'it answered 500')]);
  const row = page.locator('#bad tr[data-host=web1]');
  await row.waitFor({ timeout: 60_000 });
  assert.match(await textOf(row), /failed for/);
  assert.equal(await textOf(page.locator('#bad .count')), '1');
  assert.equal(await page.locator('tr[data-host=db1]').getAttribute('data-kept'), 'yes');
  // The guide's next step may be another by what was seen.
  const beside = ['/v1/events', '/part/guide'];
  assert.deepEqual(
    [...new Set(asked)].filter((path) => !beside.includes(path)),
    ['/row/web1'],
  );
});

test('an operator freezes and ends it by the form; what is not covered is named first', async (t) => {
  if (!needs(t, 'chromium')) return;
  const bench = await ServerBench.open(t);
  const web1 = await bench.enrol('web1');
  await web1.say([web1.seen('disk-space:/', 'healthy')]);
  const { page, url } = await signedIn(t, bench, 'operator');
  await page.goto(`${url}/`);
  await page.click('text=Freeze changes');
  assert.match(await textOf(page.locator('h1')), /would not cover everything/);
  await page.fill('input[name=reason]', 'storage work');
  await page.click('text=Freeze changes on all hosts');
  await page.waitForURL(`${url}/freeze`);
  await page.locator('text=Unfreeze all hosts').waitFor();
  assert.equal(bench.server.served.noted.freezes[0]?.reason, 'storage work');
  assert.match(await textOf(page.locator('.strip')), /Changes frozen until/);
  await page.click('text=Unfreeze all hosts');
  await page.locator('text=Freeze changes on all hosts').waitFor();
  assert.deepEqual(bench.server.served.noted.freezes, []);
});

test('a viewer is shown no button that does something, and what it sends all the same is refused', async (t) => {
  if (!needs(t, 'chromium')) return;
  const bench = await ServerBench.open(t);
  const web1 = await bench.enrol('web1');
  await web1.say([web1.seen('disk-space:/', 'healthy')]);
  const { page, url } = await signedIn(t, bench, 'viewer');
  await page.goto(`${url}/freeze`);
  assert.equal(await page.locator('form[action="/freeze"]').count(), 0);
  assert.match(await textOf(page.locator('main')), /holdfast freeze/);
  const csrf = await page.locator('form[action="/sign-out"] input[name=csrf]').inputValue();
  const fields = { csrf, reason: 'x', forMs: '3600000' };
  assert.equal(await send(page, '/freeze', fields), 403);
  assert.equal(await send(page, `/jobs/${'a'.repeat(32)}/cancel`, { csrf }), 403);
  assert.deepEqual(bench.server.served.noted.freezes, []);
});

test('a form without the token of its session does nothing', async (t) => {
  if (!needs(t, 'chromium')) return;
  const bench = await ServerBench.open(t);
  const { page, url } = await signedIn(t, bench, 'operator');
  await page.goto(`${url}/freeze`);
  const fields = { reason: 'x', forMs: '3600000' };
  assert.equal(await send(page, '/freeze', fields), 403);
  assert.equal(await send(page, '/freeze', { ...fields, csrf: 'x'.repeat(43) }), 403);
  assert.deepEqual(bench.server.served.noted.freezes, []);
  const csrf = await page.locator('form[action="/freeze"] input[name=csrf]').inputValue();
  assert.equal(await send(page, '/freeze', { ...fields, csrf }), 303);
});

test('no page may be framed, and none loads or runs what is not ours', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('viewer');
  for (const path of ['/', '/checks', '/freeze', '/lose', '/unprotected', '/sign-in']) {
    const { headers, status } = await bench.ask(path, { token, headers: { accept: 'text/html' } });
    assert.equal(status, 200, path);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /^default-src 'none'; .*frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    assert.equal(headers['x-frame-options'], 'DENY');
  }
});

test('a page that cannot be shown says why, and leads on to the first one and to the freeze', async (t) => {
  if (!needs(t, 'chromium')) return;
  const bench = await ServerBench.open(t);
  const { page, url } = await signedIn(t, bench, 'operator');
  for (const path of ['/hosts/nobody', '/data-set?name=none', '/nowhere']) {
    const answer = await page.goto(`${url}${path}`);
    assert.equal(answer?.status(), 404, path);
    assert.match(await textOf(page.locator('h1')), /^Nothing can be shown here$/);
    assert.match(await textOf(page.locator('body')), /HF_[A-Z_]+\)/);
    await page.click('a[href="/freeze"]');
    assert.equal(new URL(page.url()).pathname, '/freeze');
  }
});
