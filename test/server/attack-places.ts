/** Every route of the document that the server serves, as an attacker finds them; and who listens. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { OpenApi } from '../../src/wire/api/openapi.ts';
import type { Got, ServerBench } from './server-bench.ts';

export interface Place {
  readonly id: string;
  readonly method: string;
  /** `/v1/hosts/{host}`. */
  readonly template: string;
  /** With something that fits in place of each name. */
  readonly path: string;
  readonly isOpen: boolean;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

const ID = 'a'.repeat(32);
const FITTING: Readonly<Record<string, string>> = {
  ...{ host: 'web1', item: 'disk-space:%2Fsrv', job: ID, alert: ID, id: ID, name: 'nobody' },
  ...{ agent: ID, token: 'x', signed: 'x', dataSet: 'web1:%2Fsrv' },
  snapshot: 'a'.repeat(64),
};

export async function placesOf(bench: ServerBench): Promise<readonly Place[]> {
  const document = await bench.json<OpenApi>('/v1/openapi.json');
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]): Place => {
      const { operationId: id, security, parameters } = operation;
      const content = operation.requestBody as
        | { readonly content: Readonly<Record<string, { readonly schema: object }>> }
        | undefined;
      return {
        ...{ id, method: method.toUpperCase(), template, isOpen: security.length === 0 },
        path: template.replaceAll(
          /\{(\w+)\}/g,
          (_, name: string) => FITTING[name] ?? assert.fail(`what fits {${name}}?`),
        ),
        parameters: parameters as Place['parameters'],
        body: content?.content['application/json']?.schema as Place['body'],
      };
    }),
  );
}

/** A stream has an answer without an end: it is asked for elsewhere. */
export async function closedPlacesOf(bench: ServerBench): Promise<readonly Place[]> {
  const closed = (await placesOf(bench)).filter(({ isOpen }) => !isOpen);
  assert.ok(closed.length > 25);
  return closed;
}

export function ask(
  bench: ServerBench,
  { method, path }: Place,
  headers: Readonly<Record<string, string>> = {},
): Promise<Got> {
  return bench.ask(path, { method, headers, ...(method === 'POST' ? { body: {} } : {}) });
}

interface Answered {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PlainServer {
  readonly url: string;
  readonly calls: readonly { readonly path: string; readonly body: string }[];
}

/** Somebody's server on this machine, which notes what it is told. */
export async function plainServer(t: TestContext, answer: () => Answered): Promise<PlainServer> {
  const calls: { readonly path: string; readonly body: string }[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      calls.push({ path: request.url ?? '', body });
      const { status, body: said, headers = {} } = answer();
      response.writeHead(status, headers).end(said);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, calls };
}
