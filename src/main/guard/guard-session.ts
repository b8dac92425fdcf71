/** What every command of the door Guard works with. */
import { MOUNT_ANSWER_MAX, nodeMounts } from '../../adapters/node/mounts.ts';
import { nodeSource } from '../../adapters/node/source.ts';
import { nodeTreeWriter } from '../../adapters/node/tree-writer.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Actor } from '../../base/plan.ts';
import type { DurationMs, UnixMs } from '../../base/units.ts';
import type { GuardPolicy } from '../../guard/core/guard-policy.ts';
import type { TreeMounts } from '../../guard/shell/apply-request.ts';
import { PlanStore } from '../../guard/shell/plan-store.ts';
import type { Source } from '../../host/source.ts';
import type { TreeWriter } from '../../host/tree-writer.ts';
import type { Cli } from '../cli/cli.ts';
import type { Settings } from '../cli/settings.ts';
import { nodePorts } from '../vault-session.ts';
import type { Ports } from '../vault-line.ts';
import { actorHere } from './actor-here.ts';
import { type ClassOf, classesOf, keepOf, policyFor } from './guard-policy.ts';

export interface GuardPorts extends Ports {
  readonly source: Source;
  readonly tree: TreeWriter;
  readonly mounts?: TreeMounts;
}

export interface GuardSession {
  readonly ports: GuardPorts;
  readonly settings: Settings;
  /** The state directory: books and stores of guard begin there. */
  readonly stateDir: ByteString;
  /** `guard/` in it: what `ApplyRequest` wants. */
  readonly guardDir: ByteString;
  readonly store: PlanStore;
  /** Who does it, for plans, claims and histories. */
  readonly actor: Actor;
  /**
   * What a run of this pipeline is judged by.
   *
   * @throws Fault HF_CONFIG_INVALID where a rule of the team cannot be read
   */
  readonly policyFor: (pipeline: string) => GuardPolicy;
  readonly classOf: ClassOf;
  /** How long what was taken away can be put back. */
  readonly keepMs: DurationMs;
  now(): UnixMs;
}

/** A rule of the team that cannot be read is said by who judges: freezing must work without it. */
export async function openGuard(cli: Cli, settings: Settings): Promise<GuardSession> {
  const mounts = nodeMounts({ answerMax: MOUNT_ANSWER_MAX });
  const ports = { ...nodePorts(), source: nodeSource(), tree: nodeTreeWriter(), mounts };
  const stateDir = settings.state.value;
  const config = settings.config.guard ?? {};
  const own = await settled(teamRules(settings));
  return {
    ports,
    settings,
    stateDir,
    guardDir: byteString(`${stateDir}/guard`),
    store: new PlanStore({ disk: ports.disk, tools: ports.tools, stateDir }),
    actor: actorOf(cli),
    policyFor: (pipeline) => policyFor(config, own(), { pipeline, now: cli.clock.now() }),
    classOf: classesOf(config),
    keepMs: keepOf(config),
    now: () => cli.clock.now(),
  };
}

/** What came of it, to be thrown only where it is wanted. */
async function settled<T>(work: Promise<T>): Promise<() => T> {
  try {
    const value = await work;
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/**
 * The language of rules is loaded by whoever has some, and by nobody else.
 *
 * @throws Fault HF_CONFIG_INVALID
 */
export async function teamRules({ config, configFile }: Settings): Promise<GuardPolicy['own']> {
  const rules = config.guard?.rules ?? [];
  if (rules.length === 0) return [];
  const { celRules } = await import('../../adapters/cel/cel-rules.ts');
  return celRules(rules, configFile ?? 'holdfast.yaml');
}

/**
 * Who sits there, or what runs. An agent says so by HOLDFAST_ACTOR; without a terminal nobody is
 * there to have looked.
 */
function actorOf(cli: Cli): Actor {
  const said = cli.env.HOLDFAST_ACTOR;
  const kind =
    said === 'agent' || said === 'service' ? said : cli.terminal.canAsk ? 'human' : 'service';
  return { name: actorHere(), kind };
}
