/** What `tell:` says, as the engine goes by it. */
import { type ChannelPolicy, type TellPolicy, USUAL_TELL } from '../../tell/core/tell-policy.ts';
import type { RateLimit } from '../../tell/core/rate.ts';
import { quietHours } from './quiet-hours.ts';
import type { ChannelConfig, TellConfig } from '../../wire/tell-config.ts';

const DAY_MS = 86_400_000;
const TEST_EVERY_MS = 7 * DAY_MS;

export function tellPolicyOf(config: TellConfig): TellPolicy {
  const { delay = {}, group, remind, channels = {}, url, zone = 'UTC' } = config;
  const { delayMs } = USUAL_TELL;
  return {
    ...USUAL_TELL,
    delayMs: {
      failed: delay.failed ?? delayMs.failed,
      unknown: delay.unknown ?? delayMs.unknown,
      degraded: delay.degraded ?? delayMs.degraded,
    },
    groupMs: group ?? USUAL_TELL.groupMs,
    remindMs: remind === 'never' ? undefined : (remind ?? USUAL_TELL.remindMs),
    channels: Object.entries(channels).map(([name, one]) =>
      channelPolicyOf(name, one, { hasUrl: url !== undefined, zone }),
    ),
  };
}

function channelPolicyOf(
  name: string,
  one: ChannelConfig,
  { hasUrl, zone }: { readonly hasUrl: boolean; readonly zone: string },
): ChannelPolicy {
  const { hosts, after, quiet } = one;
  // A test asks a person to answer: where no link can lead here, or no person reads, none is sent.
  const isRead = one.kind === 'smtp' || one.kind === 'webhook';
  const usual = isRead && hasUrl ? TEST_EVERY_MS : undefined;
  const testEveryMs = one.test === 'never' ? undefined : (one.test ?? usual);
  return {
    name,
    person: one.person ?? name,
    from: one.from ?? 'degraded',
    ...(hosts !== undefined && { hosts }),
    ...(after !== undefined && { afterMs: after }),
    ...(quiet !== undefined && { isQuiet: quietHours(quiet, zone) }),
    testEveryMs,
    confirmWithinMs: one['confirmed-within'] ?? 2 * (testEveryMs ?? TEST_EVERY_MS) + DAY_MS,
  };
}

const UNIT_MS = { s: 1000, min: 60_000, h: 3_600_000 } as const;

/** `30 in 10min` of each channel that says one. */
export function ratesOf({ channels = {} }: TellConfig): ReadonlyMap<string, RateLimit> {
  return new Map(
    Object.entries(channels).flatMap(([name, { rate }]) => {
      const match = /^(\d+) in (\d+) *(s|min|h)$/.exec(rate ?? '');
      if (match === null) return [];
      const unit = match[3] === 'min' || match[3] === 'h' ? match[3] : 's';
      return [[name, { count: Number(match[1]), withinMs: Number(match[2]) * UNIT_MS[unit] }]];
    }),
  );
}
