/** One at a time changes what is known of trees: targets of one rollout may end at once. */
import { takeStateLock } from '../../adapters/sqlite/state-lock.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { textOfBytes } from '../cli/places.ts';
import { nodePorts } from '../vault-session.ts';

/** What is done under it takes milliseconds. */
const WAIT_MS_MAX = 10_000;
const STEP_MS = 20;

/** @throws Fault HF_TREE_BUSY where somebody has it for long; HF_DISK_..., HF_LEDGER_UNAVAILABLE */
export function withTreesLock<T>(state: ByteString, act: () => T): T {
  const guard = byteString(`${state}/guard`);
  nodePorts().disk.makeDir(guard);
  const path = textOfBytes(byteString(`${guard}/trees.lock`));
  const pause = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  for (let waitedMs = 0; ; waitedMs += STEP_MS) {
    const lock = takeStateLock(path);
    if ('release' in lock) {
      try {
        return act();
      } finally {
        lock.release();
      }
    }
    if (waitedMs >= WAIT_MS_MAX) {
      const facts = { holder: String(lock.heldBy) };
      throw new Fault('HF_TREE_BUSY', 'the registry of trees is in use by another process', facts);
    }
    Atomics.wait(pause, 0, 0, STEP_MS);
  }
}
