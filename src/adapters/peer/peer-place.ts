/** `https://HOST:PORT/VAULT`, and the file of lines that says by which key and token it is reached. */
import fs from 'node:fs';
import net from 'node:net';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayName } from '../../base/say-name.ts';
import { isVaultName } from '../../vault/core/peer-message.ts';

/** Where a vault lies at a peer. It holds no secret. */
export interface PeerPlace {
  readonly host: string;
  readonly port: number;
  readonly vault: string;
}

/** What opens it. */
export interface PeerAccess {
  readonly place: PeerPlace;
  /** SHA-256 of SubjectPublicKeyInfo, 64 hexadecimal digits. */
  readonly pin: string;
  readonly token: string;
}

const SCHEME = 'https://';
const PORT_MAX = 65_535;
const NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const TOKEN = /^[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/;
const FILE_BYTES_MAX = 65_536;
const EXAMPLE =
  'Write it as the line of `holdfast vault serve token` begins: https://st1.example.org:7432/web1.';

export function isPeerPlace(text: string): boolean {
  return text.startsWith(SCHEME);
}

/** @throws Fault HF_PEER_PLACE */
export function parsePeerPlace(text: ByteString): PeerPlace {
  const [, given = '', port = '', vault = ''] =
    /^https:\/\/(\[[0-9a-fA-F:.]+\]|[^/:@#?]+):([0-9]{1,5})\/([^/]+)$/.exec(text) ?? [];
  const host = given.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  const isHost = given.startsWith('[') ? net.isIPv6(host) : NAME.test(host);
  const number = Number(port);
  if (isHost && number > 0 && number <= PORT_MAX && isVaultName(vault)) {
    return { host, port: number, vault };
  }
  throw new Fault('HF_PEER_PLACE', `${sayName(text)} is no place at a peer`, { instead: EXAMPLE });
}

/** As it is written; the same for the same place. */
export function peerPlaceText({ vault, ...at }: PeerPlace): ByteString {
  return byteString(`${SCHEME}${peerAddress(at)}/${vault}`);
}

/** `HOST:PORT`. */
export function peerAddress({ host, port }: Pick<PeerPlace, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** @param pin hexadecimal */
export function peerLine({ place, pin, token }: PeerAccess): string {
  return `${peerPlaceText(place)}#${Buffer.from(pin, 'hex').toString('base64url')} ${token}`;
}

/**
 * The line of this place; of several the last.
 *
 * @param path of the file of lines
 * @throws Fault HF_PEER_LINE
 */
export function readPeerAccess(path: string, place: PeerPlace): PeerAccess {
  const wanted = peerPlaceText(place);
  const found = linesIn(path, place).findLast(({ text }) => text.startsWith(`${wanted}#`));
  const where = `the line of ${wanted}`;
  if (found === undefined) throw unusable(`${path} has no line for ${wanted}`, path);
  const [, pin = '', token = ''] = /^[^#]*#([A-Za-z0-9_-]{43}) ([!-~]+)$/.exec(found.text) ?? [];
  const bytes = Buffer.from(pin, 'base64url');
  if (bytes.length !== 32 || bytes.toString('base64url') !== pin) {
    throw unusable(
      `${where} in ${path} (line ${found.number}) has no key behind #, or it was cut`,
      path,
    );
  }
  if (!TOKEN.test(token)) {
    throw unusable(`${where} in ${path} (line ${found.number}) has no token, or it was cut`, path);
  }
  return { place, pin: bytes.toString('hex'), token };
}

function linesIn(
  path: string,
  place: PeerPlace,
): readonly { readonly text: string; readonly number: number }[] {
  let file: number;
  try {
    file = fs.openSync(path, 'r');
  } catch (cause) {
    const why =
      cause instanceof Error && 'code' in cause ? String(cause.code) : 'it cannot be read';
    const message =
      why === 'ENOENT'
        ? `nothing says by which key and token ${peerPlaceText(place)} is reached: there is no ${path}`
        : `${path} cannot be read: ${why}`;
    throw unusable(message, path, cause);
  }
  try {
    const { size, mode } = fs.fstatSync(file);
    if (size > FILE_BYTES_MAX) throw unusable(`${path} is too large for a file of lines`, path);
    if ((mode & 0o077) !== 0) {
      const instead = `Take it from the others: chmod 600 ${path}`;
      throw new Fault('HF_PEER_LINE', `others may read the tokens in ${path}`, { instead });
    }
    const texts = fs.readFileSync(file, 'latin1').split('\n');
    return texts
      .map((text, at) => ({ text: text.trim(), number: at + 1 }))
      .filter(({ text }) => text !== '' && !text.startsWith('#'));
  } finally {
    fs.closeSync(file);
  }
}

function unusable(message: string, path: string, cause?: unknown): Fault {
  const instead = `Where the vault is to lie, type \`holdfast vault serve token HOST\`, and put the line it prints into ${path} (mode 600), or name another file by HOLDFAST_PEERS.`;
  return new Fault('HF_PEER_LINE', message, { instead }, cause === undefined ? {} : { cause });
}
