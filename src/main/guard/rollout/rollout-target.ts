/** One target of a rollout, from `before` to `after`. */
import { runHook, whyHookFailed } from '../../../adapters/hooks/run-hook.ts';
import { sayText } from '../../../base/say-name.ts';
import type { DurationMs } from '../../../base/units.ts';

/** What became of one target. */
export interface TargetEnd {
  /** `held`: not all was done, and what is there serves as before; `failed`: it stopped in the middle. */
  readonly outcome: 'done' | 'held' | 'failed';
  /** One line for people. */
  readonly sentence: string;
  readonly json: object;
}

export interface RolloutTarget {
  /** As it was typed. */
  readonly name: string;
  /** Of HOLDFAST_HOST; `localhost` for this machine. */
  readonly host: string;
  /** Never asks. A Fault is for the caller to turn into `failed`. */
  readonly sync: (progress: (done: number, all: number) => void) => Promise<TargetEnd>;
}

export interface RolloutHooks {
  readonly before: readonly (readonly string[])[];
  readonly after: readonly (readonly string[])[];
  readonly health: readonly (readonly string[])[];
  readonly limit: DurationMs;
  /** Of a target that stopped in the middle: whether `after` is run all the same. */
  readonly afterFailure: 'run' | 'keep-out';
}

export type Phase =
  | 'waiting'
  | 'before'
  | 'syncing'
  | 'after'
  | 'done'
  | 'held'
  | 'failed'
  | 'not-begun';

export interface Reporter {
  readonly phase: (phase: Phase, pooled: boolean) => void;
  readonly progress: (done: number, all: number) => void;
}

/** `after` runs whenever `before` was begun; what it is not run for is said. */
export async function runTarget(
  target: RolloutTarget,
  of: { readonly hooks: RolloutHooks; readonly reporter: Reporter },
): Promise<TargetEnd> {
  const { hooks, reporter } = of;
  // What nothing puts back is not out of service either.
  const hasHooks = hooks.after.length > 0;
  reporter.phase('before', !hasHooks);
  const trouble = await runAll(hooks.before, hooks, envOf(target, undefined));
  const end =
    trouble === undefined
      ? await synced(target, reporter, hasHooks)
      : held(`before: ${trouble}; it was not touched`);
  return takenBack(target, end, { hooks, reporter });
}

async function synced(
  target: RolloutTarget,
  reporter: Reporter,
  hasHooks: boolean,
): Promise<TargetEnd> {
  reporter.phase('syncing', !hasHooks);
  return target.sync(reporter.progress);
}

async function takenBack(
  target: RolloutTarget,
  end: TargetEnd,
  { hooks, reporter }: { readonly hooks: RolloutHooks; readonly reporter: Reporter },
): Promise<TargetEnd> {
  if (hooks.after.length === 0) return end;
  if (end.outcome === 'failed' && hooks.afterFailure === 'keep-out') {
    return { ...end, sentence: `${end.sentence}; it was kept out (after-failure: keep-out)` };
  }
  reporter.phase('after', false);
  const trouble = await runAll(hooks.after, hooks, envOf(target, end.outcome));
  if (trouble === undefined) {
    reporter.phase('after', true);
    return end;
  }
  const outcome = end.outcome === 'held' ? 'held' : 'failed';
  return { ...end, outcome, sentence: `${end.sentence}; after: ${trouble}: put it back by hand` };
}

function held(sentence: string): TargetEnd {
  return { outcome: 'held', sentence, json: {} };
}

/** One after the other; @returns why the first that failed did */
export async function runAll(
  commands: readonly (readonly string[])[],
  { limit }: Pick<RolloutHooks, 'limit'>,
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  for (const argv of commands) {
    const end = await runHook({ argv, env, limit });
    if (!end.isOk) return sayText(`${argv[0] ?? ''} ${whyHookFailed(end)}`);
  }
  return undefined;
}

function envOf(
  { host, name }: RolloutTarget,
  outcome: TargetEnd['outcome'] | undefined,
): Readonly<Record<string, string>> {
  const of = outcome === undefined ? {} : { HOLDFAST_OUTCOME: outcome };
  return { HOLDFAST_HOST: host, HOLDFAST_TARGET: name, ...of };
}
