/** Slow on purpose. One at a time: each takes tens of megabytes. */
export interface PasswordHash {
  /** A text with its own parameters and salt. */
  make(password: string): Promise<string>;
  /** Takes as long whether `made` is there or not. */
  matches(password: string, made: string | undefined): Promise<boolean>;
  /** Whether `made` is of weaker parameters than are made now. */
  isOld(made: string): boolean;
}
