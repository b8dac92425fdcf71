/** Which channels hear of an alert: whose it is, how bad it is, at what hour, and after how long. */
import type { UnixMs } from '../../base/units.ts';
import type { Alert } from './alert.ts';
import { markRank } from './mark-rank.ts';
import type { ChannelPolicy, TellPolicy } from './tell-policy.ts';

/** As a subject, so that what fails to tell is itself told of. */
export function channelSubject(channel: string): string {
  return `channel:${channel}`;
}

/** Channels that were told that it began, and so hear how it goes on and ends. */
export function hearersOf(
  { subject, told }: Alert,
  { channels }: Pick<TellPolicy, 'channels'>,
): readonly ChannelPolicy[] {
  const known = told.channels;
  if (known !== undefined) return channels.filter(({ name }) => known.includes(name));
  return channels.filter(
    ({ name, from }) => subject !== channelSubject(name) && markRank(told.worst) >= markRank(from),
  );
}

/** Channels that were not told of it yet, and are to be told now. */
export function newHearers(
  alert: Alert,
  { channels }: Pick<TellPolicy, 'channels'>,
  now: UnixMs,
): readonly ChannelPolicy[] {
  const { subject, told, state, openedAt } = alert;
  const known = new Set(hearersOf(alert, { channels }).map(({ name }) => name));
  // Whose it is and who cannot be told, since that is what fails, leaves it nobody's.
  const isRouted = channels.some(
    (each) =>
      each.afterMs === undefined && subject !== channelSubject(each.name) && isAbout(each, alert),
  );
  return channels.filter((channel) => {
    const { name, from, afterMs, isQuiet } = channel;
    // Nobody is told by a channel that it does not work.
    if (known.has(name) || subject === channelSubject(name)) return false;
    if (markRank(told.worst) < markRank(from)) return false;
    // What is nobody's is everybody's.
    if (isRouted && !isAbout(channel, alert)) return false;
    if (afterMs !== undefined && (state !== 'open' || now < openedAt + afterMs)) return false;
    return told.worst === 'failed' || isQuiet?.(now) !== true;
  });
}

/** A thing, or what rests on it, is of a host that this channel is for. */
function isAbout({ hosts }: ChannelPolicy, { subject, consequences }: Alert): boolean {
  if (hosts === undefined) return true;
  return [subject, ...consequences].some((name) => {
    const host = /^host:([^/]*)/.exec(name)?.[1];
    return host !== undefined && hosts.some((pattern) => isLike(host, pattern));
  });
}

/** `web*` is each that begins so. */
function isLike(host: string, pattern: string): boolean {
  return pattern.endsWith('*') ? host.startsWith(pattern.slice(0, -1)) : host === pattern;
}
