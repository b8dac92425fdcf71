/** One Chromium for all pages of a test file, and a server of texts for pages that come from no server. */
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Locator } from 'playwright-core';
import { WEB_POLICY, webFiles } from '../../src/adapters/http/web-files.ts';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
];

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS });
}

export interface TextServer {
  readonly url: string;
  close(): Promise<void>;
}

/** With the policy that the real one sends. */
export async function serveTexts(texts: ReadonlyMap<string, string>): Promise<TextServer> {
  const { style, script } = webFiles();
  const server = http.createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const file = path === '/web/style.css' ? style : path === '/web/live.js' ? script : undefined;
    const text = file?.text ?? texts.get(path);
    if (text === undefined) {
      response.writeHead(404).end();
      return;
    }
    const type = path.endsWith('.css')
      ? 'text/css'
      : path.endsWith('.js')
        ? 'text/javascript'
        : 'text/html';
    response.writeHead(200, {
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy': WEB_POLICY,
    });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export async function textOf(locator: Locator): Promise<string> {
  return (await locator.textContent()) ?? '';
}
