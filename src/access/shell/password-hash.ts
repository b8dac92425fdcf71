/** Slow on purpose. At most a few at once: each takes tens of megabytes. */
export interface PasswordHash {
  /** A text with its own parameters and salt. */
  make(password: string): Promise<string>;
  /** Takes as long whether `made` is there or not. */
  matches(password: string, made: string | undefined): Promise<boolean>;
}
