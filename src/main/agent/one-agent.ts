/** Two agents of one key would each make the other's words a replay: one runs from a directory. */
import fs from 'node:fs';
import path from 'node:path';
import { EAGAIN, lockWhole } from '../../adapters/node/syscalls-lock.ts';
import { Fault } from '../../base/fault.ts';

const FILE = 'agent.lock';

/**
 * Held until it is closed or the process ends, however it ends. It lies in the directory, which is the
 * agent's alone: a name that anybody can take would let anybody of this host keep its agent away.
 *
 * @throws Fault HF_AGENT_RUNS
 */
export function beTheOnlyAgent(dir: string): { close(): void } {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = fs.constants;
  const fd = fs.openSync(path.join(dir, FILE), O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  const locked = lockWhole(fd);
  // Where there is no such call, nothing is known, and who watches goes on.
  if (locked.ok || locked.error.code !== EAGAIN) return { close: () => fs.closeSync(fd) };
  fs.closeSync(fd);
  throw new Fault('HF_AGENT_RUNS', `an agent runs from ${dir} already`, { dir });
}
