/** One version of a file told by another: what both have costs next to nothing. Synchronous. */
export interface Patcher {
  /** @param old up to 4 MiB, as `bytes` */
  patch(bytes: Uint8Array, old: Uint8Array): Uint8Array;
  /**
   * @param sizeMax bytes; what would come out larger is refused before it is made
   * @throws Fault HF_CONTENT_CORRUPT where it is no patch of `old`
   */
  unpatch(patch: Uint8Array, old: Uint8Array, sizeMax: number): Uint8Array;
}
