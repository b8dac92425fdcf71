/** A server, composed: state, core, what is told to people, and one listener. */
import path from 'node:path';
import { Access } from '../../access/shell/access.ts';
import { agentIdOf } from '../../adapters/http/agent-signature.ts';
import { type AgentRates, addAgentRoutes } from '../../adapters/http/agent-routes.ts';
import { addApiRoutes, type Bound } from '../../adapters/http/api-routes.ts';
import { EventHub } from '../../adapters/http/event-hub.ts';
import type { ApiRates } from '../../adapters/http/gate.ts';
import {
  type ListenAt,
  type ListenLimits,
  listen,
  makeApp,
  makeLoopbackApp,
  sayAddress,
} from '../../adapters/http/https-server.ts';
import { GenerationSeal } from '../../adapters/http/generation-seal.ts';
import { LOOPBACK_DOOR } from '../../adapters/http/door.ts';
import { nodeCipher } from '../../adapters/node/cipher.ts';
import { nodeHash } from '../../adapters/node/hash.ts';
import { nodePasswordHash } from '../../adapters/node/password-hash.ts';
import { nodeRandom } from '../../adapters/node/random.ts';
import { serverTime } from '../../adapters/node/server-time.ts';
import type { ServerState, StateChange } from '../../adapters/sqlite/open-server-state.ts';
import type { Clock } from '../../host/clock.ts';
import type { TellChange } from '../../tell/core/alert.ts';
import { heardWord } from '../../wire/agent/messages.ts';
import type { Route } from '../../wire/api/route.ts';
import { ROUTES } from '../../wire/api/routes.ts';
import type { Config } from '../../wire/config.ts';
import type { ServerChange, StoredWord } from '../../watch/core/server/changes.ts';
import { Scheduler } from '../../watch/core/server/scheduler.ts';
import { ServerCore } from '../../watch/core/server/server-core.ts';
import { randomId } from '../tell/random-id.ts';
import { openTelling } from '../tell/telling.ts';
import { KeptRegister } from './agent-register.ts';
import { Generations } from './generations.ts';
import { actAnswers } from './answers-act.ts';
import { adminAnswers } from './answers-admin.ts';
import { Drilling } from './drilling.ts';
import { EstateAtServer } from './estate-at-server.ts';
import { exposedNow, recoveryAt } from './exposed.ts';
import { exposureEvent } from './exposure-event.ts';
import { Exposing } from './exposing.ts';
import { ExposureHistory } from './exposure-history.ts';
import { exposureAnswers } from './answers-exposure.ts';
import { freezeAnswers } from './answers-freeze.ts';
import { historyAnswers } from './answers-history.ts';
import { FilesDesk } from './files-desk.ts';
import { filesAnswers, restoreOfJob } from './answers-files.ts';
import { filesPages } from './pages/answers-files-pages.ts';
import { openAnswers } from './answers-open.ts';
import { scheduleAnswers } from './answers-schedules.ts';
import { watchAnswers } from './answers-watch.ts';
import { drillAnswers } from './answers-drills.ts';
import { Desk } from './desk.ts';
import { formAnswers } from './pages/answers-forms.ts';
import { pageAnswers } from './pages/answers-pages.ts';
import { PagesCopy } from './pages-copy.ts';
import { planAnswers } from './answers-plans.ts';
import { Pulse } from './pulse.ts';
import { openOwnKey, openOwnState } from './own-state.ts';
import { runBudgetOf, schedulesOf } from './schedules-of.ts';
import { REGISTER_NAME } from './server-names.ts';
import type { Served } from './served.ts';
import { Sights } from './sights.ts';
import { ToldHeads } from './told-heads.ts';
import { takeRevocations } from './take-revocations.ts';
import { Writer } from './writer.ts';

export interface ServerParts {
  /** It is there; nobody else may read it. */
  readonly stateDirectory: string;
  readonly config: Config;
  readonly configFile: string | undefined;
  /** State directory of the Holdfast of this machine: looks over ssh, and what was opened. */
  readonly looksIn?: string | undefined;
  readonly listen: ListenAt;
  /** Also a page for browsers of this machine, without TLS: docs/design/032-up-watches.md. */
  readonly page?: ListenAt;
  /** As agents and browsers reach it; else the address it listens on. */
  readonly url: string | undefined;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  /** What nobody declared: the process is to end, and be started anew. */
  readonly onBug: (error: unknown) => void;
  readonly limits?: Partial<ListenLimits>;
  readonly agentRates?: Partial<AgentRates>;
  readonly apiRates?: Partial<ApiRates>;
  /** Told of each answer; tests compare it with its schema. */
  readonly onAnswer?: (route: Route, answer: unknown) => void;
  /** Told of each route there is, as `GET /healthz`. */
  readonly onRoute?: (route: string) => void;
}

