/** Signs generations by the key that agents pin, and knows its own signature: docs/format/generation.md. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import {
  type Generation,
  generationSigned,
  generationText,
  type SaidGeneration,
} from '../../wire/agent/generation.ts';
import type { ServerKey } from './server-key.ts';

export class GenerationSeal {
  readonly #pin: string;
  readonly #private: KeyObject;
  readonly #public: KeyObject;

  constructor({ key, pin }: Pick<ServerKey, 'key' | 'pin'>) {
    this.#pin = pin.toString('hex');
    this.#private = createPrivateKey(key);
    this.#public = createPublicKey(this.#private);
  }

  sealed(generation: Generation): string {
    const signature = sign('sha256', this.#bytes(generation), this.#private).toString('base64url');
    return generationText({ ...generation, signature });
  }

  isOurs(said: SaidGeneration): boolean {
    const signature = Buffer.from(said.signature, 'base64url');
    return verify('sha256', this.#bytes(said), this.#public, signature);
  }

  #bytes(generation: Generation): Buffer {
    return Buffer.from(generationSigned(this.#pin, generation), 'utf8');
  }
}
