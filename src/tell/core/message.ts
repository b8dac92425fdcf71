/** What is said to a person, before a channel makes its own text of it: docs/format/message.md. */
import { canonicalJson } from '../../base/canonical-json.ts';
import { sayMessage } from '../../base/say-name.ts';
import { countOf, formatCount } from '../../base/say-quantity.ts';
import { formatDuration, formatInstant } from '../../base/say-time.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Alert, AlertMark, Subject } from './alert.ts';
import { sayThing } from './say-thing.ts';
import type { TellPolicy } from './tell-policy.ts';

export interface Message {
  readonly format: 'holdfast-message-0';
  readonly what: 'opened' | 'changed' | 'closed' | 'reminder' | 'test';
  /** Of a test: the subject is the channel. */
  readonly alert?: string | undefined;
  readonly subject: string;
  readonly mark: AlertMark;
  /** The first line; it says what, where, since when and how much follows. */
  readonly sentence: string;
  readonly since: UnixMs;
  readonly at: UnixMs;
  readonly evidence: readonly { readonly text: string; readonly seenAt: UnixMs }[];
  readonly consequences: readonly string[];
  /** Of all consequences; not all are listed. */
  readonly consequenceCount: number;
  readonly acknowledgedBy?: string | undefined;
  /** Of a test: who is asked to confirm it. */
  readonly person?: string | undefined;
}

export const SENTENCE_MAX = 700;
export const MESSAGE_LINES_MAX = 20;
const LINE_MAX = 300;

export interface MessageOf {
  readonly alert: Alert;
  readonly subject: Subject;
  /** Of the consequences that are known. */
  readonly marks: readonly AlertMark[];
  readonly what: Message['what'];
  /** Of a change: what people were told before. */
  readonly was?: AlertMark;
  /** What has failed since the last message. */
  readonly more?: readonly string[];
  /** Of its consequences those that failed. */
  readonly failed?: readonly string[];
  /** Of an end: how much that rested on it is not known to be well yet. */
  readonly left?: number;
  /** Another thing than people were told of, below the same name. */
  readonly isNewCause?: boolean;
  readonly now: UnixMs;
  readonly policy: TellPolicy;
}

export function alertMessage(of: MessageOf): Message {
  const { alert, subject, what, now } = of;
  const isOver = what === 'closed';
  const consequences = isOver ? [] : worstFirst(alert.consequences, of.failed ?? []);
  return {
    format: 'holdfast-message-0',
    what,
    alert: alert.id,
    subject: alert.subject.toWellFormed(),
    mark: alert.mark,
    sentence: sayUpTo(`${asSentence(sentenceOf(of))}${isOver ? '' : flappingOf(of)}`, SENTENCE_MAX),
    since: isOver ? subject.since : alert.since,
    at: now,
    evidence: (subject.evidence ?? []).slice(0, MESSAGE_LINES_MAX).map(({ text, seenAt }) => ({
      text: sayUpTo(text, LINE_MAX),
      seenAt,
    })),
    consequences: consequences.slice(0, MESSAGE_LINES_MAX).map((name) => sayUpTo(name, LINE_MAX)),
    consequenceCount: consequences.length,
    ...(alert.acknowledgedBy !== undefined && { acknowledgedBy: alert.acknowledgedBy }),
  };
}

/** Of an alert that ends though nothing was seen to be well. */
export function unwatchedMessage(alert: Alert, why: string, now: UnixMs): Message {
  const name = sayThing(alert.subject);
  const was = `it was ${WAS[alert.mark]} when it was looked at last, and how it is now is not known here`;
  const sentence = `${name} is no longer watched from here: ${inSentence(withoutEnd(sayMessage(why)))}; ${was}.`;
  return {
    format: 'holdfast-message-0',
    what: 'closed',
    alert: alert.id,
    subject: alert.subject.toWellFormed(),
    mark: alert.mark,
    sentence: sayUpTo(asSentence(sentence), SENTENCE_MAX),
    ...{ since: alert.since, at: now, evidence: [], consequences: [], consequenceCount: 0 },
  };
}

export function testMessage(of: {
  readonly subject: string;
  readonly channel: string;
  readonly person: string;
  readonly now: UnixMs;
}): Message {
  const { subject, channel, person, now } = of;
  return {
    format: 'holdfast-message-0',
    what: 'test',
    subject,
    mark: 'ok',
    sentence: `This is a test: nothing has failed. ${sayMessage(person)}, please confirm that you read what Holdfast says by ${sayMessage(channel)}.`,
    since: now,
    at: now,
    evidence: [],
    consequences: [],
    consequenceCount: 0,
    person,
  };
}

