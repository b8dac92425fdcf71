import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { formatDuration } from '../../base/say-time.ts';
import {
  type CertificateLimits,
  type CertificateSeen,
  judgeCertificates,
} from '../../watch/core/probes/certificate.ts';
import { judgeNoConnection } from '../../watch/core/probes/connection-trouble.ts';
import { found, quoted } from '../../watch/core/probes/found.ts';
import type { Probe, ProbeFinding } from '../../watch/shell/agent/probe.ts';
import { errnoOf } from '../node/errno.ts';
import { boundedProbe } from './bounded-probe.ts';
import { type ProbeTime, probeTime } from './probe-time.ts';
import { askStarttls } from './starttls.ts';

export interface CertificateOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** The name that is asked for and must stand in the certificate. */
  readonly serverName: string;
  readonly starttls: 'smtp' | undefined;
  readonly ca: string | undefined;
  readonly limits: CertificateLimits;
  readonly everyMs: number;
  readonly timeoutMs: number;
}

const CHAIN_MAX = 8;

/** Whether the certificate of a server holds, and for how long. */
export function certificateProbe(options: CertificateOptions, time: ProbeTime = probeTime): Probe {
  const { name, everyMs, timeoutMs } = options;
  return boundedProbe({
    kind: 'tls',
    name,
    everyMs,
    timeoutMs: timeoutMs + 2000,
    look: (signal) => look(options, time, signal),
  });
}

async function look(
  options: CertificateOptions,
  time: ProbeTime,
  signal: AbortSignal,
): Promise<ProbeFinding> {
  const { host, port, serverName, ca, limits, timeoutMs } = options;
  const what = `${quoted(host, 100)}:${port}`;
  let trusted: string | undefined;
  try {
    if (ca !== undefined) trusted = fs.readFileSync(ca, 'utf8');
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return found('unreadable', `the certificates of ca: cannot be read (${errno})`);
  }
  const socket = net.connect({ host, port });
  const late = setTimeout(() => socket.destroy(new Late()), timeoutMs);
  const stop = (): void => void socket.destroy(new Late());
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (options.starttls === 'smtp') {
      const objection = await askStarttls(socket);
      if (objection !== undefined) return found('broken', `${what} ${objection}`);
    }
    const { chain, refused } = await shake(socket, { serverName, trusted });
    return judgeCertificates(chain, refused, { nowMs: time.nowMs(), limits });
  } catch (error) {
    if (error instanceof Late) {
      return found('broken', `${what} did not answer within ${formatDuration(timeoutMs)}`);
    }
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (typeof code !== 'string' || !(error instanceof Error)) throw error;
    return judgeNoConnection(what, code, error.message);
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}

class Late extends Error {
  override readonly name = 'Late';
}

interface Shaken {
  readonly chain: readonly CertificateSeen[];
  readonly refused: string | undefined;
}

function shake(
  socket: net.Socket,
  as: { readonly serverName: string; readonly trusted: string | undefined },
): Promise<Shaken> {
  const { serverName, trusted } = as;
  return new Promise((resolve, reject) => {
    const secure = tls.connect({
      socket,
      // An address is no name that may be asked for.
      ...(net.isIP(serverName) === 0 ? { servername: serverName } : {}),
      // It is to be seen, also where it does not hold: it is judged below.
      rejectUnauthorized: false,
      ...(trusted === undefined ? {} : { ca: trusted }),
    });
    socket.once('error', reject);
    secure.once('error', reject);
    secure.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    secure.once('secureConnect', () => {
      const leaf = secure.getPeerCertificate(true);
      const isShown = Object.keys(leaf).length > 0;
      // Where we do not reject, Node does not compare the name either.
      const name = isShown ? tls.checkServerIdentity(serverName, leaf)?.message : undefined;
      const error: Error | string | null = secure.authorizationError;
      const code = error instanceof Error ? error.message : error;
      // `DEPTH_ZERO_SELF_SIGNED_CERT`.
      const said = secure.authorized ? undefined : code.replaceAll('_', ' ').toLowerCase();
      resolve({ chain: isShown ? chainOf(leaf) : [], refused: name ?? said });
    });
  });
}

/** Up to what signs itself: that one clients have, and it may have expired there unnoticed. */
function chainOf(leaf: tls.DetailedPeerCertificate): readonly CertificateSeen[] {
  const chain: CertificateSeen[] = [];
  let at: tls.DetailedPeerCertificate | undefined = leaf;
  while (at !== undefined && chain.length < CHAIN_MAX) {
    const issuer = issuerOf(at);
    const isOwn: boolean = issuer === undefined || issuer.fingerprint256 === at.fingerprint256;
    if (!isOwn || chain.length === 0) {
      chain.push({
        subject: nameOf(at),
        validFromMs: Date.parse(at.valid_from),
        validToMs: Date.parse(at.valid_to),
      });
    }
    at = isOwn ? undefined : issuer;
  }
  return chain;
}

/** Undefined where the server did not send it, whatever the types say. */
function issuerOf(one: tls.DetailedPeerCertificate): tls.DetailedPeerCertificate | undefined {
  return one.issuerCertificate;
}

function nameOf({ subject }: tls.DetailedPeerCertificate): string {
  const name = subject.CN ?? subject.O ?? '';
  return Array.isArray(name) ? name.join(' ') : name;
}
