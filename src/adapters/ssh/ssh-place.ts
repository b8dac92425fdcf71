/** `ssh://[user@]host[:port]/path`: where a vault lies on another machine. */
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayName } from '../../base/say-name.ts';

export interface SshPlace {
  readonly user?: string;
  /** A name or an address as ssh takes it; never begins with `-`. IPv6 without brackets. */
  readonly host: string;
  readonly port?: number;
  /** `/absolute`, or `~/below the home directory`. Bytes, as the other side has them. */
  readonly path: ByteString;
}

const SCHEME = 'ssh://';
const PORT_MAX = 65_535;
/**
 * ssh puts host and user into ProxyCommand, which a shell reads (CVE-2023-51385), and takes for an
 * option what begins with `-`.
 */
const HOST = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const ADDRESS_6 = /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9._-]+)?$/;
const USER = /^[A-Za-z0-9_][A-Za-z0-9._@+-]*$/;
const EXAMPLE = 'Write it as ssh://user@host/srv/vault, or ssh://host/~/vault.';

export function isSshPlace(text: string): boolean {
  return text.startsWith(SCHEME);
}

/**
 * Nothing is decoded: the path is what stands there, byte by byte.
 *
 * @throws Fault HF_SSH_PLACE
 */
export function parseSshPlace(text: ByteString): SshPlace {
  const shown = sayName(text);
  if (!isSshPlace(text)) throw refused(`${shown} does not begin with ssh://`, EXAMPLE);
  const [, authority = '', given = ''] = /^([^/]*)(.*)$/s.exec(text.slice(SCHEME.length)) ?? [];
  const at = authority.lastIndexOf('@');
  const user = at === -1 ? undefined : authority.slice(0, at);
  if (user !== undefined && !USER.test(user)) {
    const instead = 'A user has letters, digits and . _ @ + -, and no password stands in a place.';
    throw refused(`${shown} names no user that ssh could be given`, instead);
  }
  return {
    ...(user === undefined ? {} : { user }),
    ...parseHost(authority.slice(at + 1), shown),
    path: parsePath(given, shown),
  };
}

function parseHost(text: string, shown: string): { host: string; port?: number } {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::([0-9]*))?$/.exec(text);
  const [, inBrackets, name = '', portText] = match ?? [];
  const isSound = inBrackets === undefined ? HOST.test(name) : ADDRESS_6.test(inBrackets);
  if (!isSound) {
    const instead =
      'A host has letters, digits and . _ -, and an address of IPv6 stands in brackets: ssh://[fd00::1]/srv/vault. For others choose a name in ~/.ssh/config.';
    throw refused(`${shown} names no host that ssh could be given`, instead);
  }
  const host = inBrackets ?? name;
  if (portText === undefined) return { host };
  const port = Number(portText);
  if (/^[0-9]{1,5}$/.test(portText) && port >= 1 && port <= PORT_MAX) return { host, port };
  throw refused(`${shown} names no port`, `A port is a number from 1 to ${PORT_MAX}.`);
}

function parsePath(given: string, shown: string): ByteString {
  const segments = given.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..') || given.includes('\0')) {
    throw refused(`${shown} leads through ..`, 'Write the path as it is, without `..`.');
  }
  const isInHome = segments[0] === '~';
  if (segments.length === (isInHome ? 1 : 0)) {
    throw refused(`${shown} names no directory`, EXAMPLE);
  }
  return byteString(`${isInHome ? '' : '/'}${segments.join('/')}`);
}

/** The place as it is written; the same for the same place. */
export function sshPlaceText({ user, host, port, path }: SshPlace): ByteString {
  const before = user === undefined ? '' : `${user}@`;
  const named = host.includes(':') ? `[${host}]` : host;
  const behind = port === undefined ? '' : `:${port}`;
  const below = path.startsWith('/') ? path : `/${path}`;
  return byteString(`${SCHEME}${before}${named}${behind}${below}`);
}

/** For people. */
export function sayPlace(place: SshPlace): string {
  return sayName(sshPlaceText(place));
}

/** `user@host`, as ssh takes it and people know it. */
export function sshDestination({ user, host }: SshPlace): string {
  return user === undefined ? host : `${user}@${host}`;
}

/** What a person types to get there. */
export function sshByHand(place: SshPlace): string {
  const port = place.port === undefined ? '' : `-p ${place.port} `;
  return `ssh ${port}${sshDestination(place)}`;
}

function refused(message: string, instead: string): Fault {
  return new Fault('HF_SSH_PLACE', message, { instead });
}
