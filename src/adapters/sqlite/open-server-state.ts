import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ServerState, StateChange } from './server-state.ts';

export type { ServerState, StateChange } from './server-state.ts';

/** Another process of ours (an account made on the terminal) is done in milliseconds. */
const BUSY_LIMIT_MS = 5000;

export interface OpenState {
  readonly busyLimitMs?: number;
  /** It must be there: a server that has lost its state is not to begin anew in silence. */
  readonly mustExist?: boolean;
  /** Called before it is written; what it throws is thrown by the commit, and nothing is written. */
  readonly onCommitting?: (changes: readonly StateChange[]) => void;
  /** Awaited before a commit resolves; what it is given is durable, and cannot be taken back. */
  readonly onCommitted?: (changes: readonly StateChange[]) => Promise<void>;
}

/**
 * Opens the state of a server in `path`, and makes it where it is not there. A damaged one is left as
 * it is: it holds accounts and the audit log, which nothing brings back.
 *
 * @throws Fault HF_SERVER_STATE (unavailable)
 */
export async function openServerState(path: string, of: OpenState = {}): Promise<ServerState> {
  // Loaded when it is opened: other commands do not pay for a database.
  const [{ openSqliteDb }, { KyselyServerState }, { nodeHash }, { stateFault }] = await Promise.all(
    [
      import('./server-database.ts'),
      import('./server-state.ts'),
      import('../node/hash.ts'),
      import('./server-fault.ts'),
    ],
  );
  const busyLimitMs = of.busyLimitMs ?? BUSY_LIMIT_MS;
  try {
    if (of.mustExist !== true) makePrivate(path);
    const db = await openSqliteDb(path, busyLimitMs);
    const { onCommitted = () => Promise.resolve(), onCommitting = () => undefined } = of;
    const parts = { db, path, hash: nodeHash(), begin: 'begin immediate', busyLimitMs };
    return new KyselyServerState({ ...parts, onCommitting, onCommitted });
  } catch (error) {
    throw stateFault(path, error);
  }
}

/** Hashes of passwords stand in it; SQLite gives its other files the rights of this one. */
function makePrivate(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  else chmodSync(path, 0o600);
}
