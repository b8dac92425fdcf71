/** Two agents of one key would each make the other's words a replay: one runs from a directory. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import { errnoOf } from '../../adapters/node/errno.ts';
import { Fault } from '../../base/fault.ts';

/** Held until the process ends, however it ends. @throws Fault HF_AGENT_RUNS */
export async function beTheOnlyAgent(dir: string): Promise<net.Server> {
  const name = createHash('sha256').update(fs.realpathSync(dir)).digest('hex').slice(0, 32);
  const server = net.createServer((socket) => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(`\0holdfast-agent-${name}`, resolve);
    });
  } catch (cause) {
    if (errnoOf(cause) !== 'EADDRINUSE') throw cause;
    throw new Fault('HF_AGENT_RUNS', `an agent runs from ${dir} already`, { dir });
  }
  server.unref();
  return server;
}
