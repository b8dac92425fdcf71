/** A message as plain text: the sentence, what was seen with its age, what follows, what to do. */
import { sayMessage } from '../../base/say-name.ts';
import { formatAge, formatInstant } from '../../base/say-time.ts';
import { adviceFor } from './advice.ts';
import type { Message } from './message.ts';
import { sayThing } from './say-thing.ts';

export interface TextOptions {
  /** Where the reader says that they look after it. */
  readonly ackLink?: string | undefined;
  /** Where all of it stands. */
  readonly pageLink?: string | undefined;
  /** Where the reader of a test says that it came. */
  readonly confirmLink?: string | undefined;
  /** It may have arrived before. */
  readonly isRepeat: boolean;
}

const REPEAT = 'This may have reached you before: it was not certain that it arrived.';

/** Lines of at most some hundred characters, none of which holds a control character. */
export function messageLines(message: Message, options: TextOptions): readonly string[] {
  const { sentence, acknowledgedBy } = message;
  return [
    sentence,
    ...(options.isRepeat ? ['', REPEAT] : []),
    ...evidenceLines(message),
    ...consequenceLines(message),
    ...(acknowledgedBy === undefined ? [] : ['', `${sayMessage(acknowledgedBy)} looks after it.`]),
    ...adviceLines(message),
    ...linkLines(message, options),
    '',
    `As of ${formatInstant(message.at, message.at)}, ${dayOf(message)}.${alertOf(message)}`,
  ];
}

/** What stands where there is room for a few words only. */
export function messageTitle(message: Message): string {
  const { what, subject, mark, consequenceCount, since, at } = message;
  const name = sayThing(subject);
  const more = consequenceCount === 0 ? '' : `, ${consequenceCount} on it`;
  if (what === 'test') return 'Test: please confirm';
  if (what === 'closed') return mark === 'ok' ? `ok: ${name}` : `no longer watched: ${name}`;
  const still = what === 'reminder' ? 'still ' : '';
  return `${still}${mark}: ${name} since ${formatInstant(since, at)}${more}`;
}

const NOT_KNOWN = 'Nobody knows whether it works: what was seen of it before counts no more.';

function adviceLines({ what, subject, mark, acknowledgedBy }: Message): readonly string[] {
  if (what === 'closed' || what === 'test') return [];
  const advice = acknowledgedBy === undefined ? adviceFor(subject) : undefined;
  const lines = [
    ...(mark === 'unknown' ? [NOT_KNOWN] : []),
    ...(advice === undefined ? [] : [advice]),
  ];
  return lines.length === 0 ? [] : ['', ...lines];
}

function evidenceLines({ evidence, at }: Message): readonly string[] {
  if (evidence.length === 0) return [];
  return [
    '',
    'Seen:',
    ...evidence.map(({ text, seenAt }) => `  ${formatAge(at - seenAt)}: ${text}`),
  ];
}

function consequenceLines({ subject, consequences, consequenceCount }: Message): readonly string[] {
  if (consequenceCount === 0) return [];
  const more = consequenceCount - consequences.length;
  // What is watched on it is one line; who else is hit, one each.
  const own = consequences.filter((name) => name.startsWith(`${subject}/`));
  const others = consequences.filter((name) => !own.includes(name));
  const names = own.map((name) => sayMessage(name.slice(subject.length + 1)));
  return [
    '',
    'What rests on it:',
    ...others.map((name) => `  ${sayThing(name)}`),
    ...(names.length === 0 ? [] : [`  of its own: ${names.join(', ')}`]),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

function linkLines(
  { what }: Message,
  { ackLink, confirmLink, pageLink }: TextOptions,
): readonly string[] {
  if (what === 'test' && confirmLink !== undefined) return ['', 'It reached me:', confirmLink];
  if (what === 'closed' || what === 'test') return [];
  return [
    ...(ackLink === undefined ? [] : ['', 'I look after it:', ackLink]),
    ...(pageLink === undefined ? [] : ['', 'All of it, as it is now:', pageLink]),
  ];
}

/** `Sat 21 Nov`, so that a text that is read later says its day. */
function dayOf({ at }: Message): string {
  const YEAR_MS = 366 * 86_400_000;
  return formatInstant(at, at + YEAR_MS).replace(/, [0-9:]+ UTC$/, '');
}

function alertOf({ alert }: Message): string {
  return alert === undefined ? '' : ` Alert ${alert.slice(0, 8)}.`;
}
