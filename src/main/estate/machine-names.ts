/** Names of machines and what they lead to, without connecting to any. */
import { execFile } from 'node:child_process';
import dns from 'node:dns/promises';
import os from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

const ANSWER_MS_MAX = 3000;
const LOOPBACK = /^(?:localhost|localhost\.localdomain|ip6-localhost|127\.[0-9.]+|::1)$/i;

/** The name behind an alias of ~/.ssh/config; the same where ssh does not say. */
export async function hostNameOf(alias: string): Promise<string> {
  try {
    const run = promisify(execFile);
    const [ssh = 'ssh', ...words] = (process.env.HOLDFAST_SSH ?? 'ssh').trim().split(/\s+/);
    const { stdout } = await run(ssh, [...words, '-G', '--', alias], { timeout: ANSWER_MS_MAX });
    return /^hostname (\S+)$/m.exec(stdout)?.[1] ?? alias;
  } catch (error) {
    if (error instanceof Error) return alias; // No ssh, or a configuration that it does not take.
    throw error;
  }
}

/** What a name leads to; nothing where the resolver does not know or does not answer. */
export async function addressesOf(name: string): Promise<readonly string[]> {
  const limit = new AbortController();
  const late = setTimeout(ANSWER_MS_MAX, [], { signal: limit.signal }).catch(() => []);
  try {
    const found = dns.lookup(name, { all: true }).then(
      (all) => all.map(({ address }) => address),
      () => [],
    );
    return await Promise.race([found, late]);
  } finally {
    limit.abort();
  }
}

export function addressesHere(): ReadonlySet<string> {
  const all = Object.values(os.networkInterfaces()).flatMap((each) => each ?? []);
  return new Set(all.map(({ address }) => address));
}

/** @param host how this machine calls itself */
export function isNameOfThis(name: string, host: string): boolean {
  const short = (full: string): string => full.split('.')[0]?.toLowerCase() ?? '';
  if (LOOPBACK.test(name) || addressesHere().has(name)) return true;
  if (name.toLowerCase() === host.toLowerCase()) return true;
  // `web` and `web.example.org`: one of the two has no domain to differ in.
  const isBare = !name.includes('.') || !host.includes('.');
  return isBare && short(name) === short(host) && short(name) !== '';
}
