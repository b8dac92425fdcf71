/** The only way to chance: keys, nonces, names. Simulations seed it. */
export interface Random {
  /** `count` bytes fit for keys. */
  bytes(count: number): Uint8Array;
}
