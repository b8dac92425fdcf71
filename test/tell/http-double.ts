/** A server on this machine that answers what a test says, and writes down what it was asked. */
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export type Answerer = (response: http.ServerResponse, request: http.IncomingMessage) => void;

export interface HttpDouble {
  readonly url: string;
  readonly asked: Asked[];
  answer: Answerer;
}

export const status =
  (code: number, body = '', headers: http.OutgoingHttpHeaders = {}): Answerer =>
  (response) =>
    void response.writeHead(code, headers).end(body);

export async function httpDouble(
  t: TestContext,
  tls?: { readonly key: string; readonly cert: string },
): Promise<HttpDouble> {
  const double = { url: '', asked: [] as Asked[], answer: status(200, '{}') };
  const take: http.RequestListener = (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      double.asked.push({ method, path, headers, body: Buffer.concat(parts).toString('utf8') });
      double.answer(response, request);
    });
  };
  const server = tls === undefined ? http.createServer(take) : https.createServer(tls, take);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  double.url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  return double;
}
