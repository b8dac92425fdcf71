import type { AgentId, ShowKind } from '../../core/agent/messages.ts';
import type { StoredHostChange, StoredShown } from '../../core/server/stored-shown.ts';

/**
 * What agents showed, as a server keeps it.
 *
 * Every method fails with HF_SERVER_STATE (unavailable), and nothing else.
 */
export interface ShownStore {
  /** All of them, without their frames. */
  shown(): Promise<readonly StoredShown[]>;
  /** Base64; undefined: nothing of that kind is kept. */
  frame(of: { readonly agent: AgentId; readonly kind: ShowKind }): Promise<string | undefined>;
  /** Newest first; of one host, or of all. */
  hostChanges(of: {
    readonly host?: string | undefined;
    readonly countMax: number;
  }): Promise<readonly StoredHostChange[]>;
}
