/** Asks a server from outside whether it is up, by its key and nothing else. */
import http from 'node:http';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { ServerLook } from '../../watch/core/peer/judge-server.ts';
import { errnoOf } from '../node/errno.ts';
import { PinnedAgent, type ServerPlace } from './pinned-agent.ts';

const LIMIT_MS = 15_000;
const BODY_MAX = 4096;
const SAID_MAX = 200;

export async function lookAtServer(place: ServerPlace, signal: AbortSignal): Promise<ServerLook> {
  const agent = new PinnedAgent(place);
  const { host, port } = place;
  try {
    const request = http.request({
      ...{ host, port, agent, method: 'GET', path: '/healthz' },
      headers: { host: `${host.includes(':') ? `[${host}]` : host}:${port}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
    });
    const { status, body } = await answerOf(request);
    if (status === 200 && isUp(body)) return { is: 'up' };
    if (status === 429) return { is: 'silent', why: 'too many ask it' };
    return { is: 'troubled', status, said: saidIn(body) };
  } catch (error) {
    if (error instanceof Fault && error.code === 'HF_SERVER_OTHER') return { is: 'another' };
    if (errnoOf(error) === 'ECONNREFUSED') return { is: 'refused' };
    const why = error instanceof Error ? error.message : 'it failed';
    return { is: 'silent', why: sayText(why).slice(0, SAID_MAX) };
  } finally {
    agent.destroy();
  }
}

function answerOf(
  request: http.ClientRequest,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('error', reject);
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size > BODY_MAX) request.destroy(new Error('its answer has no end'));
        else parts.push(part);
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }),
      );
    });
    request.end();
  });
}

function isUp(body: string): boolean {
  const said = jsonOf(body);
  return typeof said === 'object' && said !== null && 'is' in said && said.is === 'up';
}

function saidIn(body: string): string {
  const said = jsonOf(body);
  const isProblem = typeof said === 'object' && said !== null && 'what' in said;
  const text = isProblem && typeof said.what === 'string' ? said.what : body;
  return sayText(text.slice(0, SAID_MAX));
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
