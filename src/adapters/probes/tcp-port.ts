import net from 'node:net';
import { formatDuration } from '../../base/say-time.ts';
import { judgeNoConnection } from '../../watch/core/probes/connection-trouble.ts';
import { found, quoted } from '../../watch/core/probes/found.ts';
import type { Probe, ProbeFinding } from '../../watch/shell/agent/probe.ts';
import { boundedProbe } from './bounded-probe.ts';
import { type ProbeTime, probeTime } from './probe-time.ts';

export interface TcpProbeOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** What it must say first: `SSH-2.0`. Undefined: a connection is enough. */
  readonly expect: string | undefined;
  readonly everyMs: number;
  readonly timeoutMs: number;
}

const BANNER_BYTES_MAX = 4096;

/** Whether a port takes connections, and says what it should. */
export function tcpProbe(options: TcpProbeOptions, time: ProbeTime = probeTime): Probe {
  const { name, everyMs, timeoutMs } = options;
  return boundedProbe({
    kind: 'tcp',
    name,
    everyMs,
    timeoutMs: timeoutMs + 2000,
    look: (signal) => connect(options, time, signal),
  });
}

function connect(
  options: TcpProbeOptions,
  time: ProbeTime,
  signal: AbortSignal,
): Promise<ProbeFinding> {
  const { host, port, expect, timeoutMs } = options;
  const what = `${quoted(host, 100)}:${port}`;
  const begin = time.steadyMs();
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, signal });
    let said = '';
    const end = (finding: ProbeFinding): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(finding);
    };
    const timer = setTimeout(() => {
      const limit = formatDuration(timeoutMs);
      const how = socket.connecting ? 'did not answer' : `did not say "${quoted(expect ?? '')}"`;
      end(found('broken', `${what} ${how} within ${limit}`));
    }, timeoutMs);
    const took = (): number => time.steadyMs() - begin;
    const isThere = (how: string): ProbeFinding =>
      found('healthy', `${what} ${how} in ${formatDuration(took())}`, { tookMs: took() });
    socket.on('connect', () => {
      if (expect === undefined) end(isThere('takes connections'));
    });
    socket.on('data', (bytes: Buffer) => {
      if (expect === undefined) return;
      said += bytes.toString('latin1');
      if (said.includes(expect)) end(isThere(`says "${quoted(expect)}"`));
      else if (said.length > BANNER_BYTES_MAX) end(saysOther(what, said, expect));
    });
    socket.on('end', () => end(saysOther(what, said, expect ?? '')));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === undefined) {
        clearTimeout(timer);
        reject(error);
      } else if (signal.aborted) end(found('unreadable', 'the look was stopped'));
      else end(judgeNoConnection(what, error.code, error.message));
    });
  });
}

function saysOther(what: string, said: string, expect: string): ProbeFinding {
  const other = said === '' ? 'nothing' : `"${quoted(said, 60)}"`;
  return found('broken', `${what} says ${other}, not "${quoted(expect)}"`);
}
