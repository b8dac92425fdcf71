/**
 * Whether another agent can be reached from here. A host that refuses the connection is there, and
 * its agent does not listen: that is no silence, and nobody shall take the host for down by it.
 */
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { sayText } from '../../base/say-name.ts';
import type { Peer } from '../../watch/core/agent/messages.ts';
import type { Probe, ProbeFinding } from '../../watch/shell/agent/probe.ts';
import { errnoOf } from '../node/errno.ts';
import { NONCE_BYTES } from './mesh-listener.ts';

const EVERY_MS = 20_000;
const TIMEOUT_MS = 5000;
/** Over which loss is counted. */
const TRIES = 20;

/** @param refusal why a peer is not tried; `peer-limits.ts` */
export function reachProbe(peer: Peer, refusal: (peer: Peer) => string | undefined): Probe {
  const tries: boolean[] = [];
  return {
    ...{ item: `reach:${peer.agent}`, kind: 'reach', everyMs: EVERY_MS, timeoutMs: TIMEOUT_MS },
    look: async (signal) => {
      const host = sayText(peer.host);
      const refused = refusal(peer);
      if (refused !== undefined) {
        const why = `${host} is not tried: ${refused}`;
        return { saw: 'unreadable', why, detail: { host } };
      }
      const seen = await reach(peer, signal);
      tries.push(seen.ms !== undefined);
      if (tries.length > TRIES) tries.shift();
      return told(host, seen, tries);
    },
  };
}

interface Seen {
  readonly ms?: number | undefined;
  readonly errno?: string | undefined;
}

function told(host: string, { ms, errno }: Seen, tries: readonly boolean[]): ProbeFinding {
  const lost = tries.filter((isReached) => !isReached).length;
  const detail = { host, tries: tries.length, lost };
  if (ms !== undefined) {
    return { saw: 'healthy', why: `${host} answered in ${ms} ms`, detail: { ...detail, ms } };
  }
  if (errno === 'ECONNREFUSED') {
    const why = `${host} is there; its agent does not answer (connection refused)`;
    return { saw: 'impaired', why, detail: { ...detail, errno } };
  }
  const how = errno === undefined ? `within ${TIMEOUT_MS / 1000} s` : `(${errno})`;
  return {
    saw: 'broken',
    why: `${host} did not answer ${how}`,
    detail: { ...detail, errno: errno ?? 'late' },
  };
}

function reach(peer: Peer, signal: AbortSignal): Promise<Seen> {
  const nonce = randomBytes(NONCE_BYTES);
  const begun = performance.now();
  return new Promise((resolve) => {
    const socket = net.connect({ host: peer.address, port: peer.port });
    let got = Buffer.alloc(0);
    const end = (seen: Seen): void => {
      clearTimeout(limit);
      signal.removeEventListener('abort', stop);
      socket.destroy();
      resolve(seen);
    };
    const stop = (): void => end({});
    const limit = setTimeout(stop, TIMEOUT_MS - 500);
    signal.addEventListener('abort', stop);
    socket.on('connect', () => socket.write(nonce));
    socket.on('error', (error) => end({ errno: errnoOf(error) ?? 'EIO' }));
    socket.on('data', (part) => {
      got = Buffer.concat([got, part]);
      if (got.length < NONCE_BYTES) return;
      const isSame = got.subarray(0, NONCE_BYTES).equals(nonce) && got.length === NONCE_BYTES;
      end(isSame ? { ms: Math.round(performance.now() - begun) } : { errno: 'another answer' });
    });
    socket.on('end', () => end({ errno: 'ended without an answer' }));
  });
}
