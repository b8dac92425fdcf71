/** Who may approve on this host: ssh-keygen(1), ALLOWED SIGNERS. ssh-keygen verifies; this names people. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';

export interface AllowedSigner {
  readonly line: number;
  /** The first principal. */
  readonly name: string;
  readonly principals: readonly string[];
  /** `agent:` and `service:` never approve; `nobody`: a pattern names no person. */
  readonly kind: 'person' | 'service' | 'agent' | 'nobody';
  readonly options: string;
  readonly keyType: string;
  /** Wire form. */
  readonly key: ByteString;
  readonly comment: string;
}

export interface SignersRead {
  readonly signers: readonly AllowedSigner[];
  /** Lines that say nothing to us; ssh-keygen passes them over, too. */
  readonly unreadable: readonly number[];
}

const FIELD = /^((?:"[^"]*"|[^\s"])+)\s+(.*)$/;
const KEY = /^((?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+)\s+([A-Za-z0-9+/]+=*)(?:\s+(.*))?$/;

export function readSigners(codec: Codec, text: string): SignersRead {
  const signers: AllowedSigner[] = [];
  const unreadable: number[] = [];
  for (const [at, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const signer = signerOf(codec, line, at + 1);
    if (signer === undefined) unreadable.push(at + 1);
    else signers.push(signer);
  }
  return { signers, unreadable };
}

/** Lines with this very key. A certificate has the line of its authority, which only ssh-keygen finds. */
export function signersOfKey(signers: readonly AllowedSigner[], key: ByteString) {
  return signers.filter((signer) => signer.key === key && !isAuthority(signer));
}

function isAuthority({ options }: AllowedSigner): boolean {
  return /(?:^|,)cert-authority(?:,|$)/.test(options);
}

export function kindOfPrincipals(principals: readonly string[]): AllowedSigner['kind'] {
  if (principals.some((each) => /^service:/i.test(each))) return 'service';
  if (principals.some((each) => /^agent:/i.test(each))) return 'agent';
  const [first = ''] = principals;
  return first === '' || /[*?!]/.test(first) ? 'nobody' : 'person';
}

function signerOf(codec: Codec, text: string, line: number): AllowedSigner | undefined {
  const [, quoted = '', rest = ''] = FIELD.exec(text) ?? [];
  const [, options = '', behind = ''] = KEY.test(rest) ? ['', '', rest] : (FIELD.exec(rest) ?? []);
  const [, keyType = '', base64 = '', comment = ''] = KEY.exec(behind) ?? [];
  const key = base64 === '' ? undefined : codec.bytesOfBase64(base64);
  if (key === undefined) return undefined;
  const principals = quoted
    .replaceAll('"', '')
    .split(',')
    .filter((each) => each !== '');
  return {
    ...{ line, name: principals[0] ?? '', principals, kind: kindOfPrincipals(principals) },
    ...{ options, keyType, key: byteString(codec.textOf(key)), comment },
  };
}
