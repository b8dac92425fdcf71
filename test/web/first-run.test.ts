// Goal: a person who knows nothing comes from an empty server to a data set whose restore was proven, by doing what
// the page says and nothing else; then the guide is gone, and what is proven is said.
// Method: `holdfast server`, `holdfast agent` and what the page tells to type as processes of their own, in places of
// the test; real Chromium, which nobody tells to read anything again.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { Bench, PROGRAM } from '../cli/run-cli.ts';
import { isInstalled, needs } from '../run/needs.ts';
import { until, UpWatching } from '../up/up-watching.ts';
import { openBrowser, textOf } from './browser.ts';
import { freePort } from '../run/free-port.ts';

const CHROMIUM = { name: 'chromium', probe: 'chromium', purpose: '' };
const LIMIT_MS = 240_000;

let browser: Browser | undefined;
before(async () => {
  if (isInstalled(CHROMIUM)) browser = await openBrowser();
});
after(async () => {
  await browser?.close();
});

async function signedIn(t: TestContext, link: string): Promise<Page> {
  assert.ok(browser !== undefined);
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  await page.goto(link);
  await page.click('button');
  await page.waitForURL(new URL('/', link).href);
  return page;
}

/** One machine for both: the server's files and the host's are apart. */
class Machine {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-first-run-'));
  readonly data = this.at('data');
  readonly serverConfig = this.at('server.yaml');
  readonly hostConfig = this.at('host.yaml');
  readonly agentConfig = this.at('agent.yaml');
  readonly #children: ChildProcess[] = [];

  constructor(port: number) {
    fs.mkdirSync(this.data);
    fs.writeFileSync(path.join(this.data, 'one'), 'one file\n');
    fs.writeFileSync(
      this.serverConfig,
      `server: {listen: "127.0.0.1:${port}"}\nstate: ${this.at('server')}\n`,
    );
    fs.writeFileSync(this.hostConfig, `state: ${this.at('host')}\n`);
    fs.writeFileSync(this.agentConfig, `level: look\nconfig: ${this.hostConfig}\n`, {
      mode: 0o644,
    });
  }

  at(name: string): string {
    return path.join(this.root, name);
  }

  start(of: 'server' | 'host', args: readonly string[]): void {
    this.#children.push(spawn(PROGRAM, args, { stdio: 'ignore', env: this.env(of) }));
  }

  env(of: 'server' | 'host'): NodeJS.ProcessEnv {
    const config = of === 'server' ? this.serverConfig : this.hostConfig;
    const PATH = `${path.dirname(PROGRAM)}:${process.env.PATH ?? ''}`;
    return { ...process.env, PATH, HOLDFAST_CONFIG: config, HOLDFAST_STATE: this.at(of) };
  }

  /** A line of the page, as a person types it, in the places of this test. */
  type(line: string, of: 'server' | 'host', input = ''): string {
    const typed = line
      .replaceAll('/srv/vault', this.at('vault'))
      .replaceAll('/etc/holdfast/holdfast.yaml', this.hostConfig)
      .replaceAll('/etc/holdfast', path.dirname(this.hostConfig));
    const ran = spawnSync('sh', ['-c', typed], { env: this.env(of), encoding: 'utf8', input });
    assert.equal(ran.status, 0, `${typed}\n${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  }

  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}

function isHeard(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function nextLines(page: Page, title: string): Promise<readonly string[]> {
  const step = page.locator('#guide li', { hasText: title });
  await step.locator('.typed').first().waitFor();
  return step.locator('.typed').allTextContents();
}

test('from nothing to a drilled data set, by what the page says', async (t) => {
  if (!needs(t, 'chromium')) return;
  if (process.getuid?.() !== 0) return t.skip('an agent of root reads the ledger of root');
  const port = await freePort();
  const machine = new Machine(port);
  t.after(() => machine.remove());
  machine.start('server', ['server']);
  await until('a server', () => isHeard(port));
  const added = machine.type('holdfast server user add anna --role admin', 'server');
  const link = /https:\/\/\S+/.exec(added)?.[0] ?? '';
  const page = await signedIn(t, link);
  assert.match(await textOf(page.locator('h1')), /Nothing is proven yet\. 0 of 5 steps/);

  const [token = '', enrol = '', agent = ''] = await nextLines(page, 'A host says how it stands');
  const line = /https:\S+ \S+/.exec(machine.type(token, 'server'))?.[0] ?? '';
  const own = `--state ${machine.at('host/agent')} --config ${machine.agentConfig}`;
  machine.type(`${enrol} ${own}`, 'host', `${line}\n`);
  assert.equal(agent, 'holdfast agent');
  machine.start('host', [...agent.split(' ').slice(1), ...own.split(' ')]);

  // Nobody reads the page again: it turns into the one of a host, and the steps tick by themselves.
  const [init = '', vault = '', backup = ''] = await nextLines(page, 'Something is kept');
  machine.type(init, 'host');
  machine.type(vault, 'host');
  assert.match(backup, /^holdfast backup \/\S+$/);
  machine.type(`holdfast backup ${machine.data}`, 'host');

  const [sheet = '', confirm = ''] = await nextLines(page, 'The key of the vault is on paper');
  assert.match(machine.type(sheet.replace(' | lp', ''), 'host'), /Holdfast/i);
  assert.equal(confirm, 'holdfast key sheet --confirm');
  const [drill = ''] = await nextLines(page, 'A restore is proven');
  assert.equal(drill, `holdfast drill latest --data-set ${machine.data}`);
  machine.type(drill, 'host');

  const proven = page.locator('#guide', { hasText: 'Proven now' });
  await proven.waitFor();
  const words = (await textOf(proven)).replaceAll(/\s+/g, ' ');
  assert.match(words, /Proven now: 1 data set of \d+ was restored and compared/);
  assert.ok(words.includes(`web1:${machine.data}`), words);
  assert.equal(await page.locator('#guide li').count(), 0, 'the steps are gone');
});

test('npm start leads to the same sentence, and needs nothing more to be typed', async (t) => {
  if (!needs(t, 'chromium')) return;
  const bench = new Bench();
  bench.write('data/one', 'one file\n');
  bench.write('holdfast.yaml', 'server: {listen: "127.0.0.1:0"}\n');
  const up = new UpWatching(bench);
  t.after(async () => {
    up.child.kill('SIGTERM');
    await up.ended;
    bench.remove();
  });
  const { page: at } = await up.listens();
  const added = bench.run(['server', 'user', 'add', 'reader'], { env: { HOLDFAST_VAULT: '' } });
  const secret = /sign-in\/(\S+)/.exec(added.stdout)?.[1] ?? '';
  const page = await signedIn(t, `${at}/sign-in/${secret}`);
  await page.locator('#guide', { hasText: 'Proven now' }).waitFor();
  assert.match(await textOf(page.locator('#guide')), /1 data set of \d+ was restored and compared/);
  assert.equal(await page.locator('#guide .typed').count(), 0);
});
