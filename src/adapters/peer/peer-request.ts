/** A request to a peer, as far as its head tells: docs/format/peer.md, section 2. */
import type { IncomingMessage } from 'node:http';
import { parseDigest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { isUploadId, isVaultName } from '../../vault/core/peer-message.ts';
import { demandOfPeer } from '../../vault/core/stdio-frame.ts';
import type { PeerPut } from '../../vault/shell/peer-vault.ts';

export type PeerAsk =
  | { readonly kind: 'about' }
  | { readonly kind: 'list'; readonly prefix: string; readonly after: string }
  | { readonly kind: 'held'; readonly id: string }
  | {
      readonly kind: 'get';
      readonly name: string;
      readonly range: { readonly offset: number; readonly length: number } | undefined;
    }
  | { readonly kind: 'put'; readonly put: PeerPut; readonly bodyBytes: number };

const BASE = '/peer/v1/';
const NUMBER = /^(?:0|[1-9][0-9]{0,14})$/;

/** @returns undefined where there is none, or it is none */
export function tokenOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer ([!-~]{1,200})$/i.exec(headers.authorization ?? '')?.[1];
}

/** @returns the vault that is asked for @throws Fault HF_PEER_VAULT */
export function vaultOf({ url = '' }: IncomingMessage): string {
  const [path = ''] = url.split('?', 1);
  const [vault = ''] = path.startsWith(BASE) ? path.slice(BASE.length).split('/', 1) : [];
  if (!isVaultName(vault)) throw noVault();
  return vault;
}

export function noVault(): Fault {
  return new Fault('HF_PEER_VAULT', 'this token reaches no vault of that name');
}

/** Nothing of the path is decoded: what is asked for stands there byte by byte. @throws Fault HF_STORE_PROTOCOL */
export function askOf(request: IncomingMessage, vault: string): PeerAsk {
  const { method = '', url = '' } = request;
  const at = url.indexOf('?');
  const path = at === -1 ? url : url.slice(0, at);
  const query = new URLSearchParams(at === -1 ? '' : url.slice(at + 1));
  const below = path.slice(BASE.length + vault.length);
  const object = behind(below, '/objects/');
  if (method === 'PUT' && object !== undefined) return putOf(request, object);
  demandOfPeer(method === 'GET', `a request ${method.slice(0, 16)}`);
  demandOfPeer(bodyOf(request) === undefined, 'a body that nobody asked for');
  if (below === '') return { kind: 'about' };
  if (below === '/list') {
    return { kind: 'list', prefix: query.get('prefix') ?? '', after: query.get('after') ?? '' };
  }
  const upload = behind(below, '/uploads/');
  if (upload !== undefined) {
    demandOfPeer(isUploadId(upload), 'an upload that is none');
    return { kind: 'held', id: upload };
  }
  demandOfPeer(object !== undefined, 'a path that there is not');
  return { kind: 'get', name: object, range: rangeOf(query) };
}

function putOf(request: IncomingMessage, name: string): PeerAsk {
  const field = (called: string): string | undefined => {
    const value = request.headers[called];
    return typeof value === 'string' ? value : undefined;
  };
  const sha256 = parseDigest(field('holdfast-sha256') ?? '');
  demandOfPeer(sha256 !== undefined, 'a put without a digest');
  const sizeBytes = numberOf(field('holdfast-size'), 'size');
  const upload = field('holdfast-upload');
  demandOfPeer(upload === undefined || isUploadId(upload), 'an upload that is none');
  const offset = numberOf(field('holdfast-offset') ?? '0', 'offset');
  const bodyBytes = bodyOf(request);
  demandOfPeer(bodyBytes !== undefined, 'a put without a length');
  demandOfPeer(offset + bodyBytes === sizeBytes, 'a body that is not the rest');
  return { kind: 'put', put: { name, sizeBytes, sha256, upload, offset }, bodyBytes };
}

/** @returns its length; undefined: none */
function bodyOf({ headers }: IncomingMessage): number | undefined {
  demandOfPeer(headers['transfer-encoding'] === undefined, 'a body of unknown length');
  const length = headers['content-length'];
  return length === undefined ? undefined : numberOf(length, 'length');
}

function rangeOf(query: URLSearchParams): { offset: number; length: number } | undefined {
  const offset = query.get('offset');
  const length = query.get('length');
  if (offset === null && length === null) return undefined;
  return {
    offset: numberOf(offset ?? '', 'offset'),
    length: numberOf(length ?? '', 'length'),
  };
}

function numberOf(text: string | undefined, what: string): number {
  demandOfPeer(text !== undefined && NUMBER.test(text), `no number for its ${what}`);
  return Number(text);
}

function behind(text: string, begin: string): string | undefined {
  return text.startsWith(begin) ? text.slice(begin.length) : undefined;
}
