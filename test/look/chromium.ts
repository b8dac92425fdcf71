/** A Chromium without a window, spoken to through its pipe; nothing of it is left afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const FLAGS = [
  '--headless',
  '--remote-debugging-pipe',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--hide-scrollbars',
];

export interface ViewOptions {
  readonly width: number;
  readonly scheme?: 'light' | 'dark';
  readonly media?: 'screen' | 'print';
  readonly withoutScript?: boolean;
}

type Answer = Readonly<Record<string, unknown>>;

export class Chromium {
  readonly #folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-chromium-'));
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #listeners = new Set<(method: string, params: Answer) => void>();
  #last = 0;
  #rest = '';

  constructor() {
    const stdio = ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] as const;
    const home = `--user-data-dir=${path.join(this.#folder, 'profile')}`;
    this.#child = spawn('chromium', [...FLAGS, home, 'about:blank'], { stdio: [...stdio] });
    this.#output.setEncoding('utf8').on('data', (part: string) => {
      this.#read(part);
    });
  }

  /** Opens `page` and says what it asked for, what went wrong, and what `expression` gives in it. */
  async view(
    page: string,
    expression: string,
    options: ViewOptions,
  ): Promise<{
    readonly value: unknown;
    readonly asked: readonly string[];
    readonly logged: readonly string[];
  }> {
    const file = path.join(this.#folder, 'page.html');
    fs.writeFileSync(file, page);
    const asked: string[] = [];
    const logged: string[] = [];
    const listen = (method: string, params: Answer): void => {
      if (method === 'Network.requestWillBeSent')
        asked.push((params.request as { url: string }).url);
      if (method === 'Log.entryAdded') logged.push((params.entry as { text: string }).text);
      if (method === 'Runtime.exceptionThrown') logged.push(JSON.stringify(params));
    };
    this.#listeners.add(listen);
    const { targetId } = await this.#send('Target.createTarget', { url: 'about:blank' });
    const attached = await this.#send('Target.attachToTarget', { targetId, flatten: true });
    const session = attached.sessionId as string;
    await this.#dress(session, options);
    const loaded = this.#event('Page.loadEventFired');
    await this.#send('Page.navigate', { url: pathToFileURL(file).href }, session);
    await loaded;
    const { result } = await this.#send(
      'Runtime.evaluate',
      { expression, returnByValue: true },
      session,
    );
    await this.#send('Target.closeTarget', { targetId });
    this.#listeners.delete(listen);
    return { value: (result as { value: unknown }).value, asked, logged };
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    await this.#send('Browser.close', {});
    await ended;
    fs.rmSync(this.#folder, { recursive: true, maxRetries: 10, retryDelay: 100 });
  }

  async #dress(session: string, options: ViewOptions): Promise<void> {
    for (const domain of ['Network', 'Page', 'Runtime', 'Log']) {
      await this.#send(`${domain}.enable`, {}, session);
    }
    const size = { width: options.width, height: 900, deviceScaleFactor: 1, mobile: false };
    await this.#send('Emulation.setDeviceMetricsOverride', size, session);
    const features = [{ name: 'prefers-color-scheme', value: options.scheme ?? 'light' }];
    const media = options.media ?? 'screen';
    await this.#send('Emulation.setEmulatedMedia', { media, features }, session);
    const value = options.withoutScript ?? false;
    await this.#send('Emulation.setScriptExecutionDisabled', { value }, session);
  }

  #event(wanted: string): Promise<void> {
    return new Promise((resolve) => {
      const listen = (method: string): void => {
        if (method !== wanted) return;
        this.#listeners.delete(listen);
        resolve();
      };
      this.#listeners.add(listen);
    });
  }

  #send(method: string, params: object, sessionId?: string): Promise<Answer> {
    const id = ++this.#last;
    const said =
      sessionId === undefined ? { id, method, params } : { id, method, params, sessionId };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (answer) => {
        if (answer.error === undefined) resolve((answer.result ?? {}) as Answer);
        else reject(new Error(`${method}: ${JSON.stringify(answer.error)}`));
      });
      this.#input.write(`${JSON.stringify(said)}\0`);
    });
  }

  #read(part: string): void {
    const messages = (this.#rest + part).split('\0');
    this.#rest = messages.pop() ?? '';
    for (const message of messages) {
      const said = JSON.parse(message) as Answer;
      if (typeof said.id === 'number') this.#answer(said.id, said);
      else for (const listen of this.#listeners) listen(String(said.method), said.params as Answer);
    }
  }

  #answer(id: number, said: Answer): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(said);
  }

  get #input(): Writable {
    return this.#child.stdio[3] as Writable;
  }

  get #output(): Readable {
    return this.#child.stdio[4] as Readable;
  }
}
