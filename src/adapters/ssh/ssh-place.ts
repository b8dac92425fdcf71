/** `ssh://[user@]host[:port]/path`: where a vault lies on another machine. */
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayName } from '../../base/say-name.ts';
import { PORT_MAX, parseSshHost, type SshHost, type SshHostTrouble } from './ssh-host.ts';
import { sshHostText } from './ssh-host.ts';

export interface SshPlace extends SshHost {
  /** `/absolute`, or `~/below the home directory`. Bytes, as the other side has them. */
  readonly path: ByteString;
}

const SCHEME = 'ssh://';
const TROUBLES: Readonly<
  Record<SshHostTrouble, { readonly what: string; readonly instead: string }>
> = {
  user: {
    what: 'names no user that ssh could be given',
    instead: 'A user has letters, digits and . _ @ + -, and no password stands in a place.',
  },
  host: {
    what: 'names no host that ssh could be given',
    instead:
      'A host has letters, digits and . _ -, and an address of IPv6 stands in brackets: ssh://[fd00::1]/srv/vault. For others choose a name in ~/.ssh/config.',
  },
  port: { what: 'names no port', instead: `A port is a number from 1 to ${PORT_MAX}.` },
};
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
  const host = parseSshHost(authority);
  if (typeof host === 'string')
    throw refused(`${shown} ${TROUBLES[host].what}`, TROUBLES[host].instead);
  return { ...host, path: parsePath(given, shown) };
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
export function sshPlaceText(place: SshPlace): ByteString {
  const below = place.path.startsWith('/') ? place.path : `/${place.path}`;
  return byteString(`${SCHEME}${sshHostText(place)}${below}`);
}

/** For people. */
export function sayPlace(place: SshPlace): string {
  return sayName(sshPlaceText(place));
}

function refused(message: string, instead: string): Fault {
  return new Fault('HF_SSH_PLACE', message, { instead });
}
