/** Asks the API of a server that is known by its key: nothing is written before that was compared. */
import http from 'node:http';
import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { PinnedAgent, type ServerPlace } from '../agent-link/pinned-agent.ts';

const LIMIT_MS = 30_000;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const SHOWN_MAX = 200;
const problem = z.object({ code: z.string(), what: z.string(), remedy: z.string() });

export interface ApiAsk {
  readonly place: ServerPlace;
  readonly token: string;
  readonly method: 'GET' | 'POST';
  /** With its query. */
  readonly path: string;
  readonly body?: object | undefined;
}

/** @returns the JSON of its answer; @throws Fault HF_SERVER_AWAY, HF_SERVER_OTHER, HF_SERVER_REFUSED */
export async function askApi(ask: ApiAsk): Promise<unknown> {
  const { host, port } = ask.place;
  const server = `${host}:${port}`;
  const agent = new PinnedAgent(ask.place);
  try {
    const { status, text } = await exchange(ask, agent);
    const said = jsonIn(text);
    if (status === 200 && said !== undefined) return said;
    const parsed = problem.safeParse(said);
    const { what, remedy } = parsed.success
      ? parsed.data
      : { what: `status ${status}`, remedy: '' };
    const message = `the server ${server} refused: ${sayText(what.slice(0, SHOWN_MAX))}`;
    const instead = remedy === '' ? 'See its log.' : sayText(remedy.slice(0, SHOWN_MAX));
    throw new Fault('HF_SERVER_REFUSED', message, { server, problem: 'refused', instead });
  } catch (error) {
    if (error instanceof Fault) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const message = `the server ${server} cannot be reached: ${sayText(why.slice(0, SHOWN_MAX))}`;
    throw new Fault('HF_SERVER_AWAY', message, { server }, { cause: error });
  } finally {
    agent.destroy();
  }
}

async function exchange(
  { place, token, method, path, body }: ApiAsk,
  agent: http.Agent,
): Promise<{ readonly status: number; readonly text: string }> {
  const { host, port } = place;
  const text = body === undefined ? '' : JSON.stringify(body);
  const request = http.request({
    ...{ host, port, method, path, agent, signal: AbortSignal.timeout(LIMIT_MS) },
    headers: {
      host: `${host.includes(':') ? `[${host}]` : host}:${port}`,
      authorization: `Bearer ${token}`,
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    },
  });
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', reject);
    request.end(text);
  });
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response) {
    if (!Buffer.isBuffer(part)) continue;
    size += part.length;
    if (size > ANSWER_BYTES_MAX) throw new Error('it answered more than 16 MiB');
    parts.push(part);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // No answer of ours.
  }
}
