import { promises as dns } from 'node:dns';
import { judgeDns, judgeNoDns } from '../../watch/core/probes/dns.ts';
import type { Probe, ProbeFinding } from '../../watch/shell/agent/probe.ts';
import { boundedProbe } from './bounded-probe.ts';

export interface DnsOptions {
  readonly name: string;
  readonly asked: string;
  readonly type: 'A' | 'AAAA' | 'MX' | 'NS' | 'TXT' | 'CNAME';
  readonly expect: readonly string[];
  readonly server: string | undefined;
  readonly everyMs: number;
  readonly timeoutMs: number;
}

const TRIES = 2;

/** Whether a name leads where it should, by the resolvers of this host or by one server. */
export function dnsProbe(options: DnsOptions): Probe {
  const { name, server, everyMs, timeoutMs } = options;
  return boundedProbe({
    kind: 'dns',
    name,
    everyMs,
    timeoutMs,
    look: async (signal) => {
      // Each try takes twice as long as the one before.
      const timeout = Math.max(100, Math.floor((timeoutMs - 500) / (2 ** TRIES - 1)));
      const resolver = new dns.Resolver({ timeout, tries: TRIES });
      if (server !== undefined) resolver.setServers([server]);
      const stop = (): void => resolver.cancel();
      signal.addEventListener('abort', stop, { once: true });
      try {
        return judgeDns(await answersOf(resolver, options), options.expect);
      } catch (error) {
        return noAnswer(error);
      } finally {
        signal.removeEventListener('abort', stop);
      }
    },
  });
}

async function answersOf(
  resolver: dns.Resolver,
  { asked, type }: DnsOptions,
): Promise<readonly string[]> {
  switch (type) {
    case 'A':
      return await resolver.resolve4(asked);
    case 'AAAA':
      return await resolver.resolve6(asked);
    case 'MX':
      return (await resolver.resolveMx(asked)).map(({ exchange }) => exchange);
    case 'NS':
      return await resolver.resolveNs(asked);
    case 'TXT':
      return (await resolver.resolveTxt(asked)).map((parts) => parts.join(''));
    case 'CNAME':
      return await resolver.resolveCname(asked);
  }
}

function noAnswer(error: unknown): ProbeFinding {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') throw error;
  return judgeNoDns(code);
}
