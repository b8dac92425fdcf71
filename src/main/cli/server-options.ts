/** Options of `holdfast server` and its parts. */

export interface ServerOptions {
  readonly config?: string;
}

export interface RecoverOptions extends ServerOptions {
  readonly agents?: string;
  readonly moved?: true;
}

export interface AuditOptions extends ServerOptions {
  readonly verify?: string;
  readonly head?: string;
  readonly export?: true;
  readonly last?: string;
}

export interface JobsOptions extends ServerOptions {
  readonly tokenFile?: string;
}

export interface UserOptions extends ServerOptions {
  readonly role: string;
}

export interface AgentsOptions extends ServerOptions {
  readonly revoked?: boolean;
}

export interface RevokeOptions extends ServerOptions {
  readonly reason?: string;
}

export interface AccessOptions extends ServerOptions {
  readonly scope: readonly string[];
  readonly label?: string;
  readonly days?: string;
}
