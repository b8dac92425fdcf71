/** `holdfast sync` with several targets: options, configuration, and words to one that runs. */
import { type Command, InvalidArgumentError } from 'commander';
import { durationMs, minutes } from '../../../base/units.ts';
import { layoutSentence } from '../../../base/say-rows.ts';
import type { Answer, Cli } from '../../cli/cli.ts';
import { EXIT } from '../../cli/exit-code.ts';
import type { Settings } from '../../cli/settings.ts';
import { RolloutFiles } from './rollout-files.ts';
import { runRollout } from './rollout-run.ts';
import type { RolloutHooks, RolloutTarget } from './rollout-target.ts';
import { rolloutCode, rolloutJson, rolloutWords } from './rollout-words.ts';

export interface RolloutOptions {
  readonly canary?: number;
  readonly batch?: number;
  readonly atOnce?: number;
  readonly maxFailures?: number;
  /** True: the one that runs. */
  readonly pause?: string | true;
  readonly resume?: string | true;
  readonly stop?: string | true;
}

const CANARY = 1;
const BATCH = 5;
const FAILURES_MAX = 0;
const HOOK_LIMIT = minutes(10);

/** For `sync`; its arguments are optional then: `holdfast sync --pause` has none. */
export function rolloutOptions(command: Command): Command {
  return command
    .option('--canary <n>', 'of several targets: so many first, all must be well (1)', countFrom(0))
    .option(
      '--batch <n>',
      'then so many at a time, with a check of health between (5)',
      countFrom(1),
    )
    .option('--at-once <n>', 'of a batch, so many at once (all of it)', countFrom(1))
    .option('--max-failures <n>', 'one more ends it (0)', countFrom(0))
    .option('--pause [rollout]', 'begin nothing new in one that runs')
    .option('--resume [rollout]', 'go on with it')
    .option('--stop [rollout]', 'let what was begun end, and begin nothing more');
}

function countFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[0-9]{1,6}$/.test(text) && value >= least) return value;
    throw new InvalidArgumentError(`a whole number from ${least}.`);
  };
}

/** What is said to one that runs; undefined where nothing of the kind was asked for. */
export function wordToRollout(settings: Settings, options: RolloutOptions): Answer | undefined {
  const said = (['pause', 'resume', 'stop'] as const).find((word) => options[word] !== undefined);
  if (said === undefined) return undefined;
  const given = options[said];
  const id = new RolloutFiles(settings.state.value).say(given === true ? undefined : given, said);
  const words = {
    pause: `${id} begins nothing new. Go on: holdfast sync --resume ${id}`,
    resume: `${id} goes on.`,
    stop: `${id} ends: what was begun is let end, the rest stays as it was.`,
  };
  return {
    code: EXIT.done,
    say: (style) => layoutSentence(style, { mark: { is: 'ok' }, text: words[said] }),
    json: { rollout: id, said },
  };
}

/** All targets, with what the configuration says of hooks and limits. */
export async function rolloutSync(
  cli: Cli,
  of: {
    readonly settings: Settings;
    readonly options: RolloutOptions;
    readonly targets: readonly RolloutTarget[];
  },
): Promise<Answer> {
  const { settings, options, targets } = of;
  const config = settings.config.guard?.rollout ?? {};
  const batch = options.batch ?? config.batch ?? BATCH;
  const canary = Math.min(options.canary ?? config.canary ?? CANARY, targets.length);
  const hooks: RolloutHooks = {
    before: config.before ?? [],
    after: config.after ?? [],
    health: config.health ?? [],
    limit: config['hook-limit'] === undefined ? HOOK_LIMIT : durationMs(config['hook-limit']),
    afterFailure: config['after-failure'] ?? 'run',
  };
  const report = await runRollout(cli, {
    plan: {
      canary,
      batch,
      atOnceMax: options.atOnce ?? config['at-once'] ?? Math.max(batch, canary),
      failuresMax: options.maxFailures ?? config['max-failures'] ?? FAILURES_MAX,
    },
    hooks,
    state: settings.state.value,
    targets,
  });
  return {
    code: rolloutCode(report),
    say: (style) => rolloutWords(report, style),
    json: rolloutJson(report),
  };
}
