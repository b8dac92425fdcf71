/** A real `up` that watches, on ports of its own, and what is asked of it. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Bench } from '../cli/run-cli.ts';

const env = { HOLDFAST_VAULT: '' };
/** Of a machine that does much else. */
const LIMIT_MS = 120_000;

export interface Got {
  readonly status: number;
  readonly text: string;
  readonly cookie: string;
}

interface Item {
  readonly host: string;
  readonly item: string;
  readonly mark: string;
  readonly ageMs: number | null;
  readonly limitMs: number;
}

export async function until<T>(
  what: string,
  look: () => T | false | undefined | Promise<T | false | undefined>,
): Promise<T> {
  const endMs = performance.now() + LIMIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    assert.ok(performance.now() < endMs, `${what} did not come about`);
    await setTimeout(100);
  }
}

export class UpWatching {
  readonly #bench: Bench;
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  said = '';

  constructor(bench: Bench, args: readonly string[] = []) {
    this.#bench = bench;
    this.child = bench.start(['up', bench.at('data'), ...args], { env });
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
    const hear = (bytes: unknown): void => {
      this.said += String(bytes);
    };
    this.child.stdout?.on('data', hear);
    this.child.stderr?.on('data', hear);
  }

  /** Its own processes, by the file that they run. */
  children(): ReadonlyMap<string, number> {
    const { pid } = this.child;
    const list = readOr(`/proc/${pid}/task/${pid}/children`);
    const found = list.split(' ').flatMap((text): [string, number][] => {
      const [, name] = /(server|agent)-child\.ts/.exec(readOr(`/proc/${text}/cmdline`)) ?? [];
      return name === undefined ? [] : [[name, Number(text)]];
    });
    return new Map(found);
  }

  /** Where it says that it listens, once it does. */
  async listens(): Promise<{ readonly url: string; readonly page: string }> {
    const file = path.join(this.#bench.state, 'server/listens.json');
    return until('an address', async () => {
      this.demandRuns();
      const text = readOr(file);
      if (text === '') return undefined;
      const at = JSON.parse(text) as { url: string; page: string };
      // What one that was killed has left says nothing of this one.
      return (await askOrNot(`${at.url}/healthz`))?.status === 200 && at;
    });
  }

  demandRuns(): void {
    assert.equal(this.child.exitCode ?? this.child.signalCode, null, this.said);
  }

  /** The item as the API has it, once it is well. */
  async wellItem(name: string, token: string): Promise<Item> {
    return until(`${name} well`, async () => {
      this.demandRuns();
      const { url } = await this.listens();
      const headers = { authorization: `Bearer ${token}` };
      const got = await askOrNot(`${url}/v1/items?count=500`, { headers });
      if (got?.status !== 200) return undefined;
      const { items } = JSON.parse(got.text) as { readonly items: readonly Item[] };
      return items.find(({ item, mark }) => item === name && mark === 'ok');
    });
  }

  async kill(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** Made on the terminal of the server's machine, as docs/operating/server.md says. */
export function readToken(bench: Bench): string {
  bench.run(['server', 'user', 'add', 'tester'], { env });
  const ran = bench.run(['server', 'access', 'tester', '--scope', 'read'], { env });
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stdout.trim();
}

export async function ask(
  url: string,
  of: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>();
  const options = { method: of.method ?? 'GET', headers: of.headers, rejectUnauthorized: false };
  const asker = url.startsWith('https:') ? https : http;
  const request = asker.request(url, { ...options, agent: false }, (response) => {
    let text = '';
    response.on('data', (bytes: Buffer) => {
      text += bytes.toString('utf8');
    });
    response.on('error', reject);
    response.on('end', () => {
      const [set = ''] = response.headers['set-cookie'] ?? [];
      const cookie = set.split(';')[0] ?? '';
      resolve({ status: response.statusCode ?? 0, text, cookie });
    });
  });
  request.setTimeout(10_000, () => request.destroy(new Error('no answer')));
  request.on('error', reject);
  request.end();
  return promise;
}

/** Undefined: nobody answers, as while it is started again. */
async function askOrNot(...of: Parameters<typeof ask>): Promise<Got | undefined> {
  try {
    return await ask(...of);
  } catch (error) {
    assert.ok(error instanceof Error);
    return undefined;
  }
}

export function isAlive(pid: number): boolean {
  return (
    readOr(`/proc/${pid}/stat`)
      .replace(/^.*\) /, '')
      .charAt(0) !== 'Z' && readOr(`/proc/${pid}/stat`) !== ''
  );
}

function readOr(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return ''; // It is not there, or not any more.
  }
}