export interface RunningServer {
  readonly at: ListenAt;
  readonly url: string;
  /** Base64url. */
  readonly pin: string;
  readonly served: Served;
  /** Where the page is; undefined: none was asked for. */
  readonly page: ListenAt | undefined;
  /** How many lines are open. */
  readonly connections: (said: (count: number) => void) => void;
  close(): Promise<void>;
}

/** Of the door that every program of this machine may come to: what a reader may read, and signing in. */
function isOfPage({ id, method, asker }: Route): boolean {
  if (method === 'GET' && asker === 'read') return true;
  return OPEN_OF_PAGE.has(id);
}

const OPEN_OF_PAGE: ReadonlySet<string> = new Set([
  ...[ROUTES.showSignIn.id, ROUTES.signIn.id, ROUTES.signInPage.id],
  ...[ROUTES.styleFile.id, ROUTES.scriptFile.id, ROUTES.openapi.id],
]);

/** @throws Fault HF_SERVER_KEY, HF_SERVER_STATE, HF_RECOVER_..., HF_SERVER_LISTEN, HF_TELL_SECRET */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const { stateDirectory, clock, onBug } = parts;
  const key = await openOwnKey(stateDirectory);
  // It is made from what the state holds: what is committed before that is in it anyway.
  const registers: KeptRegister[] = [];
  const followed: Generations[] = [];
  const state = await openOwnState(stateDirectory, {
    onCommitting: (changes) => {
      for (const register of registers) register.precede(changes);
    },
    onCommitted: async (changes) => {
      for (const register of registers) await register.follow(changes);
      for (const generations of followed) generations.follow(changes);
    },
  });
  const app = makeApp({ key, onBug, limits: parts.limits ?? {}, onRoute: parts.onRoute });
  const ofPage = parts.page === undefined ? undefined : makeLoopbackApp({ onBug });
  try {
    const pin = key.pin.toString('base64url');
    const { served, register } = await compose(parts, { state, pin });
    registers.push(register);
    const generations = await Generations.open({
      ...{ directory: stateDirectory, state, seal: new GenerationSeal(key), clock },
      random: nodeRandom(),
      // As one that is found older at its start: nobody gets in, and nothing is acknowledged.
      onOlder: onBug,
    });
    followed.push(generations);
    // Whoever was revoked while it was away is heard not once.
    await takeRevocations(served);
    addAgentRoutes(app, {
      ...{ desk: served.desk, files: served.files, generations, pin: key.pin, clock },
      rates: parts.agentRates ?? {},
    });
    const { onAnswer } = parts;
    addApiRoutes(app, boundOf(served), {
      ...{ gate: served.access, clock, rates: parts.apiRates ?? {}, onBug },
      ...(onAnswer === undefined ? {} : { onAnswer }),
    });
    if (ofPage !== undefined) {
      const shown = boundOf(served).filter(({ route }) => isOfPage(route));
      addApiRoutes(ofPage, shown, { gate: served.access, clock, door: LOOPBACK_DOOR, onBug });
    }
    const at = await listen(app, parts.listen);
    const page = ofPage && parts.page && (await listen(ofPage, parts.page));
    const url = parts.url ?? `https://${sayAddress(at)}`;
    served.address.url = url;
    const pulse = new Pulse(served, { generations, onBug, log: parts.log });
    pulse.start();
    const close = async (): Promise<void> => {
      served.desk.close();
      served.files.close();
      served.hub.close();
      await app.close();
      await ofPage?.close();
      await pulse.close();
      await served.writer.close();
      await register.write();
      await state.close();
    };
    const connections: RunningServer['connections'] = (said) => {
      app.server.getConnections((_error, count) => said(count));
    };
    return { at, url, pin, served, page, connections, close };
  } catch (error) {
    await app.close();
    await ofPage?.close();
    await state.close();
    throw error;
  }
}

/** Every handler there is; a test compares them with the routes. */
export function boundOf(served: Served): readonly Bound[] {
  return [
    ...openAnswers(served),
    ...watchAnswers(served),
    ...exposureAnswers(served),
    ...historyAnswers(served),
    ...actAnswers(served),
    ...scheduleAnswers(served),
    ...drillAnswers(served),
    ...freezeAnswers(served),
    ...adminAnswers(served),
    ...planAnswers(served),
    ...filesAnswers(served),
    ...filesPages(served),
    ...pageAnswers(served),
    ...formAnswers(served),
  ];
}

