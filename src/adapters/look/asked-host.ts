/** Who is looked at: each machine once, under a name of its own. */
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import {
  isSshHostName,
  parseSshHost,
  PORT_MAX,
  type SshHost,
  type SshHostTrouble,
  sshHostText,
} from '../ssh/ssh-host.ts';

export interface AskedHost {
  /** How the answer calls it; no two of one look have the same. */
  readonly name: string;
  /** Undefined: this machine, without ssh. */
  readonly at: SshHost | undefined;
  /** Another configuration of ssh than the user's own, in which the name is explained. */
  readonly config?: string;
  /** Of an inventory; what they are called tells what their hosts are for. */
  readonly groups: readonly string[];
}

/** What a file names, and what of it cannot be asked. */
export interface HostList {
  readonly hosts: readonly AskedHost[];
  readonly leftOut: readonly LeftOut[];
  /** What the file says and a look does not heed, in sentences. */
  readonly notes: readonly string[];
}

export interface LeftOut {
  readonly name: string;
  readonly why: string;
}

export const HOSTS_MAX = 1000;
const HERE = 'localhost';
const EXAMPLE = 'Write it as hv1, ann@hv1 or ann@hv1:2222.';
const TROUBLES: Readonly<
  Record<SshHostTrouble, { readonly what: string; readonly instead: string }>
> = {
  user: {
    what: 'names no user that ssh could be given',
    instead: 'A user has letters, digits and . _ @ + -, and no password stands there.',
  },
  host: {
    what: 'names no host that ssh could be given',
    instead:
      'A host has letters, digits and . _ -; for others choose a name in ~/.ssh/config. With a port, an address of IPv6 stands in brackets: [fd00::1]:2222.',
  },
  port: {
    what: 'names no port',
    instead: `A port is a number from 1 to ${PORT_MAX}. ${EXAMPLE}`,
  },
};

/**
 * `[user@]host[:port]`, `ssh://[user@]host[:port]`, or `localhost`: this machine.
 *
 * @throws Fault HF_LOOK_HOST
 */
export function parseAskedHost(text: string): AskedHost {
  if (text === HERE) return { name: HERE, at: undefined, groups: [] };
  const bare = text.replace(/^ssh:\/\//i, '').replace(/\/$/, '');
  const isBareAddress = bare.split(':').length > 2 && isSshHostName(bare);
  const at = isBareAddress ? { host: bare } : parseSshHost(bare);
  if (typeof at !== 'string') return { name: at.host, at, groups: [] };
  const { what, instead } = TROUBLES[at];
  throw new Fault('HF_LOOK_HOST', `the argument ${sayText(text)} ${what}`, { instead });
}

/**
 * Each machine once: the first that named it counts, and brings the groups of the others. Two users
 * of one machine are both asked: behind one name, a gateway may lead each elsewhere.
 *
 * @throws Fault HF_LOOK_HOST where they are too many
 */
export function distinctHosts(all: readonly AskedHost[]): readonly AskedHost[] {
  const kept: AskedHost[] = [];
  for (const host of all) {
    const known = kept.findIndex((each) => isSame(each, host));
    const before = kept[known];
    if (before === undefined) kept.push(host);
    else kept[known] = { ...before, groups: [...new Set([...before.groups, ...host.groups])] };
  }
  if (kept.length > HOSTS_MAX) throw tooMany(kept.length);
  const counts = new Map<string, number>();
  for (const { name } of kept) counts.set(name, (counts.get(name) ?? 0) + 1);
  return kept.map((host) => {
    const isShared = (counts.get(host.name) ?? 0) > 1;
    return isShared && host.at !== undefined ? { ...host, name: sshHostText(host.at) } : host;
  });
}

export function tooMany(count: number): Fault {
  const message = `${count} hosts are too many: one look is at ${HOSTS_MAX} at most`;
  return new Fault('HF_LOOK_HOST', message, { instead: 'Look at them in several parts.' });
}

function isSame(one: AskedHost, other: AskedHost): boolean {
  if (one.at === undefined || other.at === undefined) return one.at === other.at;
  const { host, port, user } = one.at;
  if (host.toLowerCase() !== other.at.host.toLowerCase()) return false;
  if (one.config !== other.config || port !== other.at.port) return false;
  return user === undefined || other.at.user === undefined || user === other.at.user;
}
