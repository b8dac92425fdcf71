import type { ByteString } from '../base/bytes.ts';

/** What a person wants left out, in gitignore syntax, relative to the root of the data set. */
export interface Excludes {
  /** The rule that leaves this path out, as it was written; undefined where it stays. */
  ruleFor(path: ByteString, isDir: boolean): string | undefined;
}
