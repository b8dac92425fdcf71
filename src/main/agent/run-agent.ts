/** The agent of this host, put together: docs/design/026-agents.md. Few packages are reached from here. */
import { AGENT_CONFIG, readAgentConfig } from '../../adapters/agent-config/agent-config-file.ts';
import { ACT_SOCKET } from '../../adapters/agent-jobs/act-socket.ts';
import { ChildJobs } from '../../adapters/agent-jobs/child-jobs.ts';
import { ShowChild } from '../../adapters/agent-jobs/show-child.ts';
import { readEnrolment } from '../../adapters/agent-link/enrolment.ts';
import { KeptGeneration } from '../../adapters/agent-link/kept-generation.ts';
import { HttpsFilesLink } from '../../adapters/agent-link/files-link.ts';
import { HttpsLink } from '../../adapters/agent-link/https-link.ts';
import { listenForPeers, type MeshListener } from '../../adapters/agent-mesh/mesh-listener.ts';
import { type MeshHere, peerRefusal } from '../../adapters/agent-mesh/peer-limits.ts';
import { reachProbe } from '../../adapters/agent-mesh/reach-probe.ts';
import { DiskSpool } from '../../adapters/agent-spool/disk-spool.ts';
import { LastLines } from '../../adapters/last-lines/kernel-lines.ts';
import { FileHeardBook } from '../../adapters/agent-spool/heard-book.ts';
import { openNumbers } from '../../adapters/agent-spool/numbers.ts';
import { nodeAgentClock } from '../../adapters/node/agent-clock.ts';
import { nodeClock } from '../../adapters/node/clock.ts';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { systemdNotice } from '../../adapters/node/sd-notify.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { PingReceiver } from '../../adapters/probes/ping-receiver.ts';
import { probesHere } from '../../adapters/probes/probes-here.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { sayText } from '../../base/say-name.ts';
import { agentFreezer } from '../guard/agent-freezer.ts';
import type { AgentParts } from '../../watch/shell/agent/agent-ports.ts';
import { Canary } from '../../watch/shell/agent/canary.ts';
import { AgentLoop } from '../../watch/shell/agent/agent-loop.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import type { ShowParts } from '../../watch/shell/agent/show-ports.ts';
import type { AgentConfig } from '../../wire/agent/agent-config.ts';
import { VERSION } from '../version.ts';
import { copyProbes } from './copy-probes.ts';
import { agentDirectory, guardState, holdfastCommand, STATE_OF_ROOT } from './agent-places.ts';
import { filesAllowed, filesParts, restoreOf } from './files-allowed.ts';
import { beTheOnlyAgent } from './one-agent.ts';
import { planStamp } from './plan-stamp.ts';
import { byServer, StoredClaims } from './stored-claims.ts';

export interface AgentOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** agent.yaml; else that of /etc/holdfast. */
  readonly config?: string | undefined;
  /** The state directory. */
  readonly state?: string | undefined;
  readonly say: (line: string) => void;
  /** Where the server listens now; else where it did when this host was enrolled. Its key is the same. */
  readonly at?: { readonly host: string; readonly port: number } | undefined;
  /** With what is looked at for the server; else as its jobs are begun. */
  readonly showEnv?: Readonly<Record<string, string>> | undefined;
}

