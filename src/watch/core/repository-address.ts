import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import type { Discovery } from './discovery.ts';
import { placeOf } from './locate.ts';
import type { Place } from './place.ts';
import { trimSlashes } from '../../base/trim-slashes.ts';

/** Where an address of restic, borg or pgBackRest leads. */
export type RepositoryAddress =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'host'; readonly host: string }
  /** A service whose machines nobody names: `b2:bucket`. */
  | { readonly kind: 'service'; readonly name: string };

const SERVICES = /^(?:b2|azure|gs|swift|rclone|opendal):/;

export function addressOf(repository: string): RepositoryAddress {
  const file = /^(?:local:|file:\/\/)(.*)$/.exec(repository)?.[1];
  if (file !== undefined) return { kind: 'path', path: trimmed(file) };
  if (repository.startsWith('/')) return { kind: 'path', path: trimmed(repository) };
  if (SERVICES.test(repository)) {
    const name = repository.slice(0, repository.indexOf(':'));
    return { kind: 'service', name };
  }
  const url = /^(?:[a-z0-9+]+:)?(?:https?:|ssh:|sftp:)?\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:/]+)/i;
  const short = /^(?:sftp:|s3:)?(?:[^@/:]*@)?(\[[^\]]+\]|[^:/@]+)[:/]/i;
  const host = (url.exec(repository) ?? short.exec(repository))?.[1];
  if (host !== undefined) return { kind: 'host', host: host.toLowerCase() };
  return { kind: 'path', path: trimmed(repository) };
}

function trimmed(path: string): string {
  return path.replaceAll(/\/{2,}/g, '/').replace(/(?<=.)\/+$/, '');
}

/** Two ways to write one address. That two addresses lead to one place is not looked for. */
export function sameRepository(one: string, other: string): boolean {
  return normal(one) === normal(other);
}

function normal(repository: string): string {
  const address = addressOf(repository);
  if (address.kind === 'path') return address.path;
  const named = repository
    .replace(
      /^ssh:\/\/(?:([^@/]*)@)?([^:/]+)(?::22)?\/(?!~|\.\/)/,
      (_, user: string | undefined, host) =>
        `${user === undefined ? '' : `${user}@`}${String(host)}:/`,
    )
    .replace(
      /^sftp:\/\/(?:([^@/]*)@)?([^:/]+)(?::22)?\//,
      (_, user: string | undefined, host) =>
        `sftp:${user === undefined ? '' : `${user}@`}${String(host)}:`,
    );
  return trimSlashes(named);
}

/**
 * Where a repository lies, so far as its address says: `localhost` is this machine.
 *
 * @param of `isHere`: its host was found to be this machine by another name
 */
export function placeOfRepository(
  discovery: Pick<Discovery, 'fileSystems' | 'host'>,
  of: { readonly repository: string; readonly isHere: boolean },
): Place {
  const address = addressOf(of.repository);
  if (address.kind === 'path') return placeOf(discovery, bytesOfUtf8(address.path));
  const beneath = { beneath: undefined, path: undefined };
  if (address.kind === 'service') return { host: `server ${address.name}`, ...beneath };
  const { host } = address;
  const own = discovery.host.toLowerCase();
  const isOwnName =
    /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(host) ||
    host === own ||
    host === own.split('.')[0];
  return { host: of.isHere || isOwnName ? discovery.host : `server ${host}`, ...beneath };
}
