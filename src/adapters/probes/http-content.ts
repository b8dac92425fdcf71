import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { formatDuration } from '../../base/say-time.ts';
import { judgeNoConnection } from '../../watch/core/probes/connection-trouble.ts';
import { found, quoted } from '../../watch/core/probes/found.ts';
import {
  type HttpAnswer,
  type HttpWanted,
  judgeHttp,
  objectionToRedirect,
} from '../../watch/core/probes/http-content.ts';
import type { Probe, ProbeFinding } from '../../watch/shell/agent/probe.ts';
import { errnoOf } from '../node/errno.ts';
import { boundedProbe } from './bounded-probe.ts';
import { type ProbeTime, probeTime } from './probe-time.ts';

export interface HttpProbeOptions {
  readonly name: string;
  readonly url: string;
  readonly wanted: HttpWanted;
  readonly redirectsMax: number;
  /** Names that a redirect may lead to, beside that of `url`. */
  readonly also: readonly string[];
  /** `address` or `address:port` to ask instead of what the name leads to. */
  readonly connect?: string | undefined;
  /** A file of certificates to trust, in PEM. */
  readonly ca?: string | undefined;
  readonly everyMs: number;
  readonly timeoutMs: number;
}

interface Asked {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
  readonly isCut: boolean;
}

const HEADER_BYTES_MAX = 64 * 1024;

/** What a web server really serves: status, text, size, redirects. */
export function httpProbe(options: HttpProbeOptions, time: ProbeTime = probeTime): Probe {
  const { name, everyMs, timeoutMs } = options;
  return boundedProbe({
    kind: 'http',
    name,
    everyMs,
    // A server that does not answer in time is broken; only a probe that hangs is unreadable.
    timeoutMs: timeoutMs + 2000,
    look: (signal) =>
      look(options, time, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])),
  });
}

async function look(
  options: HttpProbeOptions,
  time: ProbeTime,
  signal: AbortSignal,
): Promise<ProbeFinding> {
  const begin = time.steadyMs();
  let url = new URL(options.url);
  for (let hop = 0; hop <= options.redirectsMax; hop++) {
    let asked: Asked;
    try {
      asked = await ask(url, options, signal);
    } catch (error) {
      return notAsked(error, { url, signal, timeoutMs: options.timeoutMs });
    }
    const next = redirectOf(asked, url, options);
    if (next === undefined) {
      const tookMs = time.steadyMs() - begin;
      const answer: HttpAnswer = { ...asked, url: url.href, tookMs };
      return judgeHttp(answer, options.wanted);
    }
    if (typeof next === 'string') return found('broken', next, { status: asked.status });
    url = next;
  }
  return found('broken', `it leads on more than ${options.redirectsMax} times`);
}

/** Where to look next; a text says why not there; undefined where this is the answer. */
function redirectOf(asked: Asked, url: URL, options: HttpProbeOptions): URL | string | undefined {
  const { status, location } = asked;
  const isMove = status >= 301 && status <= 308 && status !== 304 && location !== undefined;
  // Whoever wants a 302 gets it.
  if (!isMove || options.wanted.statuses.includes(status)) return undefined;
  if (!URL.canParse(location, url.href)) return `it leads to nowhere: ${quoted(location)}`;
  const next = new URL(location, url);
  return objectionToRedirect(url, next, options.also) ?? next;
}

function ask(url: URL, options: HttpProbeOptions, signal: AbortSignal): Promise<Asked> {
  const { connect, ca, wanted } = options;
  const isTls = url.protocol === 'https:';
  const to = connect === undefined ? undefined : parseAddress(connect);
  return new Promise((resolve, reject) => {
    const request = (isTls ? https : http).request(url, {
      agent: false,
      signal,
      maxHeaderSize: HEADER_BYTES_MAX,
      headers: { 'user-agent': 'holdfast-probe', accept: '*/*', 'accept-encoding': 'identity' },
      ...(isTls && ca !== undefined ? { ca: fs.readFileSync(ca) } : {}),
      ...(to === undefined ? {} : { host: to.host, servername: url.hostname }),
      ...(to?.port === undefined ? {} : { port: to.port }),
      ...(to === undefined ? {} : { setHost: false }),
    });
    if (to !== undefined) request.setHeader('host', url.host);
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const end = (isCut: boolean): void => {
        const body = Buffer.concat(chunks).subarray(0, wanted.bytesMax).toString();
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, location: headers.location, body, isCut });
        request.destroy();
      };
      response.on('data', (bytes: Buffer) => {
        size += bytes.length;
        chunks.push(bytes);
        if (size > wanted.bytesMax) end(true);
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.complete) end(false);
      });
    });
    request.end();
  });
}

/** `10.0.0.1`, `10.0.0.1:8080`, `[::1]:8080`. */
function parseAddress(text: string): { readonly host: string; readonly port: number | undefined } {
  const [, v6, v4 = '', port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? [];
  return { host: v6 ?? v4, port: port === undefined ? undefined : Number(port) };
}

function notAsked(
  error: unknown,
  at: { readonly url: URL; readonly signal: AbortSignal; readonly timeoutMs: number },
): ProbeFinding {
  const what = quoted(at.url.host, 100);
  const reason: unknown = at.signal.reason;
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return found('broken', `${what} did not answer within ${formatDuration(at.timeoutMs)}`);
  }
  if (!(error instanceof Error)) throw error;
  if (errnoOf(error) !== undefined && 'path' in error) {
    return found('unreadable', `the certificates of ca: cannot be read (${errnoOf(error) ?? ''})`);
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === '') throw error;
  return judgeNoConnection(what, code, error.message);
}