/**
 * Until `signal` is aborted.
 *
 * @throws Fault HF_AGENT_NOT_ENROLLED, HF_AGENT_RUNS
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const dir = agentDirectory(options.env, options.state);
  const { place: enrolled, identity, host } = readEnrolment(dir);
  const place = { ...enrolled, ...options.at };
  const only = beTheOnlyAgent(dir);
  const file = options.config ?? AGENT_CONFIG;
  const { config, trouble } = readAgentConfig(file);
  const level = config.level ?? 'look';
  if (trouble !== undefined) options.say(trouble);
  const link = new HttpsLink(identity, place, generationIn(dir, place.pin));
  const its = readingEnvironment(options, dir, config);
  const files = filesAllowed(options, { file, config, isTrusted: trouble === undefined, its });
  const filesLink = new HttpsFilesLink(link, identity.agent);
  const mesh = await openMesh(config, options.say);
  const notice = systemdNotice(options.env);
  const jobs = new ChildJobs(
    { ...config, ...(files === undefined ? {} : { files: files.files }) },
    {
      ...{ command: holdfastCommand(), env: jobEnvironment(options.env, dir) },
      readingEnv: its,
      restoreOf:
        files && ((job, signal) => restoreOf({ link: filesLink, allowed: files, job }, signal)),
      // Root may do by itself what it is asked for.
      actSocket: process.getuid?.() === 0 ? undefined : ACT_SOCKET,
    },
  );
  const own = partsOf(config, { dir, jobs, state: its.HOLDFAST_STATE ?? '' });
  const lines = new LastLines();
  const pings = new PingReceiver({ probes: config.probes ?? {}, port: config.pings?.port });
  await pings.listen();
  const parts: AgentParts = {
    ...{ alive: notice.alive, lines: [lines] },
    ...{
      ...own,
      link,
      probes: [new Canary(), configProbe(file), ...own.probes, ...pings.probes()],
    },
    files: files && filesParts(files, its, filesLink),
    shows: config.show === false ? undefined : { link, ...showSources(its) },
    reachFor: config.mesh === undefined ? undefined : reachFor(config.mesh),
  };
  const facts = { agent: identity.agent, level, version: VERSION };
  const where = `${place.host}:${place.port}`;
  const count = parts.probes.length + (parts.discover?.() ?? []).length;
  options.say(`${sayText(host)}: an agent at level ${level}, with ${count} probes, for ${where}.`);
  notice.ready();
  try {
    await Promise.all([
      new AgentLoop(parts, facts).run(signal),
      // What an agent that was killed left half restored is another host's data.
      jobs.removeLeftovers(signal),
    ]);
  } finally {
    link.close();
    lines.close();
    pings.close();
    only.close();
    await mesh?.close();
  }
}

function generationIn(dir: string, pin: string): KeptGeneration {
  return new KeptGeneration({ disk: nodeDisk(), tools: nodeTools() }, { dir: bytes(dir), pin });
}

function partsOf(
  config: AgentConfig,
  {
    dir,
    jobs,
    state: its,
  }: { readonly dir: string; readonly jobs: ChildJobs; readonly state: string },
): Omit<AgentParts, 'link' | 'reachFor'> {
  const ports = { disk: nodeDisk(), tools: nodeTools() };
  const state = bytes(dir);
  const clock = nodeAgentClock();
  const numbers = openNumbers(ports, state, clock.now());
  const clockOfGuard = nodeClock();
  // Without rights it cannot write what is root's; what stands in its own counts there as well.
  const guardDir = process.getuid?.() === 0 ? bytes(guardState(dir)) : state;
  const freezer = agentFreezer({
    ...{ ports, stateDir: guardDir },
    clock: clockOfGuard,
    ...{ stoppers: config.stoppers ?? {}, freeze: config.freeze },
  });
  return {
    ...{ clock, random: ports.tools.random, numbers },
    spool: new DiskSpool({ ...ports, numbers }, state, config.spool),
    heard: new FileHeardBook(ports, state),
    jobs,
    freezer: {
      isFrozen: () => freezer.isFrozen(),
      // No server passes for a person of this host by the name that it gives.
      freeze: (word) => freezer.freeze({ ...word, by: byServer(word.by) }),
      standing: () => freezer.standing(),
      resume: () => freezer.resume(),
      unfreeze: (word) => freezer.unfreeze(word),
    },
    probes: freezer.probes,
    discover: () => [
      ...probesHere({ probes: config.probes ?? {}, without: config.without ?? [] }),
      ...copyProbes(bytes(its)).filter(({ item }) => config.without?.includes(item) !== true),
    ],
    claims: new StoredClaims({ ...ports, stateDir: guardDir }, clockOfGuard),
  };
}

/** With what the vault of this host is read, and nothing else of ours. */
function readingEnvironment(
  { env, showEnv }: AgentOptions,
  dir: string,
  config: AgentConfig,
): Readonly<Record<string, string>> {
  const file: Record<string, string> =
    config.config === undefined ? {} : { HOLDFAST_CONFIG: config.config };
  return showEnv ?? { ...jobEnvironment(env, dir), ...file };
}

function showSources(its: Readonly<Record<string, string>>): Pick<ShowParts, 'source' | 'plans'> {
  const { HOLDFAST_STATE: state = '', HOLDFAST_CONFIG: yaml } = its;
  const clock = nodeAgentClock();
  const source = new ShowChild({
    ...{ command: holdfastCommand(), env: its, upMs: () => clock.upMs() },
    hints: [`${state}/state.db`, `${state}/state.db-wal`, ...(yaml === undefined ? [] : [yaml])],
  });
  const states = [...new Set([state, STATE_OF_ROOT])];
  const hint = (): string => states.map((each) => planStamp(each, clock.now())).join('\n');
  return { source, plans: source.plans(hint) };
}

/** Says whether agent.yaml is followed, as it stands now: what was changed counts from the next start. */
function configProbe(file: string): Probe {
  return {
    ...{ item: 'agent:config', kind: 'agent', everyMs: 60_000, timeoutMs: 5000 },
    look: () => {
      const { config, trouble } = readAgentConfig(file);
      if (trouble !== undefined)
        return Promise.resolve({ saw: 'broken', why: trouble, detail: {} });
      const jobs = Object.keys(config.jobs ?? {}).length;
      const level = config.level ?? 'look';
      return Promise.resolve({ saw: 'healthy', why: `level ${level}`, detail: { level, jobs } });
    },
  };
}

function reachFor(mesh: MeshHere): AgentParts['reachFor'] {
  const refusal = peerRefusal(mesh);
  return (peer) => reachProbe(peer, refusal);
}

async function openMesh(
  { mesh }: AgentConfig,
  say: (line: string) => void,
): Promise<MeshListener | undefined> {
  if (mesh === undefined) return undefined;
  try {
    return await listenForPeers(mesh);
  } catch (error) {
    // Watching goes on; others say that this host refuses them.
    say(
      `Nothing can listen for peers on port ${mesh.port}: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}

/** What a job needs of ours, and nothing else: no word of systemd's, no secret of somebody's. */
function jobEnvironment(env: AgentOptions['env'], dir: string): Readonly<Record<string, string>> {
  const passed = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'NODE_COMPILE_CACHE', 'HOLDFAST_SHIPPED'];
  const kept = passed.flatMap((name): [string, string][] => {
    const value = env[name];
    return value === undefined ? [] : [[name, value]];
  });
  // Root's jobs share the state of this host; an agent without rights has one of its own.
  const state = process.getuid?.() === 0 ? guardState(dir) : `${dir}/work`;
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOLDFAST_STATE: state,
    ...Object.fromEntries(kept),
  };
}

function bytes(text: string): ByteString {
  return byteString(Buffer.from(text, 'utf8').toString('latin1'));
}
