/** Who an agent is: its Ed25519 key, the name that follows from it, and what it signs. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import type { AgentId } from '../../watch/core/agent/messages.ts';

export interface AgentIdentity {
  readonly agent: AgentId;
  /** SubjectPublicKeyInfo, DER, in base64. */
  readonly publicKey: string;
  /** PKCS 8, PEM. */
  readonly pem: string;
  /** Base64, over what docs/format/agent.md says. */
  readonly sign: (of: { verb: Verb; pin: string; body: string | Uint8Array }) => string;
}

export type Verb = 'enrol' | 'say' | 'hear' | 'show' | 'ask' | 'give';

const ID_DIGITS = 32;

export function newIdentity(): AgentIdentity {
  return identityOf(generateKeyPairSync('ed25519').privateKey);
}

/** @throws Error where it is no Ed25519 key */
export function identityOfPem(pem: string): AgentIdentity {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('it is no Ed25519 key');
  return identityOf(key);
}

function identityOf(key: KeyObject): AgentIdentity {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const agent = createHash('sha256').update(spki).digest('hex').slice(0, ID_DIGITS);
  return {
    agent,
    publicKey: spki.toString('base64'),
    pem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    sign: ({ verb, pin, body }) => {
      const head = Buffer.from(`holdfast-agent-0\n${verb}\n${agent}\n${pin}\n`, 'utf8');
      const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
      return sign(null, Buffer.concat([head, bytes]), key).toString('base64');
    },
  };
}
