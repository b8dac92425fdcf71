import type {
  ServerChange,
  StoredAgent,
  StoredItem,
  StoredJob,
  StoredLine,
  StoredTransition,
  StoredWord,
} from '../../core/server/changes.ts';

/**
 * What outlives a server. `Also` are changes of other parts that are committed with these.
 *
 * Every method fails with HF_SERVER_STATE (unavailable), and nothing else, where the state cannot be
 * used; a commit that failed has changed nothing.
 */
export interface ServerStore<Also = never> {
  /** One transaction. Durable when it resolves: yes. Order kept: yes. */
  commit(changes: readonly (ServerChange | Also)[]): Promise<void>;

  /** All that a server holds in memory, read once at its start. */
  load(): Promise<{
    readonly agents: readonly StoredAgent[];
    readonly items: readonly StoredItem[];
    readonly words: readonly StoredWord[];
    readonly openJobs: readonly StoredJob[];
  }>;

  /** Newest first. */
  transitions(of: {
    readonly agent: string;
    readonly item?: string;
    readonly countMax: number;
  }): Promise<readonly StoredTransition[]>;

  /** The last that came, oldest first. */
  lines(of: { readonly agent: string; readonly countMax: number }): Promise<readonly StoredLine[]>;

  /** Newest first. */
  jobs(of: { readonly agent?: string; readonly countMax: number }): Promise<readonly StoredJob[]>;

  close(): Promise<void>;
}