export function messageJson(message: Message): string {
  const { evidence, ...rest } = message;
  return canonicalJson({ ...rest, evidence: evidence.map((each) => ({ ...each })) });
}

const IS: Readonly<Record<AlertMark, string>> = {
  ok: 'is ok',
  degraded: 'works in part',
  unknown: 'is unknown',
  failed: 'has failed',
};
const WAS: Readonly<Record<AlertMark, string>> = {
  ok: 'ok',
  degraded: 'working in part',
  unknown: 'unknown',
  failed: 'failed',
};

function sentenceOf(of: MessageOf): string {
  const { alert, subject, marks, what, was, more = [], now } = of;
  const name = sayThing(alert.subject);
  const { mark } = alert;
  const why = inSentence(withoutEnd(sayMessage(subject.why)));
  const since = formatInstant(alert.since, now);
  const follows = followingOf(alert, marks);
  if (what === 'closed') {
    const lastedMs = Math.max(0, now - alert.since);
    const left = of.left === undefined || of.left === 0 ? '' : leftOf(of.left);
    return `${name} is ok again, seen at ${formatInstant(now, now)} after ${formatDuration(lastedMs)}: ${why}.${left}`;
  }
  if (what === 'reminder') {
    return `${name} ${still(mark)} since ${since}, and nobody has said that they look after it: ${why}.${follows}`;
  }
  if (more.length > 0) {
    const names = more.slice(0, 3).map(sayThing).join(', ');
    const rest = more.length > 3 ? ` and ${formatCount(more.length - 3)} more` : '';
    return `${name} ${still(mark)} since ${since}, and now with it ${names}${rest}: ${why}.${follows}`;
  }
  if (of.isNewCause === true) {
    return `${name} ${still(mark)} since ${since}, and now by something else: ${why}.${follows}`;
  }
  const at = formatInstant(what === 'changed' ? subject.since : alert.since, now);
  const told = was === undefined ? '' : `, ${WAS[was]} before`;
  return `${name} ${mark === 'failed' ? 'failed at' : `${IS[mark]} since`} ${at}${told}: ${why}.${follows}`;
}

function still(mark: AlertMark): string {
  return mark === 'failed' ? 'is failed still,' : `${IS[mark]} still,`;
}

function followingOf({ consequences }: Alert, marks: readonly AlertMark[]): string {
  if (consequences.length === 0) return '';
  const failed = marks.filter((mark) => mark === 'failed').length;
  const degraded = marks.filter((mark) => mark === 'degraded').length;
  const unknown = consequences.length - failed - degraded;
  const parts = [
    failed === 0 ? '' : `${formatCount(failed)} failed`,
    unknown === 0 ? '' : `${formatCount(unknown)} unknown`,
    degraded === 0 ? '' : `${formatCount(degraded)} working in part`,
  ];
  const things = countOf(consequences.length, 'thing rests', 'things rest');
  return ` ${things} on it: ${parts.filter(Boolean).join(', ')}.`;
}

function flappingOf({ alert, policy }: MessageOf): string {
  const { flaps } = alert;
  if (flaps === 0) return '';
  const again = ` It was ok in between ${flaps === 1 ? 'once' : `${formatCount(flaps)} times`}.`;
  if (flaps < policy.flapCount) return again;
  return `${again} You hear again when it has been ok for ${formatDuration(policy.steadyMs)}, or gets worse.`;
}

/** Hosts and what has failed first: not all of it is listed. */
function worstFirst(names: readonly string[], failed: readonly string[]): readonly string[] {
  const rank = (name: string): number =>
    (failed.includes(name) ? 0 : 2) + (name.includes('/') ? 1 : 0);
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function leftOf(count: number): string {
  const things = countOf(count, 'thing that rested on it is', 'things that rested on it are');
  return ` ${things} not known to be well yet.`;
}

/** A sentence of ours within one: names and words of programs stay as they are. */
function inSentence(why: string): string {
  const [, first = ''] = /^(All|It|Its|Nobody|Nothing|Only|Two)\b/.exec(why) ?? [];
  return first.toLowerCase() + why.slice(first.length);
}

function asSentence(text: string): string {
  return text.startsWith('the ') ? `T${text.slice(1)}` : text;
}

function withoutEnd(text: string): string {
  return text.replace(/[.\s]+$/, '');
}

function sayUpTo(text: string, charsMax: number): string {
  const said = sayMessage(text).toWellFormed();
  const chars = [...said];
  return chars.length <= charsMax ? said : `${chars.slice(0, charsMax - 1).join('')}…`;
}
