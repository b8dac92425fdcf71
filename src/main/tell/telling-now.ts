/** Whether what is said reaches people, in one mark and a sentence. */
import { countOf } from '../../base/say-quantity.ts';
import type { AlertMark, Subject } from '../../tell/core/alert.ts';
import type { ReaderNow } from '../../tell/core/confirmations.ts';
import { channelSubject } from '../../tell/core/hearers.ts';
import { markRank } from '../../tell/core/mark-rank.ts';
import { sayThing } from '../../tell/core/say-thing.ts';

export interface TellingNow {
  readonly mark: AlertMark;
  readonly why: string;
  readonly openAlerts: number;
  readonly readers: readonly ReaderNow[];
}

/** The worst of what tells, and of those who read; by none nobody is told. */
export function tellingNow(
  names: readonly string[],
  channels: readonly Subject[],
  readers: readonly ReaderNow[],
): Omit<TellingNow, 'openAlerts'> {
  if (names.length === 0) {
    const why = 'Nobody is told of anything: no channel stands below `tell:` in holdfast.yaml.';
    return { mark: 'unknown', why, readers };
  }
  const ofReaders = readers.map(({ mark, why }) => ({ mark, why: `${why}.` }));
  const ofChannels = channels.map(({ subject, mark, why }) => {
    return { mark, why: `${sayThing(subject)}: ${why}.` };
  });
  // What never sent anything, and nobody reads as far as it is known, is proven by nothing.
  const unproven = names
    .filter((name) => !channels.some(({ subject }) => subject === channelSubject(name)))
    .filter((name) => !readers.some(({ channel }) => channel === name))
    .map((name) => ({ mark: 'unknown' as const, why: `${name} has sent nothing yet.` }));
  const ok = {
    mark: 'ok' as const,
    why: `${countOf(names.length, 'channel')} took what was sent.`,
  };
  const worst = [...ofChannels, ...ofReaders, ...unproven].reduce<{
    readonly mark: AlertMark;
    readonly why: string;
  }>((one, each) => (markRank(each.mark) > markRank(one.mark) ? each : one), ok);
  return { ...worst, readers };
}
