/** `holdfast vault serve`, until it is told to stop. */
import { openServerKey } from '../../adapters/http/server-key.ts';
import { directoryIdAt } from '../../adapters/node/directory-id.ts';
import { machineIdHere } from '../../adapters/node/machine-id.ts';
import { startPeer } from '../../adapters/peer/peer-server.ts';
import { takeStateLock } from '../../adapters/sqlite/state-lock.ts';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayName } from '../../base/say-name.ts';
import { layoutRows } from '../../base/say-rows.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import type { ServeRunOptions } from '../cli/serve-options.ts';
import { EXIT } from '../cli/exit-code.ts';
import { textOfBytes } from '../cli/places.ts';
import { floorBytes, parseFloor } from '../cli/sizes.ts';
import { stopOf } from '../server/stop-of.ts';
import { VERSION } from '../version.ts';
import { parseAddress, parseBytes, type ServePlace, servePlace } from './serve-place.ts';

const COMMAND = 'vault serve';

export async function runServe(cli: Cli, options: ServeRunOptions): Promise<Answer> {
  const listen = parseAddress(options.listen, COMMAND);
  const { minFree, rate } = options;
  const floor = minFree === undefined ? undefined : parseFloor(minFree, COMMAND);
  const place = await servePlace(cli, options);
  const { home, ports, root } = place;
  const directory = textOfBytes(home.directory);
  const lock = takeStateLock(`${directory}/lock`);
  if (!('release' in lock)) {
    const message = `process ${lock.heldBy} serves ${sayName(root)} already`;
    throw new Fault('HF_SERVER_RUNNING', message);
  }
  try {
    const stopped = stopOf(cli);
    const bugs: unknown[] = [];
    const peer = await startPeer({
      ...{ home, ...ports, listen, software: VERSION, machine: machineIdHere() },
      directoryIdOf: directoryIdAt,
      key: await openServerKey(`${directory}/key.pem`),
      floorOf: (totalBytes) => floorBytes(floor, totalBytes),
      ...(rate === undefined ? {} : { limits: { bytesPerS: parseBytes(rate, COMMAND) } }),
      onBug: (error) => {
        bugs.push(error);
        stopped.stop();
      },
    });
    home.notePort(peer.port);
    const address = `${listen.host}:${peer.port}`;
    cli.terminal.err(`${begun(cli.terminal.errorStyle, place, address).join('\n')}\n`);
    await stopped.promise;
    await peer.close();
    // Whoever watches this process starts it anew, from what is durable.
    if (bugs.length > 0) throw bugs[0];
    return {
      code: EXIT.done,
      say: () => ['Stopped. What was acknowledged is kept.'],
      json: { address },
    };
  } finally {
    lock.release();
  }
}

function begun(style: Style, { home, root }: ServePlace, address: string): readonly string[] {
  const hosts = new Set(home.tokens().map(({ host }) => host)).size;
  const row = (label: string, text: string) => ({ mark: undefined, label, text });
  return [
    'Holdfast keeps vaults of other hosts.',
    ...layoutRows(style, [
      row('address', address),
      row('root', sayName(root, style)),
      row(
        'hosts',
        hosts === 0 ? 'none has a token yet: holdfast vault serve token HOST' : String(hosts),
      ),
    ]),
  ];
}
