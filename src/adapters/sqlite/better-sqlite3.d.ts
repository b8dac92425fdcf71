// The package ships no types. This is the part that is used here.
declare module 'better-sqlite3' {
  interface Statement {
    readonly reader: boolean;
    all(parameters: readonly unknown[]): unknown[];
    run(parameters: readonly unknown[]): {
      readonly changes: number | bigint;
      readonly lastInsertRowid: number | bigint;
    };
    iterate(parameters: readonly unknown[]): IterableIterator<unknown>;
  }

  class Database {
    constructor(
      path: string,
      options?: {
        readonly timeout?: number;
        readonly readonly?: boolean;
        readonly fileMustExist?: boolean;
      },
    );
    prepare(sql: string): Statement;
    pragma(source: string, options?: { readonly simple?: boolean }): unknown;
    /** `progress` says how many pages the next step copies. */
    backup(
      target: string,
      options: { readonly progress: (at: { readonly remainingPages: number }) => number },
    ): Promise<unknown>;
    close(): void;
  }

  export default Database;
}
