import type { UnixMs } from '../../../base/units.ts';
import type {
  RollUp,
  ServerChange,
  StoredAgent,
  StoredFreeze,
  StoredItem,
  StoredJob,
  StoredLine,
  StoredMaintenance,
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

  /**
   * All that a server holds in memory, read once at its start. While it was away nobody watched:
   * every agent counts as silent since it was heard last.
   */
  load(now: UnixMs): Promise<{
    readonly agents: readonly StoredAgent[];
    readonly items: readonly StoredItem[];
    readonly words: readonly StoredWord[];
    readonly openJobs: readonly StoredJob[];
    /** That are not over at `now`, and those that begin later. */
    readonly maintenances: readonly StoredMaintenance[];
    readonly freezes: readonly StoredFreeze[];
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

  /** Newest first. */
  maintenances(countMax: number): Promise<readonly StoredMaintenance[]>;
  /** Newest first. */
  freezes(countMax: number): Promise<readonly StoredFreeze[]>;

  /**
   * Spans of an item, oldest first, the last one that of `now`: it ends there. None but those from
   * the first that anything was said in; a span in which nothing was said is all unknown.
   */
  rollUps(of: {
    readonly agent: string;
    readonly item: string;
    readonly by: 'hour' | 'day';
    readonly now: UnixMs;
    readonly countMax: number;
  }): Promise<readonly RollUp[]>;

  close(): Promise<void>;
}
