/** From `guard:` in holdfast.yaml to what the rules go by. */
import type { Excludes } from '../../host/excludes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Op } from '../../base/plan.ts';
import { type DurationMs, days, durationMs, type UnixMs } from '../../base/units.ts';
import { gitignoreExcludes } from '../../adapters/excludes/gitignore.ts';
import { DEFAULT_POLICY, type GuardPolicy } from '../../guard/core/guard-policy.ts';
import type { OwnRule } from '../../guard/core/own-rules.ts';
import {
  CHOSEN_RULES,
  type GuardConfig,
  type LimitsConfig,
  type ModesConfig,
} from '../../wire/guard-config.ts';

const KEEP = days(14);
/** Made anew by whoever needs it. */
const CACHES: readonly string[] = ['__pycache__/', '.cache/', 'CACHEDIR.TAG'];

/** What a run of this pipeline is judged by: what is said of it, then of all, then our habit. */
export function policyFor(
  config: GuardConfig,
  own: readonly OwnRule[],
  run: { readonly pipeline: string; readonly now: UnixMs },
): GuardPolicy {
  const counts = ({
    match,
    until,
  }: {
    readonly match: string;
    readonly until?: number | undefined;
  }) => isMatch(match, run.pipeline) && run.now < (until ?? Number.POSITIVE_INFINITY);
  const said = [config, ...(config.pipelines ?? []).filter(counts)];
  let policy: GuardPolicy = { ...DEFAULT_POLICY, approvals: approvalsOf(config), own };
  for (const each of said) {
    policy = {
      ...policy,
      modes: modesOf(policy.modes, each),
      ...limitsOf(policy, each.limits ?? {}),
    };
  }
  return policy;
}

/** `*` stands for anything, slashes too: names of pipelines are no paths. */
export function isMatch(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return name === pattern;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - at >= last.length && name.endsWith(last);
}

function modesOf(
  before: GuardPolicy['modes'],
  said: { readonly mode?: GuardConfig['mode']; readonly modes?: ModesConfig | undefined },
): GuardPolicy['modes'] {
  const entries = CHOSEN_RULES.map(
    (rule) => [rule, said.modes?.[rule] ?? said.mode ?? before[rule]] as const,
  );
  return Object.fromEntries(entries) as GuardPolicy['modes'];
}

function limitsOf(
  { limits, shrink }: GuardPolicy,
  said: LimitsConfig,
): Pick<GuardPolicy, 'limits' | 'shrink'> {
  return {
    limits: {
      deletesMin: said.deletes ?? limits.deletesMin,
      historyFactor: said['history-factor'] ?? limits.historyFactor,
      shareFree: said['at-once-share'] ?? limits.shareFree,
      // Whoever names a limit means it: nothing goes beyond it for being a small part.
      deletesFreeMax: said['at-once'] ?? said.deletes ?? limits.deletesFreeMax,
      share: said.share ?? limits.share,
      shareMin: said['share-from'] ?? limits.shareMin,
      remainMin: said.remain ?? limits.remainMin,
    },
    shrink: {
      ...shrink,
      keepsMin: said.shrink === undefined ? shrink.keepsMin : 1 - said.shrink,
    },
  };
}

function approvalsOf({ approvals }: GuardConfig): GuardPolicy['approvals'] {
  const habit = DEFAULT_POLICY.approvals;
  const coolOff = approvals?.['cool-off'];
  return {
    persons: approvals?.persons ?? habit.persons,
    coolOffMs: coolOff === 'never' ? undefined : (coolOff ?? habit.coolOffMs),
  };
}

/** How long what was taken away can be put back. */
export function keepOf({ keep }: GuardConfig): DurationMs {
  return keep === undefined ? KEEP : durationMs(keep);
}

export type ClassOf = (path: Op['path'], isDir: boolean) => Op['cls'];

/** What kind of thing lies at a path below the target. */
export function classesOf({ classes }: GuardConfig): ClassOf {
  const rules = [
    ['identity', within(classes?.identity ?? [])],
    ['config', within(classes?.config ?? [])],
    ['cache', within(classes?.cache ?? CACHES)],
  ] as const;
  return (path, isDir) => {
    if (path === '') return 'data';
    const rule = rules.find(([, isWithin]) => isWithin(path, isDir));
    return rule?.[0] ?? 'data';
  };
}

/** What lies below a directory is of its class. Paths come sorted: many in turn lie in one. */
function within(written: readonly string[]): (path: Op['path'], isDir: boolean) => boolean {
  const paths = gitignoreExcludes(written);
  let last = '';
  let isInLast = false;
  return (path, isDir) => {
    if (paths.ruleFor(path, isDir) !== undefined) return true;
    const above = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (above !== last) {
      last = above;
      isInLast = isInOrBelow(paths, above);
    }
    return isInLast;
  };
}

function isInOrBelow({ ruleFor }: Excludes, dir: string): boolean {
  for (let end = dir.length; end > 0; end = dir.lastIndexOf('/', end - 1)) {
    if (ruleFor(byteString(dir.slice(0, end)), true) !== undefined) return true;
  }
  return false;
}
