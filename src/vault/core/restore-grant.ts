/** The data keys of one snapshot, sealed to the key of a request. docs/format/restore-grant.md */
import type { ByteString } from '../../base/bytes.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import type { DataKey } from './group.ts';
import { named } from './json-fields.ts';
import { bytesOfHex, type Keyring } from './keyring.ts';
import type { ReadRestoreRequest } from './restore-request.ts';
import { type KeyScope, parseSealedKeys, type SealedKey, sealDataKey } from './sealed-key.ts';
import { encodeVouched, parseVouched } from './vouched-line.ts';

/** Of some 390 000 runs of writers. */
export const RESTORE_GRANT_SIZE_MAX = 2 ** 26;
const KIND = 'restore-grant';

/** A data key in the clear: it goes into a grant, sealed, and nowhere else. */
export interface OpenedDataKey extends DataKey {
  readonly scope: KeyScope;
}

export interface RestoreGrant {
  /** Fingerprint of the request, 64 hex digits. */
  readonly request: string;
  readonly created: UnixMs;
  readonly expires: UnixMs;
  readonly snapshot: string;
  /** Empty: all of it. */
  readonly path: ByteString;
  /** To the key of the request. */
  readonly keys: readonly SealedKey[];
  /** The same, one after the other. */
  readonly sealedKeys: Uint8Array;
}

export interface WriteGrant {
  readonly request: ReadRestoreRequest;
  readonly created: UnixMs;
  readonly expires: UnixMs;
  readonly keys: readonly OpenedDataKey[];
}

/** @param keyring a full one: what another signs is refused by who asked */
export function encodeRestoreGrant(
  tools: Tools,
  grant: WriteGrant,
  keyring: Pick<Keyring, 'vault' | 'vouchKey'>,
): Uint8Array {
  const { request, created, expires, keys } = grant;
  const vault = bytesOfHex(keyring.vault);
  const recipients = [request.publicKey];
  const sealed = keys.map((key) => sealDataKey(tools, { ...key, vault, recipients }));
  return encodeVouched(tools, keyring, {
    kind: KIND,
    members: {
      ...{ request: request.fingerprint, created: isoTimeOf(created), expires: isoTimeOf(expires) },
      ...{ snapshot: request.snapshot, ...named('path', request.path) },
      keys: tools.codec.base64Of(joined(sealed)),
    },
  });
}

/**
 * @returns undefined where it is of another vault, or nobody with a full keyring of this one signed it
 * @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else
 */
export function parseRestoreGrant(
  tools: Tools,
  bytes: Uint8Array,
  keyring: Pick<Keyring, 'vault' | 'vouchPublic'>,
): RestoreGrant | undefined {
  const of = { bytes, kind: KIND, sizeMax: RESTORE_GRANT_SIZE_MAX };
  const { fields, isVouched } = parseVouched(tools, keyring, of);
  if (!isVouched) return undefined;
  const sealedKeys = fields.bytes('keys', tools.codec);
  const keys = parseSealedKeys(sealedKeys);
  return {
    request: fields.hex('request', 64),
    created: fields.time('created'),
    expires: fields.time('expires'),
    snapshot: fields.hex('snapshot', 64),
    path: fields.bytesNamed('path'),
    ...{ keys, sealedKeys },
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
