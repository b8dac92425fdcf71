import type { ByteString } from '../base/bytes.ts';

/**
 * Starts an engine on what was restored, privately: in scratch, as a user without rights, with
 * nothing that listens but a socket of its own, and has it read all there is.
 */
export interface EngineProof {
  /** As people call it: `postgres`, `mariadb`, `sqlite`, `image`. */
  readonly engine: string;
  /**
   * @param restored what was restored: a file or a directory. It is used up: written to, given to
   *   another owner
   * @param scratch an empty directory for whatever else is needed
   * When it resolves nothing runs any more. Throws for bugs only.
   */
  prove(restored: ByteString, scratch: ByteString): Promise<EngineShown>;
}

export type EngineShown =
  /** It started and read everything; `said` for people: `postgres 15.18 started on it, ...`. */
  | { readonly ok: true; readonly said: string }
  /** The restore is not usable as it is. */
  | { readonly ok: false; readonly why: string }
  /** It could not be tried here: nothing is known. */
  | { readonly ok: undefined; readonly why: string };
