/** `holdfast server peer`: until it is told to stop. */
import path from 'node:path';
import { takeStateLock } from '../../adapters/sqlite/state-lock.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayMessage } from '../../base/say-name.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { textOfBytes } from '../cli/places.ts';
import { readSettings } from '../cli/settings.ts';
import { LOCK_NAME } from '../server/server-names.ts';
import { stopOf } from '../server/stop-of.ts';
import { nodePorts } from '../vault-session.ts';

export async function runPeer(cli: Cli, options: { readonly config?: string }): Promise<Answer> {
  const settings = await readSettings(cli, options);
  const { peer, tell = {} } = settings.config;
  const channels = Object.keys(tell.channels ?? {});
  if (peer === undefined || channels.length === 0) {
    const what = peer === undefined ? 'which server is watched' : 'who is told of it';
    throw new Fault('HF_PEER_CONFIG', `holdfast.yaml does not say ${what}`);
  }
  const { disk } = nodePorts();
  disk.makeDir(settings.state.value);
  const at = byteString(`${settings.state.value}/peer`);
  disk.makeDir(at);
  const stateDirectory = textOfBytes(at);
  const lock = takeStateLock(`${stateDirectory}/${LOCK_NAME}`);
  if (!('release' in lock)) {
    throw new Fault('HF_SERVER_RUNNING', `another peer works with the state in ${stateDirectory}`);
  }
  try {
    const { startPeer } = await import('./start-peer.ts');
    const stopped = stopOf(cli);
    const bugs: unknown[] = [];
    const running = await startPeer({
      ...{ peer, tell, stateDirectory, clock: cli.clock },
      configDirectory:
        settings.configFile === undefined ? stateDirectory : path.dirname(settings.configFile),
      log: (line) => cli.terminal.err(`${sayMessage(line)}\n`),
      onBug: (error) => {
        bugs.push(error);
        stopped.stop();
      },
    });
    const server = peer.watches.replace(/#.*$/, '');
    cli.terminal.err(`Watching ${server}; who is told: ${channels.join(', ')}.\n`);
    await stopped.promise;
    await running.close();
    if (bugs.length > 0) throw bugs[0];
    return { code: EXIT.done, say: () => ['Stopped. Nobody watches it from here.'], json: {} };
  } finally {
    lock.release();
  }
}
