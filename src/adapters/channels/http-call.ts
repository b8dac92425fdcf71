/**
 * One request to somebody else's server. The address is checked and then used, TLS is checked before a
 * byte is written, redirects are not followed, and neither a slow nor an endless answer holds it up.
 */
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import type { Sent } from '../../tell/shell/channel.ts';
import { type Reach, reachable } from './reach.ts';

export interface HttpCall {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpWay {
  readonly reach: Reach;
  /** PEM. */
  readonly ca?: string | undefined;
  /** SHA-256 of the certificate, 64 hexadecimal digits; then nobody need vouch for it. */
  readonly fingerprint?: string | undefined;
}

export type HttpAnswer =
  | { readonly status: number; readonly text: string }
  | { readonly status?: undefined; readonly failed: Extract<Sent, { outcome: 'failed' }> };

const ANSWER_MAX = 64 * 1024;
const CALL_MAX_MS = 25_000;

export async function callHttp(
  call: HttpCall,
  way: HttpWay,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const url = new URL(call.url);
  const ended = AbortSignal.any([signal, AbortSignal.timeout(CALL_MAX_MS)]);
  const reached = await reachable(url.hostname, way.reach);
  if (reached.address === undefined) return failed(reached.why);
  let isWritten = false;
  try {
    const socket = await connected(url, { ...way, address: reached.address, ended });
    try {
      const answering = answerOf(call, { url, socket, ended });
      isWritten = true;
      return await answering;
    } finally {
      socket.destroy();
    }
  } catch (error) {
    const why = ended.aborted ? 'it did not answer in time' : whyOf(error);
    return failed(`${url.host}: ${why}`, isWritten);
  }
}

interface Connecting extends HttpWay {
  readonly address: string;
  readonly ended: AbortSignal;
}

async function connected(url: URL, way: Connecting): Promise<net.Socket> {
  const isTls = url.protocol === 'https:';
  const port = Number(url.port) || (isTls ? 443 : 80);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const { address, ca, fingerprint } = way;
  const socket = isTls
    ? tls.connect({
        host: address,
        port,
        ...(net.isIP(host) === 0 && { servername: host }),
        ...(ca !== undefined && { ca }),
        // A pinned certificate is compared below, before anything is written.
        rejectUnauthorized: fingerprint === undefined,
        checkServerIdentity: (_address, cert) => tls.checkServerIdentity(host, cert),
        ALPNProtocols: ['http/1.1'],
        minVersion: 'TLSv1.2',
      })
    : net.connect({ host: address, port });
  const abort = (): void => void socket.destroy(new Error('it took too long'));
  way.ended.addEventListener('abort', abort, { once: true });
  if (way.ended.aborted) abort();
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('it closed the connection')));
    socket.once(isTls ? 'secureConnect' : 'connect', () => resolve());
  }).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
  socket.on('error', () => undefined); // The request that uses it says what happened.
  if (
    fingerprint !== undefined &&
    !(socket instanceof tls.TLSSocket && hasPrint(socket, fingerprint))
  ) {
    socket.destroy();
    throw new Error('its certificate is not the one that is pinned');
  }
  return socket;
}

function hasPrint(socket: tls.TLSSocket, wanted: string): boolean {
  const found = socket.getPeerX509Certificate()?.fingerprint256 ?? '';
  const plain = (text: string): string => text.replaceAll(':', '').toLowerCase();
  return plain(found).length === 64 && plain(found) === plain(wanted);
}

interface Answering {
  readonly url: URL;
  readonly socket: net.Socket;
  readonly ended: AbortSignal;
}

function answerOf(call: HttpCall, { url, socket, ended }: Answering): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const body = Buffer.from(call.body, 'utf8');
    const request = http.request(
      {
        createConnection: () => socket,
        method: call.method,
        path: `${url.pathname}${url.search}`,
        headers: {
          host: url.host,
          'user-agent': 'holdfast',
          'content-length': String(body.length),
          ...call.headers,
        },
        signal: ended,
        maxHeaderSize: 16 * 1024,
      },
      (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        const done = (): void =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(parts).toString('utf8').slice(0, ANSWER_MAX),
          });
        response.on('data', (part: Buffer) => {
          parts.push(part);
          size += part.length;
          // What came is enough to know how it went; an endless answer is not read.
          if (size > ANSWER_MAX) done();
        });
        response.on('end', done);
        response.on('error', reject);
        response.on('close', () => reject(new Error('it closed the connection')));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

function failed(why: string, maybe = false): HttpAnswer {
  const said = { outcome: 'failed', why } as const;
  return { failed: maybe ? { ...said, maybe: true } : said };
}

/** Never the message as such: it may quote an address that is a secret. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed';
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined) return WORDS.get(code) ?? code;
  return error.message;
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nobody listens there (ECONNREFUSED)'],
  ['ECONNRESET', 'it closed the connection (ECONNRESET)'],
  ['ETIMEDOUT', 'it did not answer in time (ETIMEDOUT)'],
  ['EHOSTUNREACH', 'there is no way to it (EHOSTUNREACH)'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is signed by itself: name it by ca-file'],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is of another name'],
]);

/** Will never be taken, whoever is asked again. */
const REFUSED: ReadonlySet<number> = new Set([400, 413, 414, 415, 422]);

/** What an answer means for a message. */
export function sentOf(answer: HttpAnswer, receipt: (text: string) => string): Sent {
  if (answer.status === undefined) return answer.failed;
  const { status, text } = answer;
  if (status >= 200 && status < 300)
    return { outcome: 'sent', receipt: `${status} ${receipt(text)}` };
  const why = `it answered ${status}`;
  if (status === 410) return { outcome: 'refused', why, gone: true };
  if (REFUSED.has(status)) return { outcome: 'refused', why };
  if (status >= 300 && status < 400) {
    return { outcome: 'failed', why: `${why}: it sends elsewhere, and that is not followed` };
  }
  return { outcome: 'failed', why };
}
