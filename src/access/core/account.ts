/** Who may ask a server for what: docs/design/029-server-state.md. */
import type { UnixMs } from '../../base/units.ts';
import type { Role, Scope } from './roles.ts';

/** A person with a name on this server. */
export interface User {
  /** `[a-z0-9][a-z0-9._@-]{0,63}` */
  readonly name: string;
  readonly role: Role;
  /** What a password is compared with; absent: there is none, links and tokens only. */
  readonly password?: string | undefined;
  readonly isDisabled: boolean;
  readonly createdAt: UnixMs;
}

/** Of a program that acts for a user. It can never do more than its owner can now. */
export interface ApiToken {
  /** 32 hex, to be shown. */
  readonly id: string;
  /** 64 hex; the token itself is shown once and kept nowhere. */
  readonly sha256: string;
  readonly owner: string;
  /** What it is for, as its owner calls it. */
  readonly label: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: UnixMs;
  readonly expiresAt: UnixMs;
  /** To the hour. */
  readonly usedAt?: UnixMs | undefined;
}

/** Somebody is signed in at a browser. */
export interface Session {
  /** 64 hex, of the random id in the cookie. */
  readonly sha256: string;
  readonly user: string;
  /** Goes along with every request that changes something. */
  readonly csrf: string;
  readonly createdAt: UnixMs;
  readonly usedAt: UnixMs;
}

/** A secret that is worth something once. */
export interface OneTime {
  /** 64 hex. */
  readonly sha256: string;
  readonly kind: 'sign-in' | 'enrolment';
  /** The user who is signed in, or the host that is enrolled. */
  readonly of: string;
  readonly by: string;
  readonly createdAt: UnixMs;
  readonly expiresAt: UnixMs;
}

/** Who is asking, and what for; made only by `Access`. */
export interface Caller {
  readonly user: string;
  readonly role: Role;
  readonly scopes: ReadonlySet<Scope>;
  /** How they were known. */
  readonly by: { readonly token: string } | { readonly session: string };
}

/** One line of the audit log, before it has its place in the chain: docs/format/audit.md. */
export interface AuditEntry {
  readonly at: UnixMs;
  /** A user's name, `agent:ID`, `server`, or empty where nobody was known. */
  readonly who: string;
  /** Of what was done, `[a-z]+(-[a-z]+)*`: `sign-in`, `job-asked`, ... */
  readonly act: string;
  readonly outcome: 'done' | 'refused' | 'failed';
  /** On what. */
  readonly subject: string;
  /** Where it came from: an address, or `terminal`. */
  readonly from: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

export interface AuditLine extends AuditEntry {
  readonly n: number;
  /** 64 hex, of the line before; zeros before the first. */
  readonly previous: string;
  /** 64 hex, of this line and all before it. */
  readonly hash: string;
}

/** Where the chain ends now: what a witness outside keeps. */
export interface AuditHead {
  readonly n: number;
  readonly hash: string;
}

export type AccessChange =
  | { readonly do: 'user'; readonly user: User }
  /** With all tokens, sessions and links of theirs. */
  | { readonly do: 'remove-user'; readonly name: string }
  | { readonly do: 'token'; readonly token: ApiToken }
  | { readonly do: 'remove-token'; readonly id: string }
  | { readonly do: 'session'; readonly session: Session }
  | { readonly do: 'end-session'; readonly sha256: string }
  /** All of one user. */
  | { readonly do: 'end-sessions'; readonly user: string }
  | { readonly do: 'one-time'; readonly oneTime: OneTime }
  | { readonly do: 'audit'; readonly entry: AuditEntry };
