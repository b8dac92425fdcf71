/** Authenticated encryption and key agreement, synchronous. All keys are raw bytes. */
export interface Cipher {
  /** AES-256-GCM; returns ciphertext and, behind it, the tag of 16 bytes. */
  seal(box: SealBox): Uint8Array;
  /** The same into given memory, which has room for it and nothing else. */
  sealInto(box: SealBox, into: Uint8Array): void;
  /** Undefined where the tag does not fit. */
  open(box: OpenBox): Uint8Array | undefined;
  /**
   * The same into the first bytes of given memory. False where the tag does not fit: what the
   * memory holds then must not be used.
   */
  openInto(box: OpenBox, into: Uint8Array): boolean;
  hmac(key: Uint8Array, message: Uint8Array): Uint8Array;
  hkdf(options: HkdfOptions): Uint8Array;
  /** Costs `128 * n * r` bytes of memory and a good part of a second. */
  scrypt(options: ScryptOptions): Uint8Array;
  /** X25519 and Ed25519 pairs, raw, 32 bytes each. */
  agreementPair(): KeyPair;
  signingPair(): KeyPair;
  agreementPublic(privateKey: Uint8Array): Uint8Array;
  agree(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
  signingPublic(privateKey: Uint8Array): Uint8Array;
  sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

export interface SealBox {
  readonly key: Uint8Array;
  /** 12 bytes, never used twice with one key. */
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly plain: Uint8Array;
}

export interface OpenBox {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  /** Ciphertext and tag. */
  readonly sealed: Uint8Array;
}

export interface HkdfOptions {
  readonly secret: Uint8Array;
  readonly salt: Uint8Array;
  readonly info: Uint8Array;
  readonly length: number;
}

export interface ScryptOptions {
  readonly passphrase: Uint8Array;
  readonly salt: Uint8Array;
  readonly n: number;
  readonly r: number;
  readonly p: number;
}