async function compose(
  parts: ServerParts,
  of: { readonly state: ServerState; readonly pin: string },
): Promise<{ readonly served: Served; readonly register: KeptRegister }> {
  const { clock, config, configFile, stateDirectory, onBug, log } = parts;
  const { state, pin } = of;
  const random = nodeRandom();
  const now = serverTime(clock);
  const [loaded, shown] = [await state.load(clock.now()), await state.shown()];
  const file = path.join(stateDirectory, REGISTER_NAME);
  const register = new KeptRegister({ file, pin, clock, log, state }, loaded.agents);
  await register.write();
  const schedules = schedulesOf(config);
  const words = loaded.words.flatMap(wordOf);
  const core = new ServerCore({ ...loaded, words, schedules, shown }, random, now());
  const access = new Access<ServerChange | TellChange>({
    ...{ store: state, passwords: nodePasswordHash(), random, hash: nodeHash(), clock },
  });
  const hub = new EventHub();
  // The writer tells the desk of words; the desk writes: each is made before either is used.
  const desks: Desk[] = [];
  const writer = new Writer({
    commit: (changes) => state.commit(changes),
    onSettled: (changes) => {
      for (const desk of desks) desk.wake(changes);
      publishJobs(hub, changes);
    },
    onBug,
  });
  const told = new ToldHeads(await state.toldHeads(), now());
  const sights = new Sights({ core, writer, state, now, hub, told });
  const drilling = new Drilling(config, await state.drills(), random);
  const estate = new EstateAtServer({
    ...{ sights, told, looksIn: parts.looksIn, config, configFile, drills: drilling.book, clock },
  });
  const desk = new Desk({
    ...{ core, writer, now },
    show: (message, frame) => sights.take(message, frame),
    spend: (by, follow) => access.enrol(by, follow),
    agentIdOf: (publicKey) => agentIdOf(Buffer.from(publicKey, 'base64')),
  });
  desks.push(desk);
  const telling = openTelling({
    ...{ config: config.tell ?? {}, stateDirectory, store: state, clock, random, log },
    configDirectory: configFile === undefined ? stateDirectory : path.dirname(configFile),
    cipher: nodeCipher(),
  });
  // What it writes is made of what it is asked about: each is made before either is used.
  const copies: PagesCopy[] = [];
  const exposing = exposingOf(estate, { hub, copies });
  const history = new ExposureHistory({
    exposure: () => exposing.at({ core, now, clock }),
    commit: (changes) => writer.alone(() => state.commit(changes)),
    ...{ store: state, now },
  });
  const served: Served = {
    ...{ scheduler: new Scheduler(runBudgetOf(config)), drilling },
    ...{ sights, told, clock, exposing, history, copies, files: filesDesk(core, clock) },
    ...{ core, writer, desk, state, access, telling, hub, now, config, configFile, pin },
    noted: { maintenances: loaded.maintenances, freezes: loaded.freezes, toldAtMs: now().atMs },
    // The address is filled as soon as it listens: a port of 0 is known only then.
    ...{ newId: () => randomId(random), address: { url: parts.url ?? '' } },
  };
  const pages = new PagesCopy({
    ...{ config: config.pages, stateDirectory, now },
    exposed: () => exposedNow(served),
    plan: (lost) => recoveryAt(served, lost),
  });
  copies.push(pages);
  return { served, register };
}

/** Jobs that were asked for, went on or ended: one event each, however often they are said. */
function publishJobs(hub: EventHub, changes: readonly StateChange[]): void {
  const jobs = changes.flatMap((change) => (change.do === 'job' ? [change.job.job] : []));
  for (const job of new Set(jobs)) hub.publish('job', { job });
}

function filesDesk(core: ServerCore, clock: Clock): FilesDesk {
  const random = nodeRandom();
  return new FilesDesk({
    ...{ newId: () => randomId(random), nowMs: () => clock.monotonic() },
    restoreOf: (agent, job) => restoreOfJob(core, agent, job),
  });
}

/** Whoever listens is told what is another; of what this server finds of itself it is asked each time. */
function exposingOf(
  estate: EstateAtServer,
  { hub, copies }: { readonly hub: EventHub; readonly copies: readonly PagesCopy[] },
): Exposing {
  return new Exposing(estate, {
    own: () => copies.flatMap((each) => each.findings()),
    onMade: (made, before) => {
      const event = exposureEvent(made, before);
      if (event !== undefined) hub.publish('exposure', event);
    },
  });
}

/** What an older Holdfast wrote and this one does not know is not said. */
function wordOf({ agent, body }: StoredWord) {
  const word = heardWord.safeParse(JSON.parse(body));
  return word.success ? [{ agent, word: word.data }] : [];
}
