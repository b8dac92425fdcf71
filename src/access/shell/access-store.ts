import type { UnixMs } from '../../base/units.ts';
import type {
  AccessChange,
  ApiToken,
  AuditHead,
  AuditLine,
  OneTime,
  Session,
  User,
} from '../core/account.ts';

/** A line of the log, and what is noted of it beside. */
export interface AuditText extends AuditHead {
  readonly text: string;
}

/**
 * Accounts and the audit log. `Also` are changes of other parts that are committed with these.
 *
 * Every method fails with HF_SERVER_STATE (unavailable), and nothing else, where the state cannot be
 * used; a commit that failed has changed nothing.
 */
export interface AccessStore<Also = never> {
  /** One transaction. Durable when it resolves: yes. Order kept: yes. */
  commit(changes: readonly (AccessChange | Also)[]): Promise<void>;

  /**
   * Takes a one-time secret out of the world and commits what follows from it, together or not at
   * all: of two who come with it, one gets it. Undefined: it is not known, was spent, or is over.
   */
  spend(
    want: { readonly sha256: string; readonly kind: OneTime['kind']; readonly now: UnixMs },
    follow: (spent: OneTime) => readonly (AccessChange | Also)[],
  ): Promise<OneTime | undefined>;

  users(): Promise<readonly User[]>;
  user(name: string): Promise<User | undefined>;
  tokens(): Promise<readonly ApiToken[]>;
  token(sha256: string): Promise<ApiToken | undefined>;
  session(sha256: string): Promise<Session | undefined>;
  /** Those that wait to be spent. */
  oneTimes(): Promise<readonly OneTime[]>;

  /** Oldest first, those with `n` above `after`. */
  audit(of: { readonly after: number; readonly countMax: number }): Promise<readonly AuditLine[]>;
  auditHead(): Promise<AuditHead>;
  /** As they stand there, right or not: for whoever proves them. Oldest first. */
  auditTexts(of: {
    readonly after: number;
    readonly countMax: number;
  }): Promise<readonly AuditText[]>;
  /** The last line that was let go of; line 0 while there is none. */
  auditCut(): Promise<AuditHead>;
}
