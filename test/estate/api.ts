/** The API of a server in a network of its own, asked through its socket file. */
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ItemSeen {
  readonly host: string;
  readonly item: string;
  readonly kind: string;
  readonly mark: string;
  readonly why: string;
  readonly ageMs: number | null;
  readonly limitMs: number;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

export interface HostSeen {
  readonly host: string;
  readonly mark: string;
  readonly why: string;
  readonly silentMs: number | null;
}

export interface StatusSeen {
  readonly mark: string;
  readonly why: string;
  readonly watching: { readonly mark: string };
  readonly hosts: Readonly<Record<string, number>>;
}

export interface LineSeen {
  readonly at: string;
  readonly from: string;
  readonly text: string;
}

export class Api {
  readonly #socket: string;
  readonly #token: string;

  constructor(socket: string, token: string) {
    this.#socket = socket;
    this.#token = token;
  }

  async status(): Promise<StatusSeen> {
    return await this.ask('/v1/status');
  }

  async items(): Promise<readonly ItemSeen[]> {
    const { items } = await this.ask<{ items: readonly ItemSeen[] }>('/v1/items?count=5000');
    return items;
  }

  async hosts(): Promise<readonly HostSeen[]> {
    const { hosts } = await this.ask<{ hosts: readonly HostSeen[] }>('/v1/hosts');
    return hosts;
  }

  async host(name: string): Promise<HostSeen | undefined> {
    return (await this.hosts()).find(({ host }) => host === name);
  }

  async item(host: string, item: string): Promise<ItemSeen | undefined> {
    return (await this.itemsOf(host)).find((each) => each.item === item);
  }

  async itemsOf(host: string): Promise<readonly ItemSeen[]> {
    const { items } = await this.ask<{ items: readonly ItemSeen[] }>(`/v1/hosts/${host}`);
    return items;
  }

  /** Oldest first. */
  async lines(host: string): Promise<readonly LineSeen[]> {
    const { lines } = await this.ask<{ lines: readonly LineSeen[] }>(
      `/v1/hosts/${host}/lines?count=1000`,
    );
    return lines;
  }

  /** Again in a second where that was too fast. @throws where it is not answered with 200 */
  async ask<T>(where: string, body?: object): Promise<T> {
    for (;;) {
      const { status, text } = await this.#asked(where, body);
      if (status === 200) return JSON.parse(text) as T;
      if (status !== 429) throw new Error(`${where}: ${status} ${text}`);
      await sleep(1000);
    }
  }

  #asked(
    where: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const headers = { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' };
    const method = body === undefined ? 'GET' : 'POST';
    const to = { socketPath: this.#socket, path: where, method, headers, agent: false } as const;
    return new Promise((resolve, reject) => {
      const limit = AbortSignal.timeout(20_000);
      const request = https.request({ ...to, rejectUnauthorized: false, signal: limit }, (got) => {
        let text = '';
        got.on('data', (part) => (text += String(part)));
        got.on('error', reject);
        got.on('end', () => resolve({ status: got.statusCode ?? 0, text }));
      });
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
