import { createHash } from 'node:crypto';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import type { KeyPair } from '../../src/host/cipher.ts';
import type { Tools } from '../../src/host/tools.ts';

/** The real ciphers with chance that is the same every time: SHA-256 of a name and a counter. */
export function fixedTools(name: string): Tools {
  const tools = nodeTools();
  const { cipher } = tools;
  let count = 0;
  const bytes = (size: number): Uint8Array => {
    const parts: Buffer[] = [];
    for (let made = 0; made < size; made += 32) {
      parts.push(createHash('sha256').update(`${name} ${count++}`).digest());
    }
    return Uint8Array.from(Buffer.concat(parts).subarray(0, size));
  };
  const pair = (publicOf: (privateKey: Uint8Array) => Uint8Array): KeyPair => {
    const privateKey = bytes(32);
    return { privateKey, publicKey: publicOf(privateKey) };
  };
  return {
    ...tools,
    random: { bytes },
    cipher: {
      ...cipher,
      agreementPair: () => pair(cipher.agreementPublic),
      signingPair: () => pair(cipher.signingPublic),
    },
  };
}
