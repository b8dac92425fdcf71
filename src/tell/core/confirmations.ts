/** The weekly test message, and what its confirmation proves: that a person reads a channel. */
import { formatInstant } from '../../base/say-time.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { AlertMark, Confirmation, OutboxRow, Subject, TellChange } from './alert.ts';
import { channelSubject } from './hearers.ts';
import { messageJson, testMessage } from './message.ts';
import type { ChannelPolicy } from './tell-policy.ts';

export interface TestsInput {
  readonly channels: readonly ChannelPolicy[];
  readonly confirmations: readonly Confirmation[];
  readonly now: UnixMs;
  readonly newId: () => string;
}

/** The test messages whose time has come. */
export function planTests(input: TestsInput): readonly TellChange[] {
  return input.channels.flatMap((channel) => {
    const { testEveryMs } = channel;
    if (testEveryMs === undefined) return [];
    const last = confirmationOf(input.confirmations, channel);
    const ageMs = last === undefined ? testEveryMs : input.now - last.testedAt;
    // A test dated ahead of the clock is not waited for.
    if (ageMs >= 0 && ageMs < testEveryMs) return [];
    return testOf(channel, input);
  });
}

/** A test message now, whatever was sent before. */
export function testOf(
  channel: ChannelPolicy,
  { confirmations, now, newId }: Omit<TestsInput, 'channels'>,
): readonly TellChange[] {
  const last = confirmationOf(confirmations, channel);
  const { name, person } = channel;
  const isOpen = last !== undefined && last.askedAt > (last.confirmedAt ?? -1);
  const body = testMessage({ subject: channelSubject(name), channel: name, person, now });
  const row: OutboxRow = {
    id: newId(),
    channel: name,
    what: 'test',
    body: messageJson(body),
    createdAt: now,
    dueAt: now,
    attempts: 0,
    state: 'waiting',
  };
  const confirmation: Confirmation = {
    channel: name,
    person,
    askedAt: isOpen ? last.askedAt : now,
    confirmedAt: last?.confirmedAt,
    testedAt: now,
  };
  return [
    { do: 'outbox', row },
    { do: 'confirmation', confirmation },
  ];
}

/** A person says that a test came, by a link that nobody else could have made. */
export function confirm(
  confirmations: readonly Confirmation[],
  by: { readonly channel: string; readonly person: string; readonly now: UnixMs },
): readonly TellChange[] {
  const { channel, person, now } = by;
  const last = confirmationOf(confirmations, { name: channel, person });
  // It was sent by hand, `holdfast message test`: then nothing is kept of it but this.
  const asked = last ?? { channel, person, askedAt: now, testedAt: now };
  return [{ do: 'confirmation', confirmation: { ...asked, confirmedAt: now } }];
}

/** How it stands with each channel that is tested: to be handed to `decide` with the rest. */
export function confirmationSubjects(
  channels: readonly ChannelPolicy[],
  confirmations: readonly Confirmation[],
  now: UnixMs,
): readonly Subject[] {
  return channels.flatMap((channel) => {
    const last = confirmationOf(confirmations, channel);
    if (channel.testEveryMs === undefined || last === undefined) return [];
    const { confirmedAt, askedAt } = last;
    // The first test of a channel has as long to be confirmed as a confirmation counts.
    const isFirst = confirmedAt === undefined && askedAt <= now;
    if (isFirst && now < askedAt + channel.confirmWithinMs) return [];
    return [subjectOf(channel, last, now)];
  });
}

export interface ReaderNow {
  readonly channel: string;
  readonly person: string;
  readonly mark: AlertMark;
  readonly why: string;
  readonly confirmedAt: UnixMs | undefined;
}

/** Of each channel that is tested, what is proven now: before the first answer nothing is. */
export function readersNow(
  channels: readonly ChannelPolicy[],
  confirmations: readonly Confirmation[],
  now: UnixMs,
): readonly ReaderNow[] {
  return channels.flatMap((channel) => {
    if (channel.testEveryMs === undefined) return [];
    const { name, person } = channel;
    const last = confirmationOf(confirmations, channel);
    const none = {
      mark: 'unknown' as const,
      why: 'nobody was asked to confirm a test message yet',
    };
    const { mark, why } = last === undefined ? none : subjectOf(channel, last, now);
    return [{ channel: name, person, mark, why, confirmedAt: last?.confirmedAt }];
  });
}

function subjectOf(channel: ChannelPolicy, last: Confirmation, now: UnixMs): Subject {
  const { confirmedAt, askedAt } = last;
  const { confirmWithinMs, name, person } = channel;
  const subject = `reader:${person} by ${name}`;
  const rest = { subject, restsOn: [channelSubject(name)] };
  if (confirmedAt !== undefined && confirmedAt <= now && now - confirmedAt < confirmWithinMs) {
    const why = `${person} confirmed a test message at ${formatInstant(confirmedAt, now)}`;
    return { ...rest, mark: 'ok', why, since: confirmedAt };
  }
  const since = unixMs((confirmedAt ?? askedAt) + confirmWithinMs);
  const newest = confirmedAt === undefined ? 'none' : formatInstant(confirmedAt, now);
  const why = `nobody confirmed a test message in time (the last: ${newest}), so whether ${person} reads it is not known`;
  return { ...rest, mark: 'unknown', why, since: since <= now ? since : now };
}

function confirmationOf(
  confirmations: readonly Confirmation[],
  { name, person }: { readonly name: string; readonly person: string },
): Confirmation | undefined {
  return confirmations.find((each) => each.channel === name && each.person === person);
}
