/** `[user@]host[:port]`: a machine as ssh can be given it. */

export interface SshHost {
  readonly user?: string;
  /** A name or an address as ssh takes it; never begins with `-`. IPv6 without brackets. */
  readonly host: string;
  readonly port?: number;
}

/** Which part no ssh could be given. */
export type SshHostTrouble = 'user' | 'host' | 'port';

export const PORT_MAX = 65_535;
/**
 * ssh puts host and user into ProxyCommand, which a shell reads (CVE-2023-51385), and takes for an
 * option what begins with `-`.
 */
const HOST = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const ADDRESS_6 = /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9._-]+)?$/;
const USER = /^[A-Za-z0-9_][A-Za-z0-9._@+-]*$/;

/** Nothing is decoded: what stands there is what ssh is given. */
export function parseSshHost(text: string): SshHost | SshHostTrouble {
  const at = text.lastIndexOf('@');
  const user = at === -1 ? undefined : text.slice(0, at);
  if (user !== undefined && !isSshUser(user)) return 'user';
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::([0-9]*))?$/.exec(text.slice(at + 1));
  const [, inBrackets, name = '', portText] = match ?? [];
  const isSound = inBrackets === undefined ? HOST.test(name) : ADDRESS_6.test(inBrackets);
  if (!isSound) return 'host';
  const port = portText === undefined ? undefined : parseSshPort(portText);
  if (portText !== undefined && port === undefined) return 'port';
  return {
    ...(user === undefined ? {} : { user }),
    host: inBrackets ?? name,
    ...(port === undefined ? {} : { port }),
  };
}

export function isSshUser(text: string): boolean {
  return USER.test(text);
}

/** A name, or an address without brackets. */
export function isSshHostName(text: string): boolean {
  return HOST.test(text) || ADDRESS_6.test(text);
}

/** Undefined where it is none. */
export function parseSshPort(text: string): number | undefined {
  const port = Number(text);
  return /^[0-9]{1,5}$/.test(text) && port >= 1 && port <= PORT_MAX ? port : undefined;
}

/** `user@host`, as ssh takes it and people know it. */
export function sshDestination({ user, host }: SshHost): string {
  return user === undefined ? host : `${user}@${host}`;
}

/** `user@host:port`, the same for the same machine and user. */
export function sshHostText({ user, host, port }: SshHost): string {
  const before = user === undefined ? '' : `${user}@`;
  const named = host.includes(':') ? `[${host}]` : host;
  return `${before}${named}${port === undefined ? '' : `:${port}`}`;
}

/** What a person types to get there. */
export function sshByHand(to: SshHost): string {
  const port = to.port === undefined ? '' : `-p ${to.port} `;
  return `ssh ${port}${sshDestination(to)}`;
}
