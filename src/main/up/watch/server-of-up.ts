/** The server as `up` runs it: where it listens, whom it lets in, and how everything stands. */
import path from 'node:path';
import { isEnrolled, readEnrolment } from '../../../adapters/agent-link/enrolment.ts';
import { type ListenAt, sayAddress } from '../../../adapters/http/https-server.ts';
import { nodeClock } from '../../../adapters/node/clock.ts';
import { takeStateLock } from '../../../adapters/sqlite/state-lock.ts';
import { Fault } from '../../../base/fault.ts';
import { seconds } from '../../../base/units.ts';
import type { Config } from '../../../wire/config.ts';
import { hostName } from '../../../wire/api/parts.ts';
import { isWorse, type StandingMark } from '../../../watch/core/standing/standing.ts';
import { enrolmentLine, signInLink } from '../../server/lines.ts';
import { estateOf } from '../../server/served.ts';
import { type RunningServer, startServer } from '../../server/server.ts';
import { settleAlone } from '../../server/own-state.ts';
import { noteListens } from '../../server/listens-file.ts';
import { LOCK_NAME } from '../../server/server-names.ts';
import { listenAtOf, PORT, urlOf } from '../../server/server-place.ts';
import type { Ports, ServerBegin, ServerSays, WatchNow, Worst } from './watch-messages.ts';

const PAGE_PORT = 7440;
/** So many next ports are tried before any will do. */
const NEXT = 9;
const SAY_EVERY = seconds(2);
const BY = { who: 'up', from: 'terminal' };
/** Whoever comes by the link may read, and nothing else. */
const READER = 'up';
const HERE = '127.0.0.1';

interface ToUp {
  readonly say: (says: ServerSays) => void;
  /** Memory and disk may differ: the process ends, and `up` starts it anew. */
  readonly fail: (error: unknown) => void;
}

type Say = ToUp['say'];

export class ServerOfUp {
  readonly #server: RunningServer;
  readonly #host: string;
  readonly #say: Say;
  readonly #release: () => void;
  readonly #timer: NodeJS.Timeout;

  private constructor(of: {
    readonly server: RunningServer;
    readonly host: string;
    readonly say: Say;
    readonly release: () => void;
  }) {
    this.#server = of.server;
    // As the API has names of hosts.
    this.#host = hostName.safeParse(of.host).success ? of.host : 'localhost';
    this.#say = of.say;
    this.#release = of.release;
    this.#timer = setInterval(() => this.#sayNow(), SAY_EVERY);
  }

