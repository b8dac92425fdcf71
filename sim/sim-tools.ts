import { nodeTools } from '../src/adapters/node/tools.ts';
import type { KeyPair } from '../src/host/cipher.ts';
import type { Tools } from '../src/host/tools.ts';
import { Seeded } from './seeded.ts';

/** The real hashes and ciphers over chance that follows from a seed. */
export interface SeededTools extends Tools {
  /** A new process: other nonces and names than any before with another seed. */
  reseed(seed: number): void;
}

/** Made once: workers keep windows and tables for each Tools they see. */
export function seededTools(): SeededTools {
  const tools = nodeTools();
  const { cipher } = tools;
  let seeded = new Seeded(0);
  const bytes = (count: number): Uint8Array =>
    Uint8Array.from({ length: count }, () => seeded.below(256));
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
    reseed(seed) {
      seeded = new Seeded(seed);
    },
  };
}
