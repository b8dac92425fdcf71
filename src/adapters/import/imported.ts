/** What a file of others names: machines, and whom to tell. */

export interface ImportedHost {
  readonly name: string;
  /** As it is reached, where that is not its name. */
  readonly address: string | undefined;
  readonly groups: readonly string[];
}

export interface ImportedContact {
  readonly name: string;
  readonly mail: string;
}

export interface Imported {
  readonly hosts: readonly ImportedHost[];
  readonly contacts: readonly ImportedContact[];
}
