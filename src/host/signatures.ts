import type { ByteString } from '../base/bytes.ts';

export interface SignedBy {
  /** The very bytes that were signed. */
  readonly signed: ByteString;
  /** Armored. */
  readonly signature: ByteString;
}

/** SSH signatures against the allowed signers of this host, as ssh-keygen has them. */
export interface SignatureCheck {
  /**
   * Undefined: it is good, made in `namespace` by a key of `principal` that is valid now and not
   * revoked. Else what was said against it.
   *
   * @throws Fault HF_SIGNING_FAILED where it could not be looked at
   */
  verify(
    given: SignedBy & { readonly principal: string; readonly namespace: string },
  ): Promise<string | undefined>;
  /** Whom the allowed signers take its key for; also the key of a certificate. */
  principals(signature: ByteString): Promise<readonly string[]>;
}

/** The files that say who may approve. */
export interface SignerFiles {
  /** For people. */
  readonly path: string;
  /** Undefined where there is none. @throws Fault HF_SIGNERS_LOOSE */
  allowed(): string | undefined;
}
