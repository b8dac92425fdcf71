/** A peer outside the estate: looks at a server, and tells people itself when that one is silent. */
import path from 'node:path';
import { lookAtServer } from '../../adapters/agent-link/look-at-server.ts';
import { parseServerAddress } from '../../adapters/agent-link/enrolment.ts';
import { nodeCipher } from '../../adapters/node/cipher.ts';
import { nodeRandom } from '../../adapters/node/random.ts';
import { openServerState, type ServerState } from '../../adapters/sqlite/open-server-state.ts';
import { Fault } from '../../base/fault.ts';
import { durationMs, unixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Subject } from '../../tell/core/alert.ts';
import { ServerWatch } from '../../watch/core/peer/judge-server.ts';
import type { PeerConfig } from '../../wire/peer-config.ts';
import type { TellConfig } from '../../wire/tell-config.ts';
import { openTelling, type Telling, wait } from '../tell/telling.ts';
import { says } from './says.ts';

export interface PeerParts {
  readonly peer: PeerConfig;
  readonly tell: TellConfig;
  /** Where relative names of files begin. */
  readonly configDirectory: string;
  /** It is there; nobody else may read it. */
  readonly stateDirectory: string;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  /** What nobody declared: the process is to end, and be started anew. */
  readonly onBug: (error: unknown) => void;
  readonly everyMs?: number;
}

export interface RunningPeer {
  close(): Promise<void>;
}

const EVERY_MS = 20_000;
/** What does not answer may be back at once; who watches from outside waits less than others. */
const UNKNOWN_MS = 2 * 60_000;
const STATE_NAME = 'peer.db';
const ROWS_LOOKED_AT = 200;

/** @throws Fault HF_SERVER_STATE, HF_TELL_SECRET */
export async function startPeer(parts: PeerParts): Promise<RunningPeer> {
  const { stateDirectory, configDirectory, clock, log, onBug } = parts;
  const state = await openServerState(path.join(stateDirectory, STATE_NAME));
  const { url: _, delay, ...rest } = parts.tell;
  const telling = openTelling({
    // No link leads to a peer: it has no page.
    config: { ...rest, delay: { unknown: UNKNOWN_MS, ...delay } },
    ...{ configDirectory, stateDirectory, store: state, clock, log },
    ...{ random: nodeRandom(), cipher: nodeCipher() },
  });
  const stop = new AbortController();
  const { signal } = stop;
  const ended = Promise.all([
    watchOn(parts, { state, telling, signal }).catch(onBug),
    telling.sender.run(signal).catch(onBug),
  ]);
  return {
    async close() {
      stop.abort();
      await ended;
      await state.close();
    },
  };
}

interface Watching {
  readonly state: ServerState;
  readonly telling: Telling;
  readonly signal: AbortSignal;
}

async function watchOn(parts: PeerParts, { state, telling, signal }: Watching): Promise<void> {
  const { peer, clock, log, everyMs = EVERY_MS } = parts;
  const place = parseServerAddress(peer.watches);
  const subject = `server:${place.host}:${place.port}`;
  const watch = new ServerWatch();
  let isAlone = false;
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    const look = await lookAtServer(place, signal);
    // A look that was ended says nothing of the server.
    if (isOver()) return;
    const { mark, why, since } = watch.note(look, clock.now());
    const now: Subject = { subject, mark, why, since: unixMs(since), restsOn: [] };
    try {
      if (!isAlone) await endOthers(subject, { state, telling });
      isAlone = true;
      await tellOf([now], { state, telling });
      const isTelling = await isTaken(telling, state);
      if (mark === 'ok' && peer.says !== undefined) await says(peer.says, isTelling, log);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log(`${error.code}: ${error.message}`);
    }
    await wait(durationMs(everyMs), signal);
  }
}

/** What people were told of another server before the configuration of this peer was changed. */
async function endOthers(
  subject: string,
  { state, telling }: Pick<Watching, 'state' | 'telling'>,
): Promise<void> {
  const others = (await state.openAlerts()).filter(
    (alert) => alert.subject.startsWith('server:') && alert.subject !== subject,
  );
  const why = `This peer watches ${subject.slice('server:'.length)} now`;
  const ends = others.flatMap((alert) => telling.endUnwatched(alert, why));
  if (ends.length > 0) await state.commit(ends);
}

async function tellOf(
  subjects: readonly Subject[],
  { state, telling }: Pick<Watching, 'state' | 'telling'>,
): Promise<void> {
  const changes = await telling.changes(subjects);
  if (changes.length > 0) await state.commit(changes);
}

/** Whether its own channels took what they were given last: else it watches and can tell nobody. */
async function isTaken({ policy }: Telling, state: ServerState): Promise<boolean> {
  const tried = (await state.rows(ROWS_LOOKED_AT)).filter(({ attempts }) => attempts > 0);
  return policy.channels.every(({ name }) => {
    const last = tried.find(({ channel }) => channel === name);
    return last === undefined || last.state === 'sent' || last.receipt === undefined;
  });
}
