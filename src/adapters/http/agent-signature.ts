/** Who speaks: docs/format/agent.md. The bytes are checked before anything in them is believed. */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { AgentId } from '../../watch/core/agent/messages.ts';

export type Verb = 'enrol' | 'say' | 'hear' | 'show' | 'ask' | 'give';

/** Keys that were parsed already; as many as agents that are likely to be heard. */
const KEYS_MAX = 10_000;

/** The first half of SHA-256 of a public key (DER). */
export function agentIdOf(publicKey: Uint8Array): AgentId {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 32);
}

export class SignatureCheck {
  readonly #pinHex: string;
  readonly #keys = new Map<string, KeyObject>();

  constructor(pin: Uint8Array) {
    this.#pinHex = Buffer.from(pin).toString('hex');
  }

  /** @param publicKey base64 of SubjectPublicKeyInfo, DER */
  isBy(
    publicKey: string,
    said: {
      readonly verb: Verb;
      readonly agent: AgentId;
      readonly signature: string;
      readonly body: Uint8Array;
    },
  ): boolean {
    if (!/^[A-Za-z0-9+/]{86}==$/.test(said.signature)) return false;
    const key = this.#keyOf(publicKey);
    if (key === undefined) return false;
    const head = `holdfast-agent-0\n${said.verb}\n${said.agent}\n${this.#pinHex}\n`;
    const signed = Buffer.concat([Buffer.from(head, 'latin1'), said.body]);
    return verify(null, signed, key, Buffer.from(said.signature, 'base64'));
  }

  #keyOf(publicKey: string): KeyObject | undefined {
    const known = this.#keys.get(publicKey);
    if (known !== undefined) return known;
    const key = parsePublicKey(publicKey);
    if (key === undefined) return undefined;
    if (this.#keys.size >= KEYS_MAX) this.#keys.clear();
    this.#keys.set(publicKey, key);
    return key;
  }
}

/** Undefined: it is no Ed25519 key, or not written as it must be. */
export function parsePublicKey(publicKey: string): KeyObject | undefined {
  const der = Buffer.from(publicKey, 'base64');
  // The one way to write it: else a key could have several names.
  if (der.length !== 44 || der.toString('base64') !== publicKey) return undefined;
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    if (key.asymmetricKeyType !== 'ed25519') return undefined;
    const written = key.export({ format: 'der', type: 'spki' });
    return written.equals(der) ? key : undefined;
  } catch {
    return undefined; // Whatever OpenSSL says of it: it is no key.
  }
}
