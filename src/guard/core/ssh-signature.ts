/**
 * What an armored SSH signature says of itself (PROTOCOL.sshsig): whose key, for what. Whether it is
 * good is for ssh-keygen to say; this is for words.
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import type { Hash } from '../../host/hash.ts';

export interface SshSignature {
  /** Wire form of the public key. */
  readonly key: ByteString;
  /** `ssh-ed25519`. */
  readonly keyType: string;
  readonly namespace: string;
}

const MAGIC = 'SSHSIG';
const VERSION = '\0\0\0\x01';

/** Undefined: it is none. */
export function parseSshSignature(codec: Codec, armored: ByteString): SshSignature | undefined {
  const body = armored.replaceAll(/-----(?:BEGIN|END) SSH SIGNATURE-----|\s/g, '');
  const bytes = codec.bytesOfBase64(body);
  if (bytes === undefined) return undefined;
  const raw = codec.textOf(bytes);
  if (!raw.startsWith(MAGIC + VERSION)) return undefined;
  const key = wireText(raw, MAGIC.length + VERSION.length);
  const namespace = key && wireText(raw, key.end);
  const keyType = key && wireText(key.text, 0);
  if (key === undefined || namespace === undefined || keyType === undefined) return undefined;
  return { key: byteString(key.text), keyType: keyType.text, namespace: namespace.text };
}

/** As ssh-keygen shows it: `SHA256:` and base64 without its padding. */
export function fingerprintOf(tools: { hash: Hash; codec: Codec }, key: ByteString): string {
  const digest = tools.hash.sha256Text(key);
  const text = tools.codec.base64Of(tools.codec.bytesOf(byteString(digest)));
  return `SHA256:${text.replace(/=+$/, '')}`;
}

/** A length of 32 bits, and so many bytes. */
function wireText(raw: string, at: number): { text: string; end: number } | undefined {
  if (at + 4 > raw.length) return undefined;
  let length = 0;
  for (let byte = at; byte < at + 4; byte++) length = length * 256 + raw.charCodeAt(byte);
  const end = at + 4 + length;
  return end > raw.length ? undefined : { text: raw.slice(at + 4, end), end };
}
