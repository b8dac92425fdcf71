/** Where a tree lies, as people and rsync write it: `/path`, `host:/path`, `ann@host:2222:/path`. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayName } from '../../base/say-name.ts';
import { quoteWord } from '../../base/shell-word.ts';
import { parseSshHost, type SshHost, sshHostText } from '../ssh/ssh-host.ts';
import { isSshPlace, parseSshPlace } from '../ssh/ssh-place.ts';

export interface TreePlace {
  /** Undefined: this machine. */
  readonly at: SshHost | undefined;
  /** Absolute here; over there as it was written, relative to the home directory or absolute. */
  readonly path: ByteString;
}

/**
 * What has a colon before its first slash names a host, as for rsync and scp.
 *
 * @param absolute makes a path of this machine absolute
 * @throws Fault HF_TREE_PLACE
 */
export function parseTreePlace(
  given: ByteString,
  absolute: (path: ByteString) => ByteString,
): TreePlace {
  if (isSshPlace(given)) {
    const { path, ...at } = parseSshPlace(given);
    return { at, path };
  }
  const match = /^((?:[^/:[\]]*@)?(?:\[[^\]/]*\]|[^/:]+)(?::[0-9]{1,5}(?=:))?):(?!:)(.*)$/s.exec(
    given,
  );
  if (match === null) {
    if (given === '') throw refused(given, 'is no place');
    // `$HOST:/srv` of an unset variable, and a module of rsyncd: neither is meant for a path here.
    if (/^[^/]*:/.test(given)) throw refused(given, 'names no host that ssh could be given');
    return { at: undefined, path: absolute(given) };
  }
  const [, host = '', path = ''] = match;
  const at = parseSshHost(host);
  if (typeof at === 'string') throw refused(given, `names no ${at} that ssh could be given`);
  if (path.includes('\0') || path === '') throw refused(given, 'names no directory');
  return { at, path: byteString(trimmed(path)) };
}

/** The same for the same place: `host:/path`, or the path. */
export function treePlaceText({ at, path }: TreePlace): ByteString {
  return at === undefined ? path : byteString(`${sshHostText(at)}:${path}`);
}

export function sayTreePlace(place: TreePlace): string {
  return sayName(treePlaceText(place));
}

/** `root=...` for a shell over there. */
export function rootLine({ path }: TreePlace): string {
  return `root=${shellPath(path)}`;
}

/** For a shell over there: `~/x` and `x` lie below the home directory, and none is an option. */
export function shellPath(path: string): string {
  if (path === '~' || path.startsWith('~/')) return `"$HOME"/${quoteWord(path.slice(2) || '.')}`;
  return quoteWord(path.startsWith('/') ? path : `./${path}`);
}

function trimmed(path: string): string {
  return path.length > 1 ? path.replace(/(?<=[^/])\/+$/, '') : path;
}

function refused(given: ByteString, why: string): Fault {
  return new Fault('HF_TREE_PLACE', `the place ${sayName(given)} ${why}`);
}
