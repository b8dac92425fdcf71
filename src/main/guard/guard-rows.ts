/** What holds below `guard:`, for `holdfast config show`. */
import { formatCount, formatShare } from '../../base/say-quantity.ts';
import { formatDuration } from '../../base/say-time.ts';
import type { UnixMs } from '../../base/units.ts';
import type { GuardConfig } from '../../wire/guard-config.ts';
import { keepOf, policyFor } from './guard-policy.ts';

const HABIT = 'habit';

/** Key, value, and from where; nothing where the file says nothing of it. */
export function guardRows(
  config: GuardConfig | undefined,
  from: string,
  now: UnixMs,
): readonly (readonly [string, string, string])[] {
  if (config === undefined) return [];
  const { modes, limits, shrink, approvals } = policyFor(config, [], { pipeline: '', now });
  const of = (isSaid: boolean): string => (isSaid ? from : HABIT);
  const coolOff =
    approvals.coolOffMs === undefined ? '' : `, or one and ${formatDuration(approvals.coolOffMs)}`;
  const said = config.limits ?? {};
  return [
    ...Object.entries(modes).map(([rule, mode]) => {
      const isSaid = config.mode !== undefined || Object.hasOwn(config.modes ?? {}, rule);
      return [`guard.modes.${rule}`, mode, of(isSaid)] as const;
    }),
    ['guard.limits.deletes', formatCount(limits.deletesMin), of(said.deletes !== undefined)],
    ['guard.limits.share', formatShare(limits.share, 1), of(said.share !== undefined)],
    ['guard.limits.remain', formatCount(limits.remainMin), of(said.remain !== undefined)],
    ['guard.limits.shrink', formatShare(1 - shrink.keepsMin, 1), of(said.shrink !== undefined)],
    [
      'guard.approvals',
      `${formatCount(approvals.persons)} persons${coolOff}`,
      of(config.approvals !== undefined),
    ],
    ['guard.keep', formatDuration(keepOf(config)), of(config.keep !== undefined)],
    ...(config.rules ?? []).map(
      ({ name, hold, deny = '' }) => [`guard.rules.${name}`, hold ?? deny, from] as const,
    ),
    ...(config.pipelines ?? []).map(
      (each) => ['guard.pipelines', `other for ${each.match}`, from] as const,
    ),
    ...Object.entries(config.trees ?? {}).map(
      ([name, { place = '' }]) => [`guard.trees.${name}`, place, from] as const,
    ),
  ];
}