  /** @throws Fault HF_SERVER_RUNNING, HF_CONFIG_INVALID, and what `startServer` throws */
  static async start(begin: ServerBegin, toUp: ToUp): Promise<ServerOfUp> {
    const { say } = toUp;
    const lock = takeStateLock(`${begin.directory}/${LOCK_NAME}`);
    if (!('release' in lock)) {
      const { heldBy } = lock;
      const who = typeof heldBy === 'number' ? `process ${heldBy}` : heldBy;
      throw new Fault(
        'HF_SERVER_RUNNING',
        `a server, ${who}, works with the state in ${begin.directory}`,
      );
    }
    try {
      await settleAlone(begin.directory, READER);
      const server = await started(begin, toUp);
      const up = new ServerOfUp({ server, host: begin.host, say, release: () => lock.release() });
      const { at, page, url } = server;
      const ports = { host: at.host, port: at.port, page: page?.port ?? 0 };
      noteListens(begin.directory, { url, page: `http://${HERE}:${ports.page}` });
      say({ kind: 'listens', url, ports });
      return up;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** The last of them is nobody else's: there an enrolment that is not ours any more is replaced. */
  async giveAgent(directories: readonly string[]): Promise<void> {
    const found = directories.map((directory) => ({ directory, is: this.#agentIn(directory) }));
    const free = found.find(({ is }) => is !== 'of-another') ?? found.at(-1);
    if (free === undefined) return;
    const { directory, is } = free;
    const line = is === 'known' ? undefined : await this.#line();
    this.#say({ kind: 'agent', directory, line });
  }

  async giveLink(): Promise<void> {
    const { access } = this.#server.served;
    const reader = (await access.users()).find(({ name }) => name === READER);
    const of = { name: READER, role: 'viewer' } as const;
    if (reader === undefined) await access.makeUser(BY, of);
    else if (reader.role !== 'viewer' || reader.isDisabled) {
      await access.changeUser(BY, { ...of, isDisabled: false });
    }
    const { secret } = await access.makeLink(BY, READER);
    const port = this.#server.page?.port ?? 0;
    this.#say({ kind: 'link', link: signInLink(`http://${HERE}:${port}`, secret) });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#server.close();
    this.#release();
  }

  #agentIn(directory: string): 'none' | 'known' | 'unknown' | 'of-another' {
    if (!isEnrolled(directory)) return 'none';
    try {
      const { place, identity } = readEnrolment(directory);
      const pin = Buffer.from(place.pin, 'hex').toString('base64url');
      if (pin !== this.#server.pin) return 'of-another';
      const agent = this.#server.served.core.agent(identity.agent);
      return agent === undefined || agent.isRevoked ? 'unknown' : 'known';
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // It cannot be read: whose it was is not known, and it may be somebody's.
      return 'of-another';
    }
  }

  async #line(): Promise<string> {
    const { at, pin, served } = this.#server;
    const { secret } = await served.access.makeEnrolment(BY, this.#host);
    return enrolmentLine({ url: urlOf(reachedAt(at)) ?? '', pin, secret });
  }

  #sayNow(): void {
    this.#say({ kind: 'now', now: nowOf(this.#server, this.#host) });
  }
}

/** One that listens everywhere listens here too. */
function reachedAt({ host, port }: ListenAt): ListenAt {
  const isAnywhere = host === '0.0.0.0' || host === '::';
  return { host: isAnywhere ? HERE : host, port };
}

async function started(begin: ServerBegin, { say, fail }: ToUp): Promise<RunningServer> {
  const config = await configOf(begin.configFile);
  const { listen: given, url } = config.server ?? {};
  const places = placesFor(given, begin.ports);
  for (;;) {
    const place = places.shift();
    if (place === undefined) throw new Error('a last place is always tried');
    try {
      return await startServer({
        ...{ stateDirectory: begin.directory, config, configFile: begin.configFile },
        looksIn: path.dirname(begin.directory),
        url: url ?? urlOf(place.listen),
        ...{ listen: place.listen, page: { host: HERE, port: place.page }, clock: nodeClock() },
        log: (line) => say({ kind: 'log', line }),
        onBug: fail,
      });
    } catch (error) {
      const isTaken = error instanceof Fault && error.code === 'HF_SERVER_LISTEN';
      const isNamed =
        given !== undefined && isTaken && error.facts.address === sayAddress(place.listen);
      if (!isTaken || isNamed || places.length === 0) throw error;
    }
  }
}

/** In the order in which they are tried; the last has any port that was not named. */
function placesFor(
  given: string | undefined,
  had: Ports | undefined,
): { readonly listen: ListenAt; readonly page: number }[] {
  const named = given === undefined ? undefined : listenAtOf(given);
  const nth = (at: number): ListenAt => named ?? { host: HERE, port: PORT + at };
  const before = had === undefined ? [] : [{ listen: { ...had }, page: had.page }];
  const next = Array.from({ length: NEXT }, (_, at) => ({ listen: nth(at), page: PAGE_PORT + at }));
  return [...before, ...next, { listen: named ?? { host: HERE, port: 0 }, page: 0 }];
}

async function configOf(file: string | undefined): Promise<Config> {
  if (file === undefined) return {};
  const { readConfig } = await import('../../../adapters/config/config-file.ts');
  return readConfig(file);
}

function nowOf({ served }: RunningServer, host: string): WatchNow {
  const { standing, watching, hosts, orphans } = estateOf(served);
  const rows = hosts.flatMap((each): (Worst & { readonly ageMs: number | undefined })[] => [
    { host: each.host, item: '', ...each.own, ageMs: each.saidAgoMs },
    ...each.items.map(({ item, standing: its, ageMs }) => {
      return { host: each.host, item, ...its, ageMs };
    }),
  ]);
  for (const { subject, standing: its } of orphans) {
    rows.push({ host: '', item: subject.replace(/^host:/, ''), ...its, ageMs: undefined });
  }
  const counts: Record<StandingMark, number> = { ok: 0, degraded: 0, unknown: 0, failed: 0 };
  for (const { mark } of rows) counts[mark] += 1;
  const [worst] = rows
    .filter(({ mark }) => mark !== 'ok')
    .sort((a, b) => (a.mark === b.mark ? 0 : isWorse(a.mark, b.mark) ? -1 : 1));
  const here = hosts.find((each) => each.host === host);
  const { mark, why } = watching.standing;
  return {
    ...{ mark: standing.mark, why: standing.why, counts, hosts: hosts.length },
    worst: worst && { host: worst.host, item: worst.item, mark: worst.mark, why: worst.why },
    watching: { mark, why },
    here: here && { level: here.level, silentMs: here.saidAgoMs },
    oldestMs: Math.max(0, ...rows.map(({ ageMs }) => ageMs ?? 0)),
  };
}
