/** A machine whose key does not read asks for one snapshot. docs/format/restore-grant.md */
import { type ByteString, byteString, hexOf } from '../../base/bytes.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import { hours, type UnixMs } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import { canonicalBytes, splitLine, withLast } from './canonical-line.ts';
import { demand } from './corruption.ts';
import { demandFormat } from './header.ts';
import { named } from './json-fields.ts';

export const RESTORE_REQUEST_SIZE_MAX = 65_536;
/** What is older is granted by nobody any more. */
export const REQUEST_AGE_MAX_MS = hours(7 * 24);
/** How far the clock of who asks may be ahead. */
const AHEAD_MAX_MS = hours(1);
const KEY_SIZE = 32;
const WHAT = 'restore request';
const KEPT_HEAD = 'holdfast-request-key-0 ';

export interface RestoreRequestRecord {
  /** Of the vault, 32 hex digits. */
  readonly vault: string;
  /** Who says that he asks; for people. */
  readonly host: string;
  readonly created: UnixMs;
  /** Id of the snapshot, 64 hex digits. */
  readonly snapshot: string;
  /** Empty: all of it. */
  readonly path: ByteString;
  /** Raw X25519, used for this request and nothing else. */
  readonly publicKey: Uint8Array;
}

export interface ReadRestoreRequest extends RestoreRequestRecord {
  /** SHA-256 of the request, 64 hex digits. */
  readonly fingerprint: string;
}

export function encodeRestoreRequest(tools: Tools, request: RestoreRequestRecord): Uint8Array {
  const { codec, hash } = tools;
  const { vault, host, created, snapshot, path, publicKey } = request;
  const head = canonicalBytes(codec, {
    ...{ holdfast: 'restore-request', format: 0, vault, host, created: isoTimeOf(created) },
    ...{ snapshot, ...named('path', path), publicKey: codec.base64Of(publicKey) },
  });
  return withLast(codec, head, ['sha256', hexOf(hash.sha256(head))]);
}

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else */
export function parseRestoreRequest(tools: Tools, bytes: Uint8Array): ReadRestoreRequest {
  const { codec, hash } = tools;
  demand(bytes.length <= RESTORE_REQUEST_SIZE_MAX, WHAT, 'it is too large');
  const { head, fields, last } = splitLine(codec, bytes, { what: WHAT, name: 'sha256' });
  demand(fields.is('holdfast', 'restore-request'), WHAT, 'it is something else');
  demandFormat(fields);
  demand(hexOf(hash.sha256(head)) === last, WHAT, 'its digest does not fit');
  return {
    vault: fields.hex('vault', 32),
    host: fields.text('host'),
    created: fields.time('created'),
    snapshot: fields.hex('snapshot', 64),
    path: fields.bytesNamed('path'),
    publicKey: fields.bytes('publicKey', codec, KEY_SIZE),
    fingerprint: hexOf(hash.sha256(bytes)),
  };
}

/** Nobody grants it any more, and what was granted to it opens nothing: its half goes. */
export function isOver({ created }: Pick<RestoreRequestRecord, 'created'>, now: UnixMs): boolean {
  return now - created > REQUEST_AGE_MAX_MS;
}

/** Whether it may still be granted and used, by the clock of who grants or of who asked. */
export function isCurrent(request: Pick<RestoreRequestRecord, 'created'>, now: UnixMs): boolean {
  return request.created <= now + AHEAD_MAX_MS && !isOver(request, now);
}

/** As whoever asks keeps it, with the private half: in a file that nobody else reads. */
export interface KeptRequest {
  readonly request: ReadRestoreRequest;
  /** Raw X25519. */
  readonly privateKey: Uint8Array;
}

export function encodeKeptRequest(
  { codec }: Tools,
  kept: { readonly request: Uint8Array; readonly privateKey: Uint8Array },
): Uint8Array {
  const line = byteString(`${KEPT_HEAD}${codec.base64Of(kept.privateKey)}\n`);
  return codec.bytesOf(byteString(line + codec.textOf(kept.request)));
}

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else */
export function parseKeptRequest(tools: Tools, bytes: Uint8Array): KeptRequest {
  const { codec, cipher } = tools;
  const end = bytes.indexOf(0x0a) + 1;
  const line = codec.textOf(bytes.subarray(0, end));
  demand(line.startsWith(KEPT_HEAD), 'kept request', 'it has no key');
  const privateKey = codec.bytesOfBase64(line.slice(KEPT_HEAD.length, -1));
  demand(privateKey?.length === KEY_SIZE, 'kept request', 'its key is none');
  const request = parseRestoreRequest(tools, bytes.subarray(end));
  const isPair =
    codec.textOf(cipher.agreementPublic(privateKey)) === codec.textOf(request.publicKey);
  demand(isPair, 'kept request', 'its key is of another request');
  return { request, privateKey };
}
