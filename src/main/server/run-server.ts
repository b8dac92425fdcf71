/** `holdfast server`: until it is told to stop. */
import { type StateLock, takeStateLock } from '../../adapters/sqlite/state-lock.ts';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayMessage } from '../../base/say-name.ts';
import { layoutRows } from '../../base/say-rows.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { textOfBytes } from '../cli/places.ts';
import { noteListens } from './listens-file.ts';
import type { RunningServer } from './server.ts';
import { KEY_NAME, LOCK_NAME, REGISTER_NAME } from './server-names.ts';
import { serverPlace } from './server-place.ts';
import { stopOf } from './stop-of.ts';

export async function runServer(cli: Cli, options: { readonly config?: string }): Promise<Answer> {
  const place = await serverPlace(cli, options);
  const { directory, listen, url, settings } = place;
  const lock = lockState(directory);
  try {
    const { startServer } = await import('./server.ts');
    const stopped = stopOf(cli);
    const log = (line: string): void => cli.terminal.err(`${sayMessage(line)}\n`);
    const bugs: unknown[] = [];
    const server = await startServer({
      ...{ stateDirectory: directory, listen, url, clock: cli.clock, log },
      ...{ config: settings.config, configFile: settings.configFile },
      looksIn: textOfBytes(settings.state.value),
      onBug: (error) => {
        bugs.push(error);
        stopped.stop();
      },
    });
    noteListens(directory, { url: server.url });
    const hasUsers = (await server.served.access.users()).length > 0;
    cli.terminal.err(
      `${beginWords(cli.terminal.errorStyle, { server, hasUsers, directory }).join('\n')}\n`,
    );
    await stopped.promise;
    await server.close();
    // Whoever watches this process starts it anew, from what is durable.
    if (bugs.length > 0) throw bugs[0];
    const json = { url: server.url, pin: server.pin };
    return { code: EXIT.done, say: () => ['Stopped. What was acknowledged is kept.'], json };
  } finally {
    lock.release();
  }
}

/** @throws Fault HF_SERVER_RUNNING */
export function lockState(directory: string): StateLock {
  const lock = takeStateLock(`${directory}/${LOCK_NAME}`);
  if ('release' in lock) return lock;
  const { heldBy } = lock;
  const who = typeof heldBy === 'number' ? `process ${heldBy}` : heldBy;
  throw new Fault('HF_SERVER_RUNNING', `a server, ${who}, works with the state in ${directory}`);
}

function beginWords(
  style: Style,
  of: {
    readonly server: RunningServer;
    readonly hasUsers: boolean;
    readonly directory: string;
  },
): readonly string[] {
  const { server, hasUsers, directory } = of;
  const row = (label: string, text: string) => ({ mark: undefined, label, text });
  const rows = [
    row('address', server.url),
    row('pin', server.pin),
    row('a host', 'holdfast server token HOST; its line goes to `holdfast agent enroll` there'),
    row(
      'a person',
      hasUsers
        ? 'holdfast server user add NAME'
        : 'nobody may ask yet: holdfast server user add NAME --role admin',
    ),
  ];
  if (!hasUsers) {
    rows.push(
      row(
        'keep',
        `a copy of ${KEY_NAME} and ${REGISTER_NAME} in ${directory}: without them each host is enrolled anew`,
      ),
    );
  }
  const peers = server.served.config.server?.peers ?? [];
  const alone =
    peers.length > 0
      ? []
      : ['Nobody outside watches this server (`server: {peers: [HOST]}`): it says so itself.'];
  return ['Holdfast listens.', ...layoutRows(style, rows), ...alone];
}
