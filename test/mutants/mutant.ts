/** A step of the write path, left out or turned round, and the test that must then fail. */
export interface Mutant {
  readonly id: string;
  /** Below the top of the checkout. */
  readonly file: string;
  /** Each `replace` stands in the file exactly once when its turn comes. */
  readonly edits: readonly { readonly replace: string; readonly with: string }[];
  readonly caughtBy: {
    readonly file: string;
    /** Pattern of the names of tests; all of the file where it is left out. */
    readonly name?: string;
    /** Of a simulation: one that needs more than one, to meet what the mutant needs. */
    readonly seeds?: number;
  };
  /** What would be lost. */
  readonly why: string;
  /** Planted by `npm test` too. */
  readonly isQuick?: boolean;
}
