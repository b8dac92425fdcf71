/** Asks other monitorings: one request, one bounded answer, no redirects. */
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { quoted } from '../../watch/core/probes/found.ts';
import { errnoOf } from '../node/errno.ts';

const ANSWER_BYTES_MAX = 1024 * 1024;
const FILE_BYTES_MAX = 64 * 1024 * 1024;
const SECRET_BYTES_MAX = 4096;

/** Why nothing could be read: a sentence for people. */
export class NotRead extends Error {
  override readonly name = 'NotRead';
}

export interface Access {
  readonly url: string;
  readonly 'token-file'?: string | undefined;
  readonly 'account-file'?: string | undefined;
  readonly ca?: string | undefined;
}

/** @throws NotRead */
export async function askJson(
  access: Access,
  asked: { readonly path: string; readonly body?: object },
  signal: AbortSignal,
): Promise<unknown> {
  const url = new URL(access.url);
  url.pathname = url.pathname.replace(/\/$/, '');
  const target = new URL(url.href.replace(/\/$/, '') + asked.path);
  const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
  const { status, text } = await request(target, { access, body, signal });
  // A bad query is answered as JSON with 400 and says why; what is no JSON has only its status.
  const value = parsed(text);
  if (value !== undefined && (status === 200 || status === 400 || status === 404)) return value;
  throw new NotRead(status === 200 ? 'its answer is no JSON' : `it answered with status ${status}`);
}

function request(
  target: URL,
  given: {
    readonly access: Access;
    readonly body: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly status: number; readonly text: string }> {
  const { access, body, signal } = given;
  const headers = {
    accept: 'application/json',
    ...authorization(access),
    ...(body === undefined ? {} : { 'content-type': 'application/json-rpc' }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const options = {
    ...{ headers, signal, agent: false, method: body === undefined ? 'GET' : 'POST' },
    ...(access.ca === undefined ? {} : { ca: secretOf(access.ca) }),
  };
  const client = target.protocol === 'https:' ? https : http;
  const asking = client.request(target, options, (answer) => {
    const chunks: Buffer[] = [];
    let size = 0;
    answer.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > ANSWER_BYTES_MAX) answer.destroy(new NotRead('it answers more than can be read'));
      else chunks.push(chunk);
    });
    answer.once('error', (error) => reject(notRead(error)));
    answer.once('end', () =>
      resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
    );
    answer.once('close', () => reject(new NotRead('its answer ended too early')));
  });
  asking.once('error', (error) => reject(notRead(error)));
  asking.end(body);
  return promise;
}

function authorization(access: Access): Readonly<Record<string, string>> {
  const { 'token-file': tokenFile, 'account-file': accountFile } = access;
  if (tokenFile !== undefined) return { authorization: `Bearer ${secretOf(tokenFile).trim()}` };
  if (accountFile === undefined) return {};
  const account = Buffer.from(secretOf(accountFile).trim()).toString('base64');
  return { authorization: `Basic ${account}` };
}

function secretOf(file: string): string {
  return readWhole(file, file.endsWith('.pem') ? ANSWER_BYTES_MAX : SECRET_BYTES_MAX * 16);
}

/** status.dat is replaced whole by Nagios: what is read is one state of it. @throws NotRead */
export function readStatusFile(file: string): string {
  return readWhole(file, FILE_BYTES_MAX);
}

function readWhole(file: string, bytesMax: number): string {
  try {
    const descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    try {
      const { size } = fs.fstatSync(descriptor);
      if (size > bytesMax) throw new NotRead(`${file} is too large`);
      return fs.readFileSync(descriptor, 'utf8');
    } finally {
      fs.closeSync(descriptor);
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw new NotRead(`${file} cannot be read (${errnoOf(error) ?? ''})`, { cause: error });
  }
}

/** One question on a socket of Livestatus, and all of its answer. @throws NotRead */
export async function askLivestatus(
  socket: string,
  lines: readonly string[],
  signal: AbortSignal,
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const line = net.connect({ path: socket });
  const stop = (): void => void line.destroy(new NotRead('it did not answer in time'));
  signal.addEventListener('abort', stop, { once: true });
  const chunks: Buffer[] = [];
  let size = 0;
  line.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) line.destroy(new NotRead('it answers more than can be read'));
    else chunks.push(chunk);
  });
  line.once('error', (error) => reject(notRead(error)));
  line.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  line.once('close', () => reject(new NotRead('its answer ended too early')));
  line.end(`${lines.join('\n')}\n\n`);
  try {
    const value = parsed(await promise);
    if (value === undefined) throw new NotRead('its answer is no JSON');
    return value;
  } finally {
    signal.removeEventListener('abort', stop);
    line.destroy();
  }
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

function notRead(error: Error): NotRead {
  if (error instanceof NotRead) return error;
  const why = error.name === 'AbortError' ? 'it did not answer in time' : quoted(error.message);
  return new NotRead(why, { cause: error });
}
